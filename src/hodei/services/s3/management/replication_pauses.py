"""Replication that is held up for a while, as AWS FIS asks for it: what comes meanwhile waits, and goes on afterwards.

https://docs.aws.amazon.com/fis/latest/userguide/fis-actions-reference.html#s3-actions-reference-fis
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.iam.authorise import check
from hodei.kernel.iam.needs import Need
from hodei.kernel.tables import Record
from hodei.services.s3 import errors, state
from hodei.services.s3.access import owners
from hodei.services.s3.buckets import buckets, configurations
from hodei.services.s3.filters import filter_of
from hodei.services.s3.management.replication_rules import KIND, Rule
from hodei.services.s3.service import s3
from hodei.services.s3.state import Bucket, Object

OF_CONFIGURATION = ("GetReplicationConfiguration", "PutReplicationConfiguration")


class Pause(Record):
    """Of the rules of a bucket to buckets of a region: those to `destinations`, with `prefixes`; empty: all of them."""

    bucket: str
    by: str  # who has asked for it
    region: str
    destinations: tuple[str, ...]
    prefixes: tuple[str, ...]
    until: float


class Held(Record):
    """A version that waits to be replicated."""

    bucket: str
    key: str
    version_id: str


pauses = s3.table("replication_pauses", Pause, key=("bucket", "by"))
held = s3.table("replication_held", Held, key=("bucket", "key", "version_id"))


def begin(ctx: Context, pause: Pause) -> None:
    """For a caller that may. Raises: NoSuchBucket, ReplicationConfigurationNotFoundError, AccessDenied."""
    bucket = buckets.bucket_of(ctx, pause.bucket)
    home, owned = buckets.home(ctx, bucket), owners.of_bucket(ctx, bucket, {})
    asked = {"Bucket": bucket.name, "IsReplicationPauseRequest": True, "DestinationRegion": pause.region}
    needs = [Need(f"s3:{action}", buckets.arn(bucket), asked, owned) for action in OF_CONFIGURATION]
    needs.append(Need("s3:PauseReplication", buckets.arn(bucket), asked, owned))
    check(ctx, [*needs, Need("s3:ListAllMyBuckets", "*")], asked)
    if configurations.find(home, bucket, KIND) is None:
        raise errors.ReplicationConfigurationNotFoundError(BucketName=bucket.name)
    pauses.put(home, pause)
    home.timers.set(home, "end_replication_pause", pause.until, pause.bucket, pause.by)


def end(ctx: Context, name: str, by: str) -> None:
    """Nothing to end is no error: the bucket may be gone."""
    if bucket := state.buckets.get(ctx, name):
        home = buckets.home(ctx, bucket)
        home.timers.cancel(home, "end_replication_pause", name, by)
        resume(home, name, by)


@s3.timer("end_replication_pause")
def resume(home: Context, name: str, by: str) -> None:
    """All that waits is tried again; what another pause is for waits on."""
    pauses.delete(home, name, by)
    for one in held.scan(home, name):
        home.timers.set(home, "replicate", home.now, one.bucket, one.key, one.version_id)
    held.delete_all(home, name)


def hold(home: Context, obj: Object) -> None:
    held.put(home, Held(bucket=obj.bucket, key=obj.key, version_id=obj.version_id))


def paused(home: Context, bucket: Bucket, rules: Mapping[str, Rule]) -> set[str]:
    """Of the rules for an object, by destination bucket, those that are held up."""
    found = list(pauses.scan(home, bucket.name))
    return {name for name, rule in rules.items() if any(_holds(home, pause, name, rule) for pause in found)}


def _holds(home: Context, pause: Pause, name: str, rule: Rule) -> bool:
    target = state.buckets.get(home, name)
    return (
        (target is None or target.region == pause.region)
        and (not pause.destinations or name in pause.destinations)
        and (not pause.prefixes or filter_of(rule).prefix in pause.prefixes)
    )


@s3.condition_key("s3:isReplicationPauseRequest")
def is_pause_request(ctx: Context, params: Mapping[str, Any]) -> bool | None:
    return params.get("IsReplicationPauseRequest")


@s3.condition_key("s3:destinationRegion")
def destination_region(ctx: Context, params: Mapping[str, Any]) -> str | None:
    return params.get("DestinationRegion")
