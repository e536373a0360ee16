"""UpdateTable: one change of a table at a time, as AWS allows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Unpack

import msgspec

from hodei.kernel.context import Context
from hodei.services.dynamodb import errors
from hodei.services.dynamodb.encryption import changing
from hodei.services.dynamodb.encryption.keys import MANAGED
from hodei.services.dynamodb.encryption.specification import key_in
from hodei.services.dynamodb.find import described
from hodei.services.dynamodb.replication import groups
from hodei.services.dynamodb.schemas import Definition, attributes_of, check_throughput
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import Table, Throughput, tables
from hodei.services.dynamodb.tables import lifecycle
from hodei.services.dynamodb.tables.creation import NO_UNITS
from hodei.services.dynamodb.tables.describe import describe
from hodei.services.dynamodb.tables.indexes import check_updates, updated
from hodei.services.dynamodb.tables.refused import RefusedOfUpdates, refuse
from hodei.services.dynamodb.tables.streams import stream_changed
from hodei.services.dynamodb.tables.throughput import changed
from hodei.services.dynamodb.values import invalid

NOTHING = (
    "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or "
    "SSESpecification or ReplicaUpdates is required"
)

replace = msgspec.structs.replace


@dynamodb.operation("UpdateTable")
def update_table(
    ctx: Context,
    *,
    TableName: str,
    AttributeDefinitions: Sequence[Definition] = (),
    BillingMode: str = "",
    ProvisionedThroughput: Mapping[str, int] | None = None,
    GlobalSecondaryIndexUpdates: Sequence[Definition] = (),
    StreamSpecification: Mapping[str, Any] | None = None,
    SSESpecification: Mapping[str, Any] | None = None,
    TableClass: str = "",
    DeletionProtectionEnabled: bool | None = None,
    OnDemandThroughput: Mapping[str, int] | None = None,
    WarmThroughput: Mapping[str, int] | None = None,
    ReplicaUpdates: Sequence[Mapping[str, Any]] = (),
    MultiRegionConsistency: str = "",
    **refused: Unpack[RefusedOfUpdates],
) -> dict[str, Any]:
    """The answer shows the table UPDATING, still with its old capacity; deletion protection is changed at once."""
    refuse(refused)
    on_the_way = (
        BillingMode,
        ProvisionedThroughput,
        GlobalSecondaryIndexUpdates,
        StreamSpecification,
        TableClass,
        OnDemandThroughput,
        WarmThroughput,
        ReplicaUpdates,
    )
    if DeletionProtectionEnabled is None and SSESpecification is None and not any(on_the_way):
        raise errors.ValidationException(NOTHING)
    if BillingMode == "PROVISIONED" and ProvisionedThroughput is None:
        raise invalid("ProvisionedThroughput must be specified when BillingMode is PROVISIONED")
    check_throughput(ProvisionedThroughput)
    check_updates(GlobalSecondaryIndexUpdates)
    where, table = described(ctx, TableName)
    check_changeable(table)
    before = groups.shared(table)
    table = _with_capacity(where, table, BillingMode, ProvisionedThroughput, GlobalSecondaryIndexUpdates)
    billing = BillingMode or table.billing
    table = updated(where, table, GlobalSecondaryIndexUpdates, attributes_of(AttributeDefinitions), billing)
    if StreamSpecification is not None:
        table = stream_changed(where, table, StreamSpecification)
    table = replace(
        table,
        protected=table.protected if DeletionProtectionEnabled is None else DeletionProtectionEnabled,
        table_class=TableClass or table.table_class,
        class_changed=ctx.now if TableClass else table.class_changed,
        on_demand={**table.on_demand, **(OnDemandThroughput or {})},
        warm={**table.warm, **(WarmThroughput or {})},
    )
    if groups.shared(table) != before:
        _update_members(where, table)
    if SSESpecification is not None:
        table, ReplicaUpdates = _rekeyed(where, table, SSESpecification, ReplicaUpdates)
    table = groups.changed(where, table, ReplicaUpdates, MultiRegionConsistency)
    if any(on_the_way):
        answer = lifecycle.begin(where, replace(table, status="UPDATING"))
    else:
        tables.put(where, table)
        answer = describe(where, table)
    if SSESpecification is not None:
        for there, member in ((where, table), *groups.members(where, table)):
            changing.begin(there, member)
    return {"TableDescription": answer}


def check_changeable(table: Table) -> None:
    """Raises: ResourceInUseException while another change is under way."""
    words = {"CREATING": "created", "UPDATING": "updated", "DELETING": "deleted"}
    if word := words.get(table.status):
        raise errors.ResourceInUseException(
            f"Attempt to change a resource which is still in use: Table is being {word}: {table.name}"
        )


def _update_members(ctx: Context, table: Table) -> None:
    """The other members of a global table follow."""
    for there, member, following in groups.followed(ctx, table):
        check_changeable(member)
        lifecycle.begin(there, following)


def _rekeyed(
    ctx: Context, table: Table, given: Mapping[str, Any], updates: Sequence[Mapping[str, Any]]
) -> tuple[Table, Sequence[Mapping[str, Any]]]:
    """The table on its way to another KMS key, and all members of a global table with it, which are stored.

    Customers' keys for these are in ReplicaUpdates, of which the rest is returned.
    """
    own = {
        one["Update"]["RegionName"]: one["Update"][groups.KEY] for one in updates if groups.KEY in one.get("Update", ())
    }
    key = key_in(given)
    for there, member in groups.members(ctx, table):
        follows = given
        if key and not key.endswith(MANAGED):
            if there.region not in own:
                raise invalid(groups.KEY_MISSING)
            follows = {**given, groups.KEY: own[there.region]}
        tables.put(there, changing.change(there, member, follows, replica=True))
    left = [
        one
        if one.get("Update", {}).get("RegionName") not in own
        else {"Update": {name: value for name, value in one["Update"].items() if name != groups.KEY}}
        for one in updates
    ]
    return changing.change(ctx, table, given), left


def _with_capacity(
    ctx: Context, table: Table, billing: str, throughput: Mapping[str, int] | None, updates: Sequence[Definition]
) -> Table:
    """The table on its way to another billing mode or provisioned capacity. Raises: ValidationException."""
    if throughput and (billing or table.billing) == "PAY_PER_REQUEST":
        raise invalid(NO_UNITS)
    if billing == "PROVISIONED" != table.billing:
        _check_all_provisioned(table, updates)
    if not throughput:
        return replace(table, next_billing=billing)
    old = table.throughput if table.billing == "PROVISIONED" else Throughput()
    return replace(table, next_billing=billing, next_throughput=changed(ctx, old, throughput))


def _check_all_provisioned(table: Table, updates: Sequence[Definition]) -> None:
    """A table that leaves on-demand mode needs capacity for all its indexes, too."""
    given = {one["IndexName"] for update in updates for one in update.values()}
    for index in table.indexes:
        if not index.local and index.name not in given:
            raise invalid(f"ProvisionedThroughput must be specified for index: {index.name}")
