"""CreateBucket, HeadBucket, GetBucketLocation, ListBuckets, DeleteBucket."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, Unpack

from hodei.kernel.arns import partition_of
from hodei.kernel.context import Context
from hodei.kernel.keys import text_end
from hodei.services.s3 import errors, rules, state
from hodei.services.s3.billing import volumes
from hodei.services.s3.buckets import access_points, configurations, grants
from hodei.services.s3.buckets.buckets import arn, bucket_of, home, owner
from hodei.services.s3.content import bodies
from hodei.services.s3.objects import tagging
from hodei.services.s3.params import BucketAclParams
from hodei.services.s3.service import s3
from hodei.services.s3.state import Bucket, buckets, objects, upload_parts, uploads, versions

EMPTY: Mapping[str, Any] = {}
ENFORCED = "BucketOwnerEnforced"
LEGACY_REGION = "us-east-1"
REGIONS_NAMED_OTHERWISE = {"EU": "eu-west-1"}
PAGE = 10_000  # buckets on a page at most
RESERVED_TAG = (
    'User-defined tag keys can\'t start with "aws:". This prefix is reserved for system tags. '
    'Remove "aws:" from your tag keys and try again.'
)


@s3.operation("CreateBucket")
def create_bucket(
    ctx: Context,
    *,
    Bucket: str,
    CreateBucketConfiguration: Mapping[str, Any] = EMPTY,
    ObjectLockEnabledForBucket: bool = False,
    ObjectOwnership: str = ENFORCED,
    BucketNamespace: str = "global",
    **given: Unpack[BucketAclParams],
) -> dict[str, Any]:
    """In us-east-1, and only there, to create one's own bucket again is no error."""
    rules.check_bucket_name(Bucket)
    if BucketNamespace != "global":
        raise errors.NotImplementedHeader(Header="x-amz-bucket-namespace")
    region, constraint = _place(ctx, CreateBucketConfiguration.get("LocationConstraint", ""))
    tags, acl = _tags(CreateBucketConfiguration.get("Tags") or ()), _acl(ctx, ObjectOwnership, given)
    existing = buckets.get(ctx, Bucket)
    if existing is None:
        _check_quota(ctx)
        bucket = state.Bucket(
            name=Bucket,
            account=ctx.account,
            region=region,
            created=ctx.now,
            constraint=constraint,
            object_lock=ObjectLockEnabledForBucket,
            versioning="Enabled" if ObjectLockEnabledForBucket else "",
        )
        buckets.put(ctx, bucket)
        _configure(home(ctx, bucket), bucket, ObjectOwnership, acl, tags)
    elif existing.account != ctx.account:
        raise errors.BucketAlreadyExists(BucketName=Bucket)
    elif region != LEGACY_REGION or existing.region != LEGACY_REGION:
        raise errors.BucketAlreadyOwnedByYou(BucketName=Bucket)
    location = f"/{Bucket}" if region == LEGACY_REGION else f"http://{Bucket}.s3.amazonaws.com/"
    return {"Location": location, "BucketArn": f"arn:{partition_of(region)}:s3:::{Bucket}"}


