"""Replication that is held up for a while, as AWS FIS asks for it: what comes meanwhile waits, and goes on afterwards.

https://docs.aws.amazon.com/fis/latest/userguide/fis-actions-reference.html#s3-actions-reference-fis
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

ACTIONS = ("GetReplicationConfiguration", "PutReplicationConfiguration", "PauseReplication")
ENDS = "end_replication_pause"


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


def pause_replication(
    ctx: Context,
    bucket: str,
    by: str,
    *,
    region: str,
    destinations: Sequence[str] = (),
    prefixes: Sequence[str] = (),
    until: float,
) -> None:
    """Hold up the rules of a bucket to a region: only those to `destinations` and with `prefixes`, if there are any.

    It ends at `until`, or before by `resume_replication` for the same `by`. The caller's permissions count.
    Raises: NoSuchBucket, ReplicationConfigurationNotFoundError, AccessDenied.
    """
    found = buckets.bucket_of(ctx, bucket)
    here = ctx.world.context("s3", account=found.account, region=found.region, principal=ctx.principal)
    _check(here, found, region)
    if configurations.find(here, found, KIND) is None:
        raise errors.ReplicationConfigurationNotFoundError(BucketName=bucket)
    to, only = tuple(destinations), tuple(prefixes)
    pauses.put(here, Pause(bucket=bucket, by=by, region=region, destinations=to, prefixes=only, until=until))
    here.timers.set(here, ENDS, until, bucket, by)


def resume_replication(ctx: Context, bucket: str, by: str) -> None:
    """Let what has been held up go on. Nothing to end is no error: the bucket may be gone."""
    if found := state.buckets.get(ctx, bucket):
        here = ctx.world.context("s3", account=found.account, region=found.region)
        here.timers.cancel(here, ENDS, bucket, by)
        resume(here, bucket, by)


def _check(ctx: Context, bucket: Bucket, region: str) -> None:
    """Whether the caller may pause what goes to a region. Raises: AccessDenied."""
    asked = {"Bucket": bucket.name, "IsReplicationPauseRequest": True, "DestinationRegion": region}
    owned = owners.of_bucket(ctx, bucket, {})
    needs = [Need(f"s3:{action}", buckets.arn(bucket), asked, owned) for action in ACTIONS]
    check(ctx, [*needs, Need("s3:ListAllMyBuckets", "*")], asked)


@s3.timer(ENDS)
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
