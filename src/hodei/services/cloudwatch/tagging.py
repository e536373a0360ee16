"""Tags of alarms, dashboards, insight rules, metric streams and mute rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.services.cloudwatch import rules
from hodei.services.cloudwatch.rules import invalid
from hodei.services.cloudwatch.service import cloudwatch

MOST = 50


def add(ctx: Context, arn: str, tags: Sequence[Mapping[str, str]]) -> None:
    """Raises: InvalidParameterValue."""
    given = {tag["Key"]: tag["Value"] for tag in tags}
    if any(key.lower().startswith("aws:") for key in given):
        raise invalid("Tag keys must not begin with aws:, which is reserved.")
    if len({**ctx.tags.get(ctx, arn), **given}) > MOST:
        raise invalid(f"A resource can have no more than {MOST} tags.")
    if given:
        ctx.tags.add(ctx, arn, given)


@cloudwatch.operation("TagResource")
def tag_resource(ctx: Context, *, ResourceARN: str, Tags: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    _check(ctx, ResourceARN)
    add(ctx, ResourceARN, Tags)
    return {}


@cloudwatch.operation("UntagResource")
def untag_resource(ctx: Context, *, ResourceARN: str, TagKeys: Sequence[str]) -> dict[str, Any]:
    _check(ctx, ResourceARN)
    ctx.tags.remove(ctx, ResourceARN, list(TagKeys))
    return {}


@cloudwatch.operation("ListTagsForResource")
def list_tags_for_resource(ctx: Context, *, ResourceARN: str) -> dict[str, Any]:
    """None of what is not there, as recorded."""
    _check(ctx, ResourceARN)
    return {"Tags": rules.tag_list(ctx.tags.get(ctx, ResourceARN))}


def _check(ctx: Context, arn: str) -> None:
    try:
        place = Arn.parse(arn)
    except ValueError:
        raise invalid(f"The value {arn} for parameter ResourceARN is invalid.") from None
    if place.service != "cloudwatch" or place.account != ctx.account or place.region not in ("", ctx.region):
        raise invalid(f"The value {arn} for parameter ResourceARN is invalid.")