@s3.operation("HeadBucket")
def head_bucket(ctx: Context, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
    bucket = bucket_of(ctx, Bucket, ExpectedBucketOwner)
    return {"BucketArn": arn(bucket), "BucketRegion": bucket.region, "AccessPointAlias": access_points.by_alias(ctx)}


@s3.operation("GetBucketLocation")
def get_bucket_location(ctx: Context, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
    """us-east-1 is the absence of a location."""
    bucket = bucket_of(ctx, Bucket, ExpectedBucketOwner)
    location = bucket.constraint or bucket.region
    return {} if location == LEGACY_REGION else {"LocationConstraint": location}


@s3.operation("DeleteBucket")
def delete_bucket(ctx: Context, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> None:
    """Uploads under way go with the bucket."""
    bucket = bucket_of(ctx, Bucket, ExpectedBucketOwner)
    place = home(ctx, bucket)
    if next(objects.keys(place, Bucket), None) or next(versions.keys(place, Bucket), None):
        message = "The bucket you tried to delete is not empty"
        if bucket.versioning:
            message += ". You must delete all versions in the bucket."
        raise errors.BucketNotEmpty(message, BucketName=Bucket)
    if access_points.attached(ctx, Bucket):
        raise errors.BucketHasAccessPointsAttached(BucketName=Bucket)
    for upload in list(uploads.scan(place, Bucket)):
        for part in list(upload_parts.scan(place, upload.upload_id)):
            bodies.delete(place, part.pieces)
        upload_parts.delete_all(place, upload.upload_id)
    uploads.delete_all(place, Bucket)
    volumes.forget(place, Bucket)
    ctx.tags.set(place, arn(bucket), EMPTY)
    configurations.forget(place, bucket)
    buckets.delete(ctx, Bucket)


@s3.operation("ListBuckets")
def list_buckets(
    ctx: Context,
    *,
    MaxBuckets: int | None = None,
    ContinuationToken: str | None = None,
    Prefix: str | None = None,
    BucketRegion: str | None = None,
) -> dict[str, Any]:
    """Regions are shown to callers that page or filter."""
    if BucketRegion is not None and BucketRegion not in _regions():
        raise errors.InvalidArgument(
            f"Argument value {BucketRegion} is not a valid AWS Region",
            ArgumentName="bucket-region",
            ArgumentValue=BucketRegion,
        )
    paged = any(value is not None for value in (MaxBuckets, ContinuationToken, Prefix, BucketRegion))
    prefix = Prefix or ""
    found = (
        bucket
        for bucket in buckets.by("owner", ctx, ctx.account, **_range(ctx, prefix, ContinuationToken))
        if not BucketRegion or bucket.region == BucketRegion
    )
    page = list(islice(found, MaxBuckets or PAGE))
    result: dict[str, Any] = {"Buckets": [_listed(bucket, paged) for bucket in page], "Owner": owner(ctx.account)}
    if Prefix is not None:
        result["Prefix"] = Prefix
    if next(found, None) is not None:
        result["ContinuationToken"] = ctx.token(page[-1].name)
    return result


def _place(ctx: Context, constraint: str) -> tuple[str, str]:
    """The region of a new bucket, and its location constraint where that is not the region."""
    region = REGIONS_NAMED_OTHERWISE.get(constraint, constraint) or LEGACY_REGION
    if ctx.region not in (region, LEGACY_REGION):
        raise errors.IllegalLocationConstraintException(
            errors.IllegalLocationConstraintException.template.format(constraint=constraint or "unspecified")
        )
    return region, constraint if constraint != region else ""


def _check_quota(ctx: Context) -> None:
    if sum(1 for _ in buckets.index_keys("owner", ctx, ctx.account)) >= ctx.quota("buckets"):
        raise errors.TooManyBuckets()


def _configure(place: Context, bucket: Bucket, ownership: str, acl: Mapping[str, Any], tags: Mapping[str, str]) -> None:
    place.tags.set(place, arn(bucket), tags)
    if ownership != ENFORCED:
        bucket = configurations.store(place, bucket, "ownership", {"Rules": [{"ObjectOwnership": ownership}]})
    if bucket.object_lock:
        bucket = configurations.store(place, bucket, "object-lock", {"ObjectLockEnabled": "Enabled"})
    if acl:
        configurations.store(place, bucket, "acl", acl)


def _tags(tag_set: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """AWS trips over keys that are there twice."""
    if any(tag["Key"].startswith("aws:") for tag in tag_set):
        raise errors.InvalidTag(RESERVED_TAG)
    if len({tag["Key"] for tag in tag_set}) < len(tag_set):
        raise errors.InternalError()
    return tagging.bucket_tags(tag_set)


def _acl(ctx: Context, ownership: str, given: Mapping[str, Any]) -> dict[str, Any]:
    policy = grants.policy(given, ctx.account, ctx.account)
    if policy and ownership == ENFORCED and given.get("ACL") != "private":
        raise errors.InvalidBucketAclWithObjectOwnership()
    if grants.is_public(policy):  # every new bucket blocks them
        raise errors.InvalidBucketAclWithBlockPublicAccessError()
    return policy


@functools.cache
def _regions() -> frozenset[str]:
    """The regions that buckets lie in, and the names that some of them have as location constraints."""
    return frozenset((LEGACY_REGION, *(s3.model.shape("BucketLocationConstraint").enum or ())))


def _range(ctx: Context, prefix: str, token: str | None) -> dict[str, Any]:
    bounds: dict[str, Any] = {"start": (prefix,)}
    if (end := text_end(prefix)) is not None and prefix:
        bounds["end"] = (end,)
    if token:
        try:
            (after,) = ctx.read_token(token)
        except ValueError:
            raise errors.InvalidArgument(
                "The continuation token provided is incorrect", ArgumentName="continuation-token"
            ) from None
        bounds["after"] = (after,)
    return bounds


def _listed(bucket: Bucket, with_region: bool) -> dict[str, Any]:
    listed = {"Name": bucket.name, "CreationDate": int(bucket.created), "BucketArn": arn(bucket)}
    return {**listed, "BucketRegion": bucket.region} if with_region else listed
