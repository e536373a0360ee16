"""What S3 Control works on: the public access blocks of accounts, access points, and buckets by name. What FIS breaks:
replication, for a while."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hodei.kernel.context import Context
from hodei.kernel.iam.hooks import ResourcePolicy
from hodei.services.s3.access import lists, owners
from hodei.services.s3.access.keys import resource_tags
from hodei.services.s3.buckets import buckets, policies, public_access
from hodei.services.s3.buckets.access_points import ALIAS, arn
from hodei.services.s3.management.notifications import host_id
from hodei.services.s3.management.replication_pauses import pause_replication, resume_replication
from hodei.services.s3.objects.tagging import BUCKET_LIMIT as TAG_LIMIT
from hodei.services.s3.state import AccessPoint, AccountBlock, Bucket, access_points, account_blocks
from hodei.services.s3.state import buckets as _buckets

__all__ = [
    "ALIAS",
    "SETTINGS",
    "TAG_LIMIT",
    "AccessPoint",
    "Bucket",
    "access_point",
    "access_points_of",
    "arn",
    "block_account",
    "blocked_in_account",
    "bucket",
    "bucket_arn",
    "check_policy",
    "drop_access_point",
    "home",
    "host_id",
    "is_public",
    "keep_access_point",
    "pause_replication",
    "policy_of_bucket",
    "resource_tags",
    "resume_replication",
    "settings_of_account",
]

SETTINGS = public_access.SETTINGS

bucket_arn = buckets.arn
home = buckets.home
check_policy = policies.check
is_public = policies.is_public
blocked_in_account = public_access.in_account


def bucket(ctx: Context, name: str) -> Bucket | None:
    return _buckets.get(ctx, name)


def policy_of_bucket(ctx: Context, bucket: Bucket) -> ResourcePolicy:
    """Who may do what with a bucket."""
    return owners.of_bucket(ctx, bucket, lists.BUCKET)


def settings_of_account(ctx: Context, account: str) -> Mapping[str, bool] | None:
    """The public access block of an account, each of `SETTINGS`; None if it has none."""
    found = account_blocks.get(ctx, account)
    return found.settings if found else None


def block_account(ctx: Context, account: str, settings: Mapping[str, bool] | None) -> None:
    """Give an account a public access block, each of `SETTINGS`, or take it away (None)."""
    if settings is None:
        account_blocks.delete(ctx, account)
    else:
        account_blocks.put(ctx, AccountBlock(account=account, settings=dict(settings)))


def access_point(ctx: Context, name: str) -> AccessPoint | None:
    """The access point of that name in this account and region."""
    return access_points.get(ctx, ctx.account, ctx.region, name)


def access_points_of(ctx: Context, bucket: str = "", after: tuple[str] | None = None) -> Iterator[AccessPoint]:
    """Those of this account and region by name, of one bucket if it is said; `after` is the name that went before."""
    if bucket:
        return access_points.by("bucket", ctx, bucket, ctx.account, ctx.region, after=after)
    return access_points.scan(ctx, ctx.account, ctx.region, after=after)


def keep_access_point(ctx: Context, point: AccessPoint) -> None:
    access_points.put(ctx, point)


def drop_access_point(ctx: Context, point: AccessPoint) -> None:
    access_points.delete(ctx, point.account, point.region, point.name)
