"""Tags of trails. Event data stores, channels and dashboards, which also have tags, are not there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.services.cloudtrail import errors, rules
from hodei.services.cloudtrail.find import Found, find, find_home
from hodei.services.cloudtrail.service import cloudtrail

OTHERS = ("eventdatastore/", "channel/", "dashboard/")


@cloudtrail.operation("AddTags")
def add_tags(ctx: Context, *, ResourceId: str, TagsList: Sequence[Mapping[str, str]]) -> None:
    found = _changed(ctx, ResourceId)
    there, trail = found
    tags = {**there.tags.get(there, trail.arn), **rules.tags_of(TagsList)}
    rules.check_tags(tags)
    there.tags.set(there, trail.arn, tags)


@cloudtrail.operation("RemoveTags")
def remove_tags(ctx: Context, *, ResourceId: str, TagsList: Sequence[Mapping[str, str]]) -> None:
    there, trail = _changed(ctx, ResourceId)
    there.tags.remove(there, trail.arn, [tag["Key"] for tag in TagsList])


@cloudtrail.operation("ListTags")
def list_tags(ctx: Context, *, ResourceIdList: Sequence[str], NextToken: str = "") -> dict[str, Any]:
    """`NextToken` is AWS's "reserved for future use"."""
    shown = []
    for arn in ResourceIdList:
        _check_arn(arn)
        there, trail = find(ctx, arn)
        tags = [{"Key": key, "Value": value} for key, value in there.tags.get(there, trail.arn).items()]
        shown.append({"ResourceId": arn, "TagsList": tags})
    return {"ResourceTagList": shown}


def _changed(ctx: Context, arn: str) -> Found:
    _check_arn(arn)
    return find_home(ctx, arn)


def _check_arn(given: str) -> None:
    """Raises: CloudTrailARNInvalidException for a name, ResourceNotFoundException for what is no trail."""
    try:
        arn = Arn.parse(given)
    except ValueError:
        raise errors.CloudTrailARNInvalid(arn=given) from None
    if arn.service != "cloudtrail":
        raise errors.ResourceTypeNotSupported(arn=given)
    if arn.resource.startswith(OTHERS):
        raise errors.ResourceNotFound(arn=given)
