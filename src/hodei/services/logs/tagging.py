"""Tags of log groups, destinations, lookup tables and scheduled queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.tables import Table
from hodei.services.logs import errors
from hodei.services.logs.find import GROUP_ARN, group_named
from hodei.services.logs.service import logs
from hodei.services.logs.state import destinations, groups, lookup_tables, scheduled_queries

MOST = 50
TAGGED: dict[str, Table[Any]] = {
    "destination:": destinations,
    "lookup-table:": lookup_tables,
    "scheduled-query:": scheduled_queries,
}
PREFIX = "aws:"


def checked(old: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """Old tags with the given ones. Raises: InvalidParameterException, TooManyTagsException."""
    if any(name.lower().startswith(PREFIX) for name in given):
        raise errors.InvalidParameterException(reason="Tag keys starting with 'aws:' are reserved for system use.")
    tags = {**old, **given}
    if len(tags) > MOST:
        raise errors.TooManyTagsException()
    return tags


def fits(tags: Mapping[str, str], rule: Mapping[str, Any]) -> bool:
    """Whether tags have a key with one of the values of a rule of ListLogGroups; ! before a value excludes it, * at its
    ends stands for anything."""
    if rule["key"] not in tags:
        return False
    value, wanted = tags[rule["key"]], rule.get("values") or ["*"]
    unwanted = [one[1:] for one in wanted if one.startswith("!")]
    wanted = [one for one in wanted if not one.startswith("!")] or ["*"]
    return any(_fits(value, one) for one in wanted) and not any(_fits(value, one) for one in unwanted)


def _fits(value: str, pattern: str) -> bool:
    core = pattern.strip("*")
    match pattern.startswith("*"), pattern.endswith("*"):
        case True, True:
            return core in value
        case True, False:
            return value.endswith(core)
        case False, True:
            return value.startswith(core)
    return value == core


def _taggable(ctx: Context, arn: str) -> str:
    """The ARN under which the tags of a resource lie. Raises: ResourceNotFoundException."""
    if (found := GROUP_ARN.fullmatch(arn)) and found[1] == ctx.region and found[2] == ctx.account:
        if group := groups.get(ctx, found[3]):
            return group.arn(ctx)
    elif any(
        arn.startswith(ctx.arn(kind)) and table.get(ctx, arn.rpartition(":")[2]) for kind, table in TAGGED.items()
    ):
        return arn
    raise errors.ResourceNotFoundException(reason="The specified resource does not exist.")


@logs.operation("TagResource")
def tag_resource(ctx: Context, *, resourceArn: str, tags: Mapping[str, str]) -> None:
    arn = _taggable(ctx, resourceArn)
    ctx.tags.set(ctx, arn, checked(ctx.tags.get(ctx, arn), tags))


@logs.operation("UntagResource")
def untag_resource(ctx: Context, *, resourceArn: str, tagKeys: Sequence[str]) -> None:
    ctx.tags.remove(ctx, _taggable(ctx, resourceArn), list(tagKeys))


@logs.operation("ListTagsForResource")
def list_tags_for_resource(ctx: Context, *, resourceArn: str) -> dict[str, Any]:
    return {"tags": dict(ctx.tags.get(ctx, _taggable(ctx, resourceArn)))}


@logs.operation("TagLogGroup")
def tag_log_group(ctx: Context, *, logGroupName: str, tags: Mapping[str, str]) -> None:
    arn = group_named(ctx, logGroupName).arn(ctx)
    ctx.tags.set(ctx, arn, checked(ctx.tags.get(ctx, arn), tags))


@logs.operation("UntagLogGroup")
def untag_log_group(ctx: Context, *, logGroupName: str, tags: Sequence[str]) -> None:
    ctx.tags.remove(ctx, group_named(ctx, logGroupName).arn(ctx), list(tags))


@logs.operation("ListTagsLogGroup")
def list_tags_log_group(ctx: Context, *, logGroupName: str) -> dict[str, Any]:
    return {"tags": dict(ctx.tags.get(ctx, group_named(ctx, logGroupName).arn(ctx)))}
