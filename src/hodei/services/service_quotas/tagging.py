"""Tags of quotas, by the ARN of the applied quota."""

from __future__ import annotations

from typing import Any

from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.services.service_quotas import errors
from hodei.services.service_quotas.find import find_quota
from hodei.services.service_quotas.service import service_quotas

MOST_TAGS = 50


@service_quotas.operation("TagResource")
def tag_resource(ctx: Context, *, ResourceARN: str, Tags: list[dict[str, str]]) -> dict[str, Any]:
    _check(ctx, ResourceARN)
    given = {tag["Key"]: tag["Value"] for tag in Tags}
    if any(key.lower().startswith("aws:") for key in given):
        raise errors.IllegalArgument(reason="Tag keys that begin with aws: are reserved for AWS.")
    if len({**ctx.tags.get(ctx, ResourceARN), **given}) > MOST_TAGS:
        raise errors.TooManyTags()
    ctx.tags.add(ctx, ResourceARN, given)
    return {}


@service_quotas.operation("UntagResource")
def untag_resource(ctx: Context, *, ResourceARN: str, TagKeys: list[str]) -> dict[str, Any]:
    _check(ctx, ResourceARN)
    ctx.tags.remove(ctx, ResourceARN, TagKeys)
    return {}


@service_quotas.operation("ListTagsForResource")
def list_tags_for_resource(ctx: Context, *, ResourceARN: str) -> dict[str, Any]:
    _check(ctx, ResourceARN)
    return {"Tags": [{"Key": key, "Value": value} for key, value in ctx.tags.get(ctx, ResourceARN).items()]}


def _check(ctx: Context, arn: str) -> None:
    """Raises: NoSuchResourceException, unless it is a quota of this account and region."""
    try:
        place = Arn.parse(arn)
    except ValueError:
        raise errors.NoSuchResource() from None
    service, _, code = place.resource.partition("/")
    if (place.service, place.region, place.account) != ("servicequotas", ctx.region, ctx.account):
        raise errors.NoSuchResource()
    find_quota(ctx, service, code)
