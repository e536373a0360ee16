"""Tags of parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hodei.kernel.context import Context
from hodei.services.ssm import errors
from hodei.services.ssm.names import NAME
from hodei.services.ssm.service import ssm
from hodei.services.ssm.state import arn_of, parameters

MOST = 50


@ssm.operation("AddTagsToResource")
def add_tags_to_resource(
    ctx: Context, *, ResourceType: str, ResourceId: str, Tags: Sequence[Mapping[str, str]]
) -> None:
    add(ctx, _arn(ctx, ResourceType, ResourceId), Tags)


@ssm.operation("RemoveTagsFromResource")
def remove_tags_from_resource(ctx: Context, *, ResourceType: str, ResourceId: str, TagKeys: Sequence[str]) -> None:
    ctx.tags.remove(ctx, _arn(ctx, ResourceType, ResourceId), list(TagKeys))


@ssm.operation("ListTagsForResource")
def list_tags_for_resource(ctx: Context, *, ResourceType: str, ResourceId: str) -> dict[str, Any]:
    tags = ctx.tags.get(ctx, _arn(ctx, ResourceType, ResourceId))
    return {"TagList": [{"Key": key, "Value": value} for key, value in tags.items()]}


def add(ctx: Context, arn: str, tags: Sequence[Mapping[str, str]]) -> None:
    """Raises: TooManyTagsError, ValidationException."""
    if not tags:
        return
    after = {**ctx.tags.get(ctx, arn), **{tag["Key"]: tag["Value"] for tag in tags}}
    if len(after) > MOST:
        raise errors.TooManyTagsError()
    if any(tag["Key"].lower().startswith("aws:") for tag in tags):
        raise errors.ValidationException("Tag keys that start with aws: are reserved for system use.")
    ctx.tags.set(ctx, arn, after)


def _arn(ctx: Context, kind: str, id: str) -> str:
    """Raises: InvalidResourceId; of the other types that have tags there is nothing here."""
    if kind != "Parameter" or not NAME.fullmatch(id) or not parameters.get(ctx, id):
        raise errors.InvalidResourceId()
    return arn_of(ctx, id)
