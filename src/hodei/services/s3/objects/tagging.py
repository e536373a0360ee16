"""Tags of buckets and of objects."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.protocol.http import parse_query
from hodei.services.s3 import errors, payment, subjects
from hodei.services.s3.buckets import buckets, configurations
from hodei.services.s3.management import notifications, replication
from hodei.services.s3.objects import versions
from hodei.services.s3.service import s3
from hodei.services.s3.state import NULL_VERSION, Bucket, Object

OBJECT_LIMIT = 10
BUCKET_LIMIT = 50
KEY = re.compile(r"[\w\s+\-=.:/@]{1,128}")
VALUE = re.compile(r"[\w\s+\-=.:/@]{0,256}")
DUPLICATE = "Cannot provide multiple Tags with the same key"
BAD_VALUE = "The TagValue you have provided is invalid"
BAD_HEADER = (
    "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name "
    "duplicates."
)

Tags = dict[str, str]


# what others ask


def from_header(header: str | None) -> Tags:
    """The tags of an x-amz-tagging header. Raises: InvalidArgument, InvalidTag, BadRequest (more than ten)."""
    if not header:
        return {}
    pairs = parse_query(header)
    malformed = any(part.count("=") > 1 for part in header.split("&"))
    if malformed or len({key for key, _ in pairs}) < len(pairs):
        raise errors.InvalidArgument(BAD_HEADER, ArgumentName="x-amz-tagging", ArgumentValue=header)
    return object_tags({"Key": key, "Value": value} for key, value in pairs)


def object_tags(tag_set: Iterable[Mapping[str, str]]) -> Tags:
    """A TagSet for an object, checked. Raises: InvalidTag, BadRequest (more than ten)."""
    tags = _checked(tag_set, reserved="Your TagKey cannot be prefixed with aws:")
    if len(tags) > OBJECT_LIMIT:
        raise errors.BadRequest(f"Object tags cannot be greater than {OBJECT_LIMIT}")
    return dict(sorted(tags.items()))


def bucket_tags(tag_set: Iterable[Mapping[str, str]]) -> Tags:
    """A TagSet for a bucket, checked. Raises: InvalidTag, BadRequest (more than fifty)."""
    tags = _checked(tag_set, reserved="System tags cannot be added/updated by requester")
    if len(tags) > BUCKET_LIMIT:
        raise errors.BadRequest(f"Bucket tag count cannot be greater than {BUCKET_LIMIT}")
    return tags


def _checked(tag_set: Iterable[Mapping[str, str]], *, reserved: str) -> Tags:
    tags: Tags = {}
    for tag in tag_set:
        key, value = tag["Key"], tag["Value"]
        if key in tags:
            raise errors.InvalidTag(DUPLICATE, TagKey=key)
        if key.startswith("aws:"):
            raise errors.InvalidTag(reserved, TagKey=key)
        if not KEY.fullmatch(key):
            raise errors.InvalidTag(TagKey=key)
        if not VALUE.fullmatch(value):
            raise errors.InvalidTag(BAD_VALUE, TagKey=key, TagValue=value)
        tags[key] = value
    return tags


def _tag_set(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


# objects


@s3.operation("PutObjectTagging")
def put_object_tagging(
    ctx: Context,
    *,
    Bucket: str,
    Key: str,
    Tagging: Mapping[str, Any],
    VersionId: str | None = None,
    RequestPayer: str | None = None,
    ExpectedBucketOwner: str | None = None,
) -> dict[str, Any]:
    tags = object_tags(Tagging["TagSet"])
    bucket = buckets.bucket_of(ctx, Bucket, ExpectedBucketOwner)
    payment.charged(ctx, bucket, RequestPayer)
    return _change(ctx, bucket, Key, VersionId, tags, method="PUT", event="ObjectTagging:Put")


@s3.operation("DeleteObjectTagging")
def delete_object_tagging(
    ctx: Context, *, Bucket: str, Key: str, VersionId: str | None = None, ExpectedBucketOwner: str | None = None
) -> dict[str, Any]:
    bucket = buckets.bucket_of(ctx, Bucket, ExpectedBucketOwner)
    return _change(ctx, bucket, Key, VersionId, {}, method="DELETE", event="ObjectTagging:Delete")


def _change(
    ctx: Context, bucket: Bucket, key: str, version_id: str | None, tags: Tags, *, method: str, event: str
) -> dict[str, Any]:
    home = buckets.home(ctx, bucket)
    obj = replace(subjects.version(home, bucket, key, version_id, method=method), tags=tags)
    versions.update(home, obj)
    notifications.publish(home, bucket, event, obj)
    replication.follow(home, bucket, obj)
    return _version(bucket.versioning, obj)


@s3.operation("GetObjectTagging")
def get_object_tagging(
    ctx: Context,
    *,
    Bucket: str,
    Key: str,
    VersionId: str | None = None,
    RequestPayer: str | None = None,
    ExpectedBucketOwner: str | None = None,
) -> dict[str, Any]:
    """AWS names the bucket too when it does not find the key: `<Key>bucket/key</Key>`."""
    bucket = buckets.bucket_of(ctx, Bucket, ExpectedBucketOwner)
    payment.charged(ctx, bucket, RequestPayer)
    home = buckets.home(ctx, bucket)
    obj = subjects.version(home, bucket, Key, VersionId, method="GET", name=f"{Bucket}/{Key}")
    return {"TagSet": _tag_set(obj.tags)} | _version(bucket.versioning, obj)


def _version(versioning: str, obj: Object) -> dict[str, Any]:
    return {"VersionId": obj.version_id} if versioning or obj.version_id != NULL_VERSION else {}


# buckets


@s3.operation("PutBucketTagging")
def put_bucket_tagging(
    ctx: Context, *, Bucket: str, Tagging: Mapping[str, Any], ExpectedBucketOwner: str | None = None
) -> None:
    _set_bucket_tags(ctx, buckets.bucket_of(ctx, Bucket, ExpectedBucketOwner), bucket_tags(Tagging["TagSet"]))


def _set_bucket_tags(ctx: Context, bucket: Bucket, tags: Tags) -> None:
    """Tags that count in policies are changed by TagResource and UntagResource of S3 Control alone.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAbac.html
    """
    home = buckets.home(ctx, bucket)
    if (configurations.find(home, bucket, "abac") or {}).get("Status") == "Enabled":
        raise errors.InvalidRequest(
            "ABAC is enabled on this bucket. Use the TagResource and UntagResource actions to manage its tags."
        )
    ctx.tags.set(home, buckets.arn(bucket), tags)


@s3.operation("GetBucketTagging")
def get_bucket_tagging(ctx: Context, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
    bucket = buckets.bucket_of(ctx, Bucket, ExpectedBucketOwner)
    tags = ctx.tags.get(buckets.home(ctx, bucket), buckets.arn(bucket))
    if not tags:
        raise errors.NoSuchTagSet(BucketName=Bucket)
    return {"TagSet": _tag_set(tags)}


@s3.operation("DeleteBucketTagging")
def delete_bucket_tagging(ctx: Context, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> None:
    _set_bucket_tags(ctx, buckets.bucket_of(ctx, Bucket, ExpectedBucketOwner), {})
