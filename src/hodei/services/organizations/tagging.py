"""Tags of the root, of units, accounts and policies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hodei.kernel.arns import GLOBAL_REGION
from hodei.kernel.context import Context
from hodei.services.organizations import access, errors, find, pages
from hodei.services.organizations.find import Home
from hodei.services.organizations.service import organizations
from hodei.services.organizations.state import policies, resource_policies

Given = Iterable[Mapping[str, str]]

MOST = 50
PAGE = 50


def checked(tags: Given) -> dict[str, str]:
    """Raises: InvalidInputException for a key that is there twice or is AWS's own, ConstraintViolationException."""
    found: dict[str, str] = {}
    for tag in tags:
        if tag["Key"] in found:
            raise errors.InvalidInput(
                "Tag keys must be unique among the tags attached to the same entity.", Reason="DUPLICATE_TAG_KEY"
            )
        if tag["Key"].lower().startswith("aws:"):
            raise errors.InvalidInput(
                "You specified a tag key that is a system tag. You can't add, edit, or delete system tag keys.",
                Reason="INVALID_SYSTEM_TAGS_PARAMETER",
            )
        found[tag["Key"]] = tag["Value"]
    _check_number(found)
    return found


def _check_number(tags: Mapping[str, str]) -> None:
    if len(tags) > MOST:
        raise errors.ConstraintViolation(
            "You have exceeded the number of tags allowed on this resource.", Reason="MAX_TAG_LIMIT_EXCEEDED"
        )


def add(home: Home, id: str, tags: Mapping[str, str]) -> None:
    """Raises: ConstraintViolationException if there are too many."""
    arn = access.arn_of(home, id)
    together = {**home.ctx.tags.get(home.ctx, arn), **tags}
    _check_number(together)
    home.ctx.tags.set(home.ctx, arn, together)


def forget(home: Home, id: str) -> None:
    home.ctx.tags.set(home.ctx, access.arn_of(home, id), {})


@organizations.operation("TagResource")
def tag_resource(ctx: Context, *, ResourceId: str, Tags: Given) -> None:
    home = find.home(ctx)
    _check_target(home, ResourceId)
    add(home, ResourceId, checked(Tags))


@organizations.operation("UntagResource")
def untag_resource(ctx: Context, *, ResourceId: str, TagKeys: Sequence[str]) -> None:
    home = find.home(ctx)
    _check_target(home, ResourceId)
    home.ctx.tags.remove(home.ctx, access.arn_of(home, ResourceId), list(TagKeys))


@organizations.operation("ListTagsForResource")
def list_tags_for_resource(ctx: Context, *, ResourceId: str, NextToken: str = "") -> dict[str, Any]:
    home = find.home(ctx)
    _check_target(home, ResourceId)
    found = home.ctx.tags.get(home.ctx, access.arn_of(home, ResourceId)).items()
    page, rest = pages.cut(ctx, found, lambda tag: tag[0], NextToken, PAGE)
    return {"Tags": [{"Key": key, "Value": value} for key, value in page], **rest}


def _check_target(home: Home, id: str) -> None:
    """Raises: TargetNotFoundException. AWS's own policies have no tags."""
    kind = id.partition("-")[0]
    if kind in ("p", "rp"):
        if (policies if kind == "p" else resource_policies).get(home.ctx, id) is None:
            raise errors.TargetNotFound()
    else:
        find.target(home, id)


organizations.resource_tags = lambda ctx, arn: ctx.tags.get(ctx.at(region=GLOBAL_REGION), arn)  # they lie in one region
