"""CloudWatch Logs."""

from hodei.services.logs import access, groups, resource_policies, streams, tagging
from hodei.services.logs.events import filter, put, read, tail
from hodei.services.logs.filters import account_policies, destinations, metric_filters, subscriptions, testing

__all__ = [
    "access",
    "account_policies",
    "destinations",
    "filter",
    "groups",
    "metric_filters",
    "put",
    "read",
    "resource_policies",
    "streams",
    "subscriptions",
    "tagging",
    "tail",
    "testing",
]
