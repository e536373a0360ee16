"""Lambda: functions with their versions, aliases, layers, policies, concurrency, URLs, event source mappings; they run
as processes of this machine.

Not there, and refused: managed instances, VPCs, file systems, tenants, policies of runtimes that customers manage,
sources that have no engine here (Kafka, MQ, DocumentDB).
"""

from hodei.services.lambda_ import access
from hodei.services.lambda_.aliases import aliases
from hodei.services.lambda_.concurrency import account, billing, provisioned, reserved
from hodei.services.lambda_.durable import registering as durable
from hodei.services.lambda_.events import configs as event_configs
from hodei.services.lambda_.functions import creation, deletion, publishing, reading, updates
from hodei.services.lambda_.invoking import asynchronous, invoke, streaming
from hodei.services.lambda_.layers import policies
from hodei.services.lambda_.layers import publishing as layers
from hodei.services.lambda_.mappings import mappings
from hodei.services.lambda_.permissions import documents, permissions
from hodei.services.lambda_.polling import pollers
from hodei.services.lambda_.settings import code_signing, recursion, runtime_management, tagging
from hodei.services.lambda_.urls import configs as urls
from hodei.services.lambda_.urls import endpoint

__all__ = [
    "access",
    "account",
    "aliases",
    "asynchronous",
    "billing",
    "code_signing",
    "creation",
    "deletion",
    "documents",
    "durable",
    "endpoint",
    "event_configs",
    "invoke",
    "layers",
    "mappings",
    "permissions",
    "policies",
    "pollers",
    "provisioned",
    "publishing",
    "reading",
    "recursion",
    "reserved",
    "runtime_management",
    "streaming",
    "tagging",
    "updates",
    "urls",
]
