"""Kinesis Data Streams: provisioned and on-demand streams, resharding, all ways to read, encryption, policies.

Where it stops: channels (delivery of streams to S3) are not there, and no metric tells of latencies.
"""

from hodei.services.kinesis import (
    access,
    billing,
    changing,
    encryption,
    policies,
    scaling,
    settings,
    streams,
    tagging,
    targets,
)
from hodei.services.kinesis.consumers import registering, subscribing
from hodei.services.kinesis.records import getting, iterators, putting, trimming
from hodei.services.kinesis.shards import listing, resharding

__all__ = [
    "access",
    "billing",
    "changing",
    "encryption",
    "getting",
    "iterators",
    "listing",
    "policies",
    "putting",
    "registering",
    "resharding",
    "scaling",
    "settings",
    "streams",
    "subscribing",
    "tagging",
    "targets",
    "trimming",
]
