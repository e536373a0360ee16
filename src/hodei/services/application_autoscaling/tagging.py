"""Tags of scalable targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hodei.kernel.context import Context
from hodei.services.application_autoscaling import errors, find
from hodei.services.application_autoscaling.service import application_autoscaling
from hodei.services.application_autoscaling.state import Target, targets

MOST = 50


def add(ctx: Context, target: Target, tags: Mapping[str, str]) -> None:
    """Raises: ValidationException, TooManyTagsException."""
    arn = find.target_arn(ctx, target)
    if any(key.lower().startswith("aws:") for key in tags):
        raise errors.ValidationException(reason="Tag keys must not begin with aws:, which is reserved")
    if len({**ctx.tags.get(ctx, arn), **tags}) > MOST:
        raise errors.TooManyTagsException(most=MOST, ResourceName=arn)
    ctx.tags.add(ctx, arn, tags)


@application_autoscaling.operation("TagResource")
def tag_resource(ctx: Context, *, ResourceARN: str, Tags: Mapping[str, str]) -> None:
    add(ctx, _target(ctx, ResourceARN), Tags)


@application_autoscaling.operation("UntagResource")
def untag_resource(ctx: Context, *, ResourceARN: str, TagKeys: Sequence[str]) -> None:
    _target(ctx, ResourceARN)
    ctx.tags.remove(ctx, ResourceARN, list(TagKeys))


@application_autoscaling.operation("ListTagsForResource")
def list_tags_for_resource(ctx: Context, *, ResourceARN: str) -> dict[str, Any]:
    _target(ctx, ResourceARN)
    return {"Tags": dict(ctx.tags.get(ctx, ResourceARN))}


def _target(ctx: Context, arn: str) -> Target:
    """Raises: ResourceNotFoundException."""
    found = next(targets.by("ids", ctx, arn.rpartition("/")[2]), None)
    if found is None or find.target_arn(ctx, found) != arn:
        raise errors.ResourceNotFoundException(ResourceName=arn)
    return found
