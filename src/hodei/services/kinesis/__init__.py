"""Kinesis Data Streams: provisioned and on-demand streams, resharding, all ways to read, encryption, policies, and
channels to buckets.

Where it stops: nothing is delivered to S3 Tables, and no metric tells of latencies.
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
from hodei.services.kinesis.channels import delivering, managing
from hodei.services.kinesis.consumers import registering, subscribing
from hodei.services.kinesis.records import getting, iterators, putting, trimming
from hodei.services.kinesis.shards import listing, resharding

__all__ = [
    "access",
    "billing",
    "changing",
    "delivering",
    "encryption",
    "getting",
    "iterators",
    "listing",
    "managing",
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
