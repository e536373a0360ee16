"""What FIS asks of S3: that replication be held up for a while."""

from __future__ import annotations

from collections.abc import Sequence

from hodei.kernel.context import Context
from hodei.services.s3.management import replication_pauses
from hodei.services.s3.management.replication_pauses import Pause


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
    pause = Pause(
        bucket=bucket, by=by, region=region, destinations=tuple(destinations), prefixes=tuple(prefixes), until=until
    )
    replication_pauses.begin(_s3(ctx), pause)


def resume_replication(ctx: Context, bucket: str, by: str) -> None:
    """Let what has been held up go on. Nothing to end is no error."""
    replication_pauses.end(_s3(ctx), bucket, by)


def _s3(ctx: Context) -> Context:
    return ctx.world.context(
        "s3",
        account=ctx.account,
        region=ctx.region,
        principal=ctx.principal,
        request_id=ctx.request_id,
        operation="PutBucketReplication",
    )
