"""Tags of keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hodei.kernel.context import Context
from hodei.services.kms import errors, pages, states
from hodei.services.kms.find import find
from hodei.services.kms.service import kms

Tags = Sequence[Mapping[str, str]]
NO_TAGS: Tags = ()
MOST = 50
PAGE = 50


def merged(old: Mapping[str, str], given: Tags) -> dict[str, str]:
    """Raises: TagException."""
    tags = dict(old)
    if len({tag["TagKey"] for tag in given}) < len(given):
        raise errors.TagException(reason="Duplicate tag keys")
    for tag in given:
        _check_own(tag["TagKey"])
        tags[tag["TagKey"]] = tag["TagValue"]
    if len(tags) > MOST:
        raise errors.TagException(reason="Too many tags")
    return tags


def listed(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"TagKey": key, "TagValue": value} for key, value in tags.items()]


@kms.operation("TagResource")
def tag_resource(ctx: Context, *, KeyId: str, Tags: Tags) -> None:
    found = find(ctx, KeyId)
    states.check_not_pending_deletion(found)
    ctx.tags.set(ctx, found.arn, merged(ctx.tags.get(ctx, found.arn), Tags))


@kms.operation("UntagResource")
def untag_resource(ctx: Context, *, KeyId: str, TagKeys: Sequence[str]) -> None:
    found = find(ctx, KeyId)
    states.check_not_pending_deletion(found)
    for name in TagKeys:
        _check_own(name)
    ctx.tags.remove(ctx, found.arn, list(TagKeys))


@kms.operation("ListResourceTags")
def list_resource_tags(ctx: Context, *, KeyId: str, Limit: int = PAGE, Marker: str = "") -> dict[str, Any]:
    pages.check_limit(Limit, PAGE)
    found = find(ctx, KeyId)
    last = pages.after(ctx, Marker)
    tags = sorted(ctx.tags.get(ctx, found.arn).items())
    page, rest = pages.cut(ctx, (tag for tag in tags if last is None or tag[0] > last[0]), Limit, lambda tag: (tag[0],))
    return {"Tags": listed(dict(page)), **rest}


def _check_own(name: str) -> None:
    if name.lower().startswith("aws:"):
        raise errors.TagException(reason="Tags beginning with aws: are reserved")
