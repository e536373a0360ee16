"""Amazon CloudWatch: metrics, those of clients and the services' own; alarms on them, on the cloud's clock."""

from hodei.services.cloudwatch import detectors, rules, tagging
from hodei.services.cloudwatch.alarms import composite, definitions, history, operations
from hodei.services.cloudwatch.data import get_data, get_statistics, listing, put

__all__ = [
    "composite",
    "definitions",
    "detectors",
    "get_data",
    "get_statistics",
    "history",
    "listing",
    "operations",
    "put",
    "rules",
    "tagging",
]
