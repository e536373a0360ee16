"""AWS CloudTrail: what the kernel's ledger has recorded of every call, as AWS words it: the event history, and trails
that deliver log files and signed digests to S3.

Not here: event data stores, queries, channels and dashboards (Lake); events of Insights and of network activity;
notifications by SNS and CloudWatch Logs, for there are no topics and no log groups.
"""

from hodei.services.cloudtrail import access, delegation, lookup, tagging
from hodei.services.cloudtrail.delivery import deliver, signing
from hodei.services.cloudtrail.trails import event_selectors, logging, trails

__all__ = ["access", "delegation", "deliver", "event_selectors", "logging", "lookup", "signing", "tagging", "trails"]
