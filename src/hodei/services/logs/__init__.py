"""CloudWatch Logs."""

from hodei.services.logs import access, billing, groups, resource_policies, streams, tagging
from hodei.services.logs.events import export, filter, put, read, tail
from hodei.services.logs.filters import account_policies, destinations, metric_filters, subscriptions, testing
from hodei.services.logs.insights import definitions, queries, running
from hodei.services.logs.protection import policies

__all__ = [
    "access",
    "account_policies",
    "billing",
    "definitions",
    "destinations",
    "export",
    "filter",
    "groups",
    "metric_filters",
    "policies",
    "put",
    "queries",
    "read",
    "resource_policies",
    "running",
    "streams",
    "subscriptions",
    "tagging",
    "tail",
    "testing",
]
