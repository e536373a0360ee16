"""The capacity of global tables of version 2017.11.29: writes for all replicas at once, reads for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict, Unpack

import msgspec

from hodei.kernel.context import Context
from hodei.services.dynamodb import errors
from hodei.services.dynamodb.replication import legacy
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import Index, Table, Throughput
from hodei.services.dynamodb.tables import lifecycle
from hodei.services.dynamodb.tables.updates import check_changeable

Settings = Mapping[str, Any]

AUTO_SCALING = "AutoScalingSettingsUpdate"
NO_AUTO_SCALING = {"AutoScalingDisabled": True}
NONE: Settings = {}

replace = msgspec.structs.replace


class Refused(TypedDict, total=False):
    """Parameters that are not there yet."""

    GlobalTableProvisionedWriteCapacityAutoScalingSettingsUpdate: Settings


@dynamodb.operation("DescribeGlobalTableSettings")
def describe_global_table_settings(ctx: Context, *, GlobalTableName: str) -> dict[str, Any]:
    return _answer(ctx, GlobalTableName)


@dynamodb.operation("UpdateGlobalTableSettings")
def update_global_table_settings(
    ctx: Context,
    *,
    GlobalTableName: str,
    GlobalTableBillingMode: str = "",
    GlobalTableProvisionedWriteCapacityUnits: int = 0,
    GlobalTableGlobalSecondaryIndexSettingsUpdate: Sequence[Settings] = (),
    ReplicaSettingsUpdate: Sequence[Settings] = (),
    **refused: Unpack[Refused],
) -> dict[str, Any]:
    """Raises: GlobalTableNotFoundException, ReplicaNotFoundException, IndexNotFoundException."""
    one = legacy.found(ctx, GlobalTableName)
    reads = {update["RegionName"]: update for update in ReplicaSettingsUpdate}
    writes = {update["IndexName"]: update for update in GlobalTableGlobalSecondaryIndexSettingsUpdate}
    for update in (refused, *reads.values(), *writes.values()):
        _refuse_auto_scaling(update)
    if unknown := next((region for region in reads if region not in one.regions), None):
        raise errors.ReplicaNotFoundException(name=GlobalTableName, region=unknown)
    for there, table in legacy.members(ctx, one):
        check_changeable(table)
        own = reads.get(there.region, NONE)
        changed = replace(
            table,
            status="UPDATING",
            next_billing=GlobalTableBillingMode,
            next_throughput=_throughput(
                table.throughput,
                own.get("ReplicaProvisionedReadCapacityUnits", 0),
                GlobalTableProvisionedWriteCapacityUnits,
            ),
            indexes=_indexes(table, own.get("ReplicaGlobalSecondaryIndexSettingsUpdate", ()), writes),
            table_class=own.get("ReplicaTableClass", table.table_class),
        )
        lifecycle.begin(there, changed)
    return _answer(ctx, GlobalTableName)


def _refuse_auto_scaling(update: Mapping[str, Any]) -> None:
    for name, value in update.items():
        if name.endswith(AUTO_SCALING):
            raise errors.NotImplementedParameter(parameter=name)
        if isinstance(value, list):
            for inner in value:
                _refuse_auto_scaling(inner)


def _throughput(old: Throughput, read: int, write: int) -> Throughput | None:
    """The capacity that a table or index will have; 0 leaves its part as it is."""
    return replace(old, read=read or old.read, write=write or old.write) if read or write else None


def _indexes(table: Table, own: Sequence[Settings], shared: Mapping[str, Settings]) -> tuple[Index, ...]:
    reads = {update["IndexName"]: update for update in own}
    names = {index.name for index in table.indexes if not index.local}
    if unknown := next((name for name in (*reads, *shared) if name not in names), None):
        raise errors.IndexNotFoundException(name=unknown)

    def changed(index: Index) -> Index:
        read = reads.get(index.name, NONE).get("ProvisionedReadCapacityUnits", 0)
        write = shared.get(index.name, NONE).get("ProvisionedWriteCapacityUnits", 0)
        throughput = _throughput(index.throughput, read, write)
        return replace(index, status="UPDATING", next_throughput=throughput) if throughput else index

    return tuple(changed(index) for index in table.indexes)


def _answer(ctx: Context, name: str) -> dict[str, Any]:
    one = legacy.found(ctx, name)
    settings = [_describe(there, table) for there, table in legacy.members(ctx, one)]
    return {"GlobalTableName": name, "ReplicaSettings": settings}


def _describe(ctx: Context, table: Table) -> dict[str, Any]:
    found: dict[str, Any] = {
        "RegionName": ctx.region,
        "ReplicaStatus": table.status,
        "ReplicaProvisionedReadCapacityUnits": table.throughput.read,
        "ReplicaProvisionedReadCapacityAutoScalingSettings": NO_AUTO_SCALING,
        "ReplicaProvisionedWriteCapacityUnits": table.throughput.write,
        "ReplicaProvisionedWriteCapacityAutoScalingSettings": NO_AUTO_SCALING,
    }
    if table.billing == "PAY_PER_REQUEST":
        found["ReplicaBillingModeSummary"] = {
            "BillingMode": table.billing,
            "LastUpdateToPayPerRequestDateTime": table.billing_changed,
        }
    if indexes := [_describe_index(index) for index in table.indexes if not index.local]:
        found["ReplicaGlobalSecondaryIndexSettings"] = indexes
    if table.table_class:
        found["ReplicaTableClassSummary"] = {"TableClass": table.table_class}
    return found


def _describe_index(index: Index) -> dict[str, Any]:
    return {
        "IndexName": index.name,
        "IndexStatus": index.status,
        "ProvisionedReadCapacityUnits": index.throughput.read,
        "ProvisionedReadCapacityAutoScalingSettings": NO_AUTO_SCALING,
        "ProvisionedWriteCapacityUnits": index.throughput.write,
        "ProvisionedWriteCapacityAutoScalingSettings": NO_AUTO_SCALING,
    }
