"""Amazon CloudWatch: metrics, those of clients and the services' own; alarms on them, on the cloud's clock; dashboards.

Not here: metric streams that flow (they need Amazon Data Firehose), alarms on PromQL,
with tags in what they tell; cross-account observability, OpenTelemetry.
"""

from hodei.services.cloudwatch import (
    access,
    billing,
    detectors,
    insight_reports,
    insight_rules,
    rules,
    streams,
    tagging,
)
from hodei.services.cloudwatch.alarms import composite, contributors, definitions, history, muting, operations
from hodei.services.cloudwatch.dashboards import images
from hodei.services.cloudwatch.dashboards import operations as dashboards
from hodei.services.cloudwatch.data import get_data, get_statistics, listing, put

__all__ = [
    "access",
    "billing",
    "composite",
    "contributors",
    "dashboards",
    "definitions",
    "detectors",
    "get_data",
    "get_statistics",
    "history",
    "images",
    "insight_reports",
    "insight_rules",
    "listing",
    "muting",
    "operations",
    "put",
    "rules",
    "streams",
    "tagging",
]
