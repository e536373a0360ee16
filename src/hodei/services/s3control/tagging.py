"""Tags of buckets and access points, by ARN. Those of buckets are the ones that S3's own operations show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import hodei.services.s3.api as s3
from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.services.s3control import errors
from hodei.services.s3control.service import s3control

TagList = Sequence[Mapping[str, str]]

RESERVED = (
    'User-defined tag keys can\'t start with "aws:". This prefix is reserved for system tags. '
    'Remove "aws:" from your tag keys and try again.'
)
DUPLICATE = "There are duplicate tag keys in your request. Remove the duplicate tag keys and try again."


@s3control.operation("TagResource")
def tag_resource(ctx: Context, *, AccountId: str, ResourceArn: str, Tags: TagList) -> None:
    place = _place(ctx, ResourceArn)
    ctx.tags.set(place, ResourceArn, merged(ctx.tags.get(place, ResourceArn), Tags))


@s3control.operation("UntagResource")
def untag_resource(ctx: Context, *, AccountId: str, ResourceArn: str, TagKeys: list[str]) -> None:
    ctx.tags.remove(_place(ctx, ResourceArn), ResourceArn, TagKeys)


@s3control.operation("ListTagsForResource")
def list_tags_for_resource(ctx: Context, *, AccountId: str, ResourceArn: str) -> dict[str, Any]:
    tags = ctx.tags.get(_place(ctx, ResourceArn), ResourceArn)
    return {"Tags": [{"Key": key, "Value": value} for key, value in sorted(tags.items())]}


def merged(tags: Mapping[str, str], given: TagList) -> dict[str, str]:
    """Tags with others added. Raises: InvalidTag, TooManyTags."""
    added = {tag["Key"]: tag["Value"] for tag in given}
    if len(added) < len(given):
        raise errors.InvalidTag(DUPLICATE)
    if any(key.startswith("aws:") for key in added):
        raise errors.InvalidTag(RESERVED)
    every = {**tags, **added}
    if len(every) > s3.TAG_LIMIT:
        raise errors.TooManyTags(limit=s3.TAG_LIMIT)
    return every


def _place(ctx: Context, resource: str) -> Context:
    """Where the tags of a resource lie.

    Raises: InvalidRequest for what is no ARN, NoSuchResource, AccessDenied for a bucket of another account.
    """
    try:
        arn = Arn.parse(resource)
    except ValueError:
        raise errors.InvalidRequest(f"The ARN isn't valid: {resource}") from None
    kind, _, name = arn.resource.partition("/")
    if kind == "accesspoint" and (arn.account, arn.region) == (ctx.account, ctx.region):
        if s3.access_point(ctx, name):
            return ctx
    elif not arn.account and not arn.region and (bucket := s3.bucket(ctx, arn.resource)):
        if bucket.account != ctx.account:
            raise errors.AccessDenied()
        return s3.home(ctx, bucket)
    raise errors.NoSuchResource()
