"""CloudWatch Logs: groups of all classes, streams and their events, filters and searches, metric and subscription
filters, embedded metrics, Live Tail, Logs Insights QL, data protection, exports, KMS.

Not here: index policies of accounts, anomaly detectors, deliveries (vended logs), integrations, imports, syslog;
subscriptions to Firehose and OpenSearch; transformers of vended logs and of dates; KMS keys of lookup tables; queries
in SQL and PPL, and of data sources; of Logs Insights QL the commands anomaly, appendcols, cidrlookup, fillmissing,
logcompare, outlier, relevantfields and sessionize.
"""

from hodei.services.logs import access, billing, groups, resource_policies, resuming, streams, tagging, transformers
from hodei.services.logs.events import export, filter, put, read, tail
from hodei.services.logs.filters import account_policies, destinations, metric_filters, subscriptions, testing
from hodei.services.logs.insights import definitions, indexes, lookup_tables, queries, running, scheduled
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
    "indexes",
    "lookup_tables",
    "metric_filters",
    "policies",
    "put",
    "queries",
    "read",
    "resource_policies",
    "resuming",
    "running",
    "scheduled",
    "streams",
    "subscriptions",
    "tagging",
    "tail",
    "testing",
    "transformers",
]
