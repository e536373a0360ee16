"""Global tables of version 2017.11.29: tables that are there, empty and alike, are joined by their name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import msgspec

from hodei.kernel.arns import Arn, partition_of
from hodei.kernel.context import Context
from hodei.services.dynamodb import errors
from hodei.services.dynamodb.replication import groups
from hodei.services.dynamodb.replication.state import GlobalTable, global_tables
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import Replica, Table, stats, tables
from hodei.services.dynamodb.values import invalid

VERSION = "2017.11.29"
SECONDS = 10.0  # in which one is CREATING or UPDATING, at AWS's pace
MOST_LISTED = 100

Regions = Sequence[Mapping[str, str]]

replace = msgspec.structs.replace


@dynamodb.operation("CreateGlobalTable")
def create_global_table(ctx: Context, *, GlobalTableName: str, ReplicationGroup: Regions) -> dict[str, Any]:
    if global_tables.get(ctx, GlobalTableName):
        raise errors.GlobalTableAlreadyExistsException(name=GlobalTableName)
    regions = tuple(dict.fromkeys(one.get("RegionName", "") for one in ReplicationGroup))
    if not all(regions) or not regions:
        raise invalid("ReplicationGroup must have at least one region, and all must have a RegionName")
    _check_alike([_candidate(ctx.at(region=region), GlobalTableName) for region in regions])
    made = GlobalTable(name=GlobalTableName, regions=regions, created=ctx.now, status="CREATING", ready=_ready(ctx))
    _join(ctx, made)
    return {"GlobalTableDescription": _describe(ctx, made, "CREATING")}


@dynamodb.operation("DescribeGlobalTable")
def describe_global_table(ctx: Context, *, GlobalTableName: str) -> dict[str, Any]:
    return {"GlobalTableDescription": _describe(ctx, found(ctx, GlobalTableName))}


@dynamodb.operation("ListGlobalTables")
def list_global_tables(
    ctx: Context, *, ExclusiveStartGlobalTableName: str = "", Limit: int = MOST_LISTED, RegionName: str = ""
) -> dict[str, Any]:
    """In the order of names; with RegionName those that have a replica there."""
    after = (ExclusiveStartGlobalTableName,) if ExclusiveStartGlobalTableName else None
    all_of_them = (one for one in global_tables.scan(ctx, after=after) if RegionName in ("", *one.regions))
    Limit = min(Limit, MOST_LISTED)
    page = list(islice(all_of_them, Limit + 1))
    listed = [{"GlobalTableName": one.name, "ReplicationGroup": _group(one)} for one in page[:Limit]]
    more = {"LastEvaluatedGlobalTableName": page[Limit - 1].name} if len(page) > Limit else {}
    return {"GlobalTables": listed, **more}


@dynamodb.operation("UpdateGlobalTable")
def update_global_table(
    ctx: Context, *, GlobalTableName: str, ReplicaUpdates: Sequence[Mapping[str, Mapping[str, str]]]
) -> dict[str, Any]:
    """A table that is removed stays, on its own."""
    old = found(ctx, GlobalTableName)
    regions = list(old.regions)
    for update in ReplicaUpdates:
        if len(update) != 1:
            raise invalid("Exactly one of Create or Delete must be specified in a ReplicaUpdate")
        ((action, given),) = update.items()
        region = given["RegionName"]
        if action == "Create":
            if region in regions:
                raise errors.ReplicaAlreadyExistsException(name=GlobalTableName, region=region)
            _check_alike([*members(ctx, old), _candidate(ctx.at(region=region), GlobalTableName)])
            regions.append(region)
        else:
            if region not in regions:
                raise errors.ReplicaNotFoundException(name=GlobalTableName, region=region)
            regions.remove(region)
    new = replace(old, regions=tuple(regions), status="UPDATING", ready=_ready(ctx))
    _part(ctx, old, new)
    _join(ctx, new)
    return {"GlobalTableDescription": _describe(ctx, new, "UPDATING")}


def found(ctx: Context, name: str) -> GlobalTable:
    """Raises: GlobalTableNotFoundException."""
    if (one := global_tables.get(ctx, name)) is None:
        raise errors.GlobalTableNotFoundException(name=name)
    return one


def members(ctx: Context, one: GlobalTable) -> Iterator[tuple[Context, Table]]:
    """Where its tables are, and they."""
    for region in one.regions:
        there = ctx.at(region=region)
        if table := tables.get(there, one.name):
            yield there, table


def status(ctx: Context, one: GlobalTable) -> str:
    return one.status if ctx.now < one.ready else "ACTIVE"


def _candidate(ctx: Context, name: str) -> tuple[Context, Table]:
    """A table that is to be joined. Raises: TableNotFoundException, ValidationException."""
    if (table := tables.get(ctx, name)) is None:
        raise errors.TableNotFoundException(name=name)
    if table.replicas:
        raise invalid(f"Table is a replica of a global table already: TableName: {name}, Region: {ctx.region}")
    if table.stream_view != groups.IMAGES:
        raise invalid(f"The stream of a replica must have the view type {groups.IMAGES}: Region: {ctx.region}")
    return ctx, table


def _check_alike(candidates: Sequence[tuple[Context, Table]]) -> None:
    """All that are to be members, old and new ones, have the same keys and no items."""
    first = candidates[0][1]
    keys = {index.name: index.key for index in first.indexes}
    for there, table in candidates:
        if table.key != first.key or {index.name: index.key for index in table.indexes} != keys:
            raise invalid(f"All replicas must have the same key schema and indexes: TableName: {table.name}")
        if (counted := stats.get(there, table.id, "")) and counted.count:
            raise invalid(f"All replicas must be empty: TableName: {table.name}, Region: {there.region}")


def _join(ctx: Context, one: GlobalTable) -> None:
    """Let every member know the others. A global table is gone with the last of them."""
    if one.regions:
        global_tables.put(ctx, one)
    else:
        global_tables.delete(ctx, one.name)
    for there, table in members(ctx, one):
        regions = [region for region in one.regions if region != there.region]
        others = {region: Replica(status="ACTIVE", created=ctx.now) for region in regions}
        tables.put(there, replace(table, replicas=others, global_version=VERSION))


def _part(ctx: Context, old: GlobalTable, new: GlobalTable) -> None:
    for there, table in members(ctx, old):
        if there.region not in new.regions:
            groups.leave(there, table)
            tables.put(there, replace(table, replicas={}, global_version=""))


def _ready(ctx: Context) -> float:
    return ctx.now + SECONDS if ctx.setting("lifecycle") == "aws" else ctx.now


def _describe(ctx: Context, one: GlobalTable, shown: str = "") -> dict[str, Any]:
    arn = Arn(partition_of(ctx.region), "dynamodb", "", ctx.account, f"global-table/{one.name}")
    return {
        "ReplicationGroup": _group(one),
        "GlobalTableArn": str(arn),
        "CreationDateTime": one.created,
        "GlobalTableStatus": shown or status(ctx, one),
        "GlobalTableName": one.name,
    }


def _group(one: GlobalTable) -> list[dict[str, str]]:
    return [{"RegionName": region} for region in one.regions]
