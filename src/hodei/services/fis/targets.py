"""From what a template says of a target to the resources that it means. Chance is the cloud's, so a seed repeats it.

https://docs.aws.amazon.com/fis/latest/userguide/targets.html
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

import hodei.services.iam.api as iam
from hodei.kernel.arns import Arn, partition_of
from hodei.kernel.context import Context, Principal
from hodei.kernel.deliver import insist
from hodei.kernel.errors import AwsError
from hodei.kernel.iam.authorise import check
from hodei.kernel.iam.needs import Need
from hodei.services.fis.catalogue import catalogue
from hodei.services.fis.effects.effect import Failure
from hodei.services.fis.rules import SELECTION
from hodei.services.fis.state import Experiment, Resource

ROLE, TABLE, BUCKET = "aws:iam:role", "aws:dynamodb:global-table", "aws:s3:bucket"
EMPTY = "Target resolution returned empty set"


async def resolve(ctx: Context, experiment: Experiment, callers: Mapping[str, Principal]) -> dict[str, list[Resource]]:
    """The resources of each target. Raises: Failure."""
    found = {}
    for name, target in experiment.targets.items():
        every = []
        for account, caller in callers.items():
            try:
                arns = await _in_account(ctx.at(account=account).by(caller), target)
            except AwsError as error:
                raise Failure("AuthorizationFailure", error.message, account, f"targets/{name}") from error
            every += [Resource(account=account, arn=arn) for arn in arns]
        found[name] = _selected(ctx, every, target["selectionMode"])
        if not found[name] and experiment.empty_targets == "fail":
            raise Failure("InvalidTarget", EMPTY, location=f"targets/{name}")
    return found


async def _in_account(ctx: Context, target: Mapping[str, Any]) -> list[str]:
    """The resources that a target means in the account of its caller, before any are selected. Raises: AwsError."""
    kind, filters = target["resourceType"], target.get("filters", ())
    if arns := target.get("resourceArns"):
        return [arn for arn in arns if _is_here(ctx, arn) and await _is_there(ctx, kind, arn)]
    tagged = _tagged(ctx, kind, target["resourceTags"]) if target.get("resourceTags") else None
    if not filters and tagged is not None:
        return [arn for arn in tagged if await _is_there(ctx, kind, arn)]
    return [
        arn
        async for arn, described in DESCRIBED[kind](ctx)
        if (tagged is None or arn in tagged) and all(_matches(described, one) for one in filters)
    ]


def _tagged(ctx: Context, kind: str, tags: Mapping[str, str]) -> list[str]:
    check(ctx, [Need("tag:GetResources", "*")], {})
    pattern = re.compile(catalogue().types[kind].arn)
    every = ctx.tags.table.scan(ctx)
    return [one.arn for one in every if pattern.fullmatch(one.arn) and tags.items() <= one.tags.items()]


def _is_here(ctx: Context, arn: str) -> bool:
    place = Arn.parse(arn)
    return place.account == ctx.account and place.region in ("", ctx.region)


async def _is_there(ctx: Context, kind: str, arn: str) -> bool:
    if kind == ROLE:
        return iam.role(ctx, arn) is not None
    return kind != TABLE or await _global_table(ctx, arn) is not None


def _selected(ctx: Context, every: Sequence[Resource], mode: str) -> list[Resource]:
    """A percentage is rounded down."""
    found = SELECTION.fullmatch(mode)
    count, percent = found.groups() if found else (None, None)
    if percent:
        count = len(every) * int(percent) // 100
    return list(every) if count is None else ctx.ids.sample(every, min(int(count), len(every)))


# what filters read


async def _roles(ctx: Context) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    async for page in _pages(ctx, "iam", "ListRoles", "Marker", "Marker"):
        for role in page["Roles"]:
            yield role["Arn"], role


async def _tables(ctx: Context) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    async for page in _pages(ctx, "dynamodb", "ListTables", "LastEvaluatedTableName", "ExclusiveStartTableName"):
        for name in page["TableNames"]:
            if table := await _global_table(ctx, name):
                yield table["TableArn"], table


async def _buckets(ctx: Context) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    for bucket in (await insist(ctx, "s3", "ListBuckets"))["Buckets"]:
        yield f"arn:{partition_of(ctx.region)}:s3:::{bucket['Name']}", bucket


DESCRIBED = {ROLE: _roles, TABLE: _tables, BUCKET: _buckets}


async def _pages(ctx: Context, service: str, operation: str, given: str, asked: str) -> AsyncIterator[dict[str, Any]]:
    """Each page of a list; the next one is `asked` for by what this one has `given`."""
    token: dict[str, Any] = {}
    while True:
        page = await insist(ctx, service, operation, **token)
        yield page
        if given not in page:
            return
        token = {asked: page[given]}


async def _global_table(ctx: Context, name: str) -> dict[str, Any] | None:
    try:
        table: dict[str, Any] = (await insist(ctx, "dynamodb", "DescribeTable", TableName=name))["Table"]
    except AwsError as error:
        if error.code == "ResourceNotFoundException":
            return None
        raise
    return table if table.get("Replicas") else None


def _matches(described: Mapping[str, Any], given: Mapping[str, Any]) -> bool:
    """Whether any value at the path of a filter is one of those that it has."""
    found: list[Any] = [described]
    for name in given["path"].split("."):
        found = [value for one in found if isinstance(one, Mapping) for value in _each(one.get(name))]
    return any(_text(value) in given["values"] for value in found)


def _each(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list | tuple) else () if value is None else (value,)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
