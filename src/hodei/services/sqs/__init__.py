"""SQS: standard and FIFO queues with all operations of the API, in the json and the query protocol.

Not yet real: in fair queues (MessageGroupId on a standard queue) a noisy group does not yet stand back.
"""

from hodei.services.sqs import (
    attributes,
    data_plane,
    dead_letters,
    messages,
    move_tasks,
    permissions,
    queues,
    requests,
    targets,
)
from hodei.services.sqs.receiving import receive

__all__ = [
    "attributes",
    "data_plane",
    "dead_letters",
    "messages",
    "move_tasks",
    "permissions",
    "queues",
    "receive",
    "requests",
    "targets",
]
