"""Tags of tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hodei.kernel.context import Context
from hodei.services.dynamodb import errors
from hodei.services.dynamodb.find import within
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import tables
from hodei.services.dynamodb.values import invalid

MOST = 50
PAGE = 10


@dynamodb.operation("TagResource")
def tag_resource(ctx: Context, *, ResourceArn: str, Tags: Sequence[Mapping[str, str]]) -> None:
    if not Tags:
        raise errors.ValidationException("Atleast one Tag needs to be provided as Input.")
    tag(resource(ctx, ResourceArn), ResourceArn, Tags)


@dynamodb.operation("UntagResource")
def untag_resource(ctx: Context, *, ResourceArn: str, TagKeys: Sequence[str]) -> None:
    if not TagKeys:
        raise errors.ValidationException("Atleast one Tag Key needs to be provided as Input.")
    where = resource(ctx, ResourceArn)
    where.tags.remove(where, ResourceArn, list(TagKeys))


@dynamodb.operation("ListTagsOfResource")
def list_tags_of_resource(ctx: Context, *, ResourceArn: str, NextToken: str = "") -> dict[str, Any]:
    where = resource(ctx, ResourceArn)
    after = _read(ctx, NextToken) if NextToken else ""
    found = [{"Key": key, "Value": value} for key, value in sorted(where.tags.get(where, ResourceArn).items())]
    left = [one for one in found if one["Key"] > after]
    if len(left) <= PAGE:
        return {"Tags": left}
    return {"Tags": left[:PAGE], "NextToken": ctx.token("tags", left[PAGE - 1]["Key"])}


def tag(ctx: Context, arn: str, given: Sequence[Mapping[str, str]]) -> None:
    """Add tags. Raises: ValidationException for bad or too many ones."""
    tags = {one["Key"]: one["Value"] for one in given}
    if len(tags) < len(given):
        raise invalid("Duplicate Tag Keys are not allowed")
    if reserved := next((key for key in tags if key.lower().startswith("aws:")), None):
        raise errors.ValidationException(f"The Tag Key provided is invalid, Key: {reserved}")
    if len({**ctx.tags.get(ctx, arn), **tags}) > MOST:
        raise errors.ValidationException("The number of tags exceeds the limit of 50")
    ctx.tags.add(ctx, arn, tags)


def resource(ctx: Context, text: str) -> Context:
    """Where the table of that ARN is. Raises: ValidationException, ResourceNotFoundException."""
    if (found := within(ctx, text)) is None:
        raise errors.ValidationException(f"Invalid TableArn: Invalid ResourceArn provided as input {text}")
    where, name, _ = found
    if tables.get(where, name) is None:
        raise errors.ResourceNotFoundException(f"Requested resource not found: ResourcArn: {text} not found")
    return where


def _read(ctx: Context, token: str) -> str:
    try:
        kind, after = ctx.read_token(token)
    except ValueError:
        kind, after = "", ""
    if kind != "tags":
        raise errors.ValidationException("Invalid NextToken")
    return str(after)
