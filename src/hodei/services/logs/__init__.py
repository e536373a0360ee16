"""CloudWatch Logs."""

from hodei.services.logs import access, groups, resource_policies, streams, tagging
from hodei.services.logs.events import filter, put, read, tail
from hodei.services.logs.filters import account_policies, destinations, metric_filters, subscriptions, testing
from hodei.services.logs.insights import definitions, queries, running

__all__ = [
    "access",
    "account_policies",
    "definitions",
    "destinations",
    "filter",
    "groups",
    "metric_filters",
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
