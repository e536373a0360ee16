"""Global secondary indexes of a live table: added, changed, deleted by UpdateTable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.dynamodb import errors
from hodei.services.dynamodb.schemas import (
    Definition,
    check_global_schema,
    check_projection,
    check_throughput,
    index_of,
    names_of,
)
from hodei.services.dynamodb.state import Index, Table
from hodei.services.dynamodb.tables.creation import MOST_GLOBAL
from hodei.services.dynamodb.tables.throughput import changed
from hodei.services.dynamodb.values import invalid

ACTIONS = ("Update", "Create", "Delete")
CHOICES = ", ".join(f"GlobalSecondaryIndexUpdate.{action}" for action in ACTIONS)

replace = msgspec.structs.replace


def check_updates(updates: Sequence[Definition]) -> None:
    """What is wrong with GlobalSecondaryIndexUpdates whatever the table. Raises: ValidationException and others."""
    names = []
    for update in updates:
        given = [action for action in ACTIONS if action in update]
        if not given:
            raise invalid(f"One of {CHOICES} must not be null")
        if len(given) > 1:
            raise invalid(f"Only one of {CHOICES} may not be null")
        names.append(update[given[0]]["IndexName"])
        check_throughput(update[given[0]].get("ProvisionedThroughput"), names[-1])
    if repeated := next((name for name in names if names.count(name) > 1), None):
        raise invalid(f"Only one global secondary index update per index is allowed simultaneously. Index: {repeated}")
    if sum("Update" not in update for update in updates) > 1:
        raise online_limit()


def online_limit() -> AwsError:
    return errors.LimitExceededException(
        "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table"
    )


def updated(
    ctx: Context, table: Table, updates: Sequence[Definition], definitions: Mapping[str, str], billing: str
) -> Table:
    """The table with its indexes on their way to what the checked `updates` want.

    `definitions` are the request's AttributeDefinitions, `billing` how the table will be paid for.
    """
    for update in updates:
        ((action, given),) = update.items()
        index = table.index(given["IndexName"])
        if action == "Create":
            table = _created(table, index, given, definitions, billing)
        elif index is None or index.local:
            raise errors.ResourceNotFoundException()
        elif action == "Delete":
            table = _deleted(table, index)
        else:
            table = _with(table, _changed(ctx, index, given, billing))
    return table


def _with(table: Table, changed: Index) -> Table:
    return replace(table, indexes=tuple(changed if index.name == changed.name else index for index in table.indexes))


def _created(
    table: Table, index: Index | None, given: Definition, definitions: Mapping[str, str], billing: str
) -> Table:
    if index is not None:
        raise errors.ValidationException("Attempting to create an index which already exists")
    _check_new(given, definitions, billing)
    _check_no_other(table)
    used = {name: definitions[name] for name in names_of(given["KeySchema"])}
    if any(table.attributes.get(name, kind) != kind for name, kind in used.items()):
        raise invalid(
            "Attributes cannot be redefined. Please check that your attribute has the same type as previously defined."
        )
    if sum(not one.local for one in table.indexes) >= MOST_GLOBAL:
        raise errors.LimitExceededException(
            f"Subscriber limit exceeded: Number of global secondary indexes exceeds per-table limit of {MOST_GLOBAL}"
        )
    attributes = {**table.attributes, **used}
    added = index_of(given, attributes, local=False, status="CREATING")
    return replace(table, attributes=attributes, indexes=(*table.indexes, added))


def _check_new(given: Definition, definitions: Mapping[str, str], billing: str) -> None:
    name, throughput = given["IndexName"], given.get("ProvisionedThroughput")
    check_global_schema(given["KeySchema"])
    if not all(one in definitions for one in names_of(given["KeySchema"])):
        # even of attributes that the table has defined already
        raise errors.ValidationException("Invalid KeySchema: Some index key attribute have no definition")
    check_projection(given["Projection"])
    if billing == "PROVISIONED" and not throughput:
        raise invalid(f"Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: {name}")
    if billing == "PAY_PER_REQUEST" and throughput:
        raise invalid(no_units(name))


def no_units(index: str) -> str:
    return (
        f"Neither ReadCapacityUnits nor WriteCapacityUnits can be specified for index: {index} "
        "when BillingMode is PAY_PER_REQUEST"
    )


def _deleted(table: Table, index: Index) -> Table:
    if index.status == "DELETING":
        raise errors.ResourceInUseException(
            "Attempt to change a resource which is still in use: Index is being deleted.  "
            f"Table: {table.name} Index: {index.name}"
        )
    _check_no_other(table, index)
    return _with(table, replace(index, status="DELETING", backfilling=False))


def _check_no_other(table: Table, this: Index | None = None) -> None:
    """One index of a table at a time is made or deleted; one that is being made can be deleted."""
    if any(index.status in ("CREATING", "DELETING") for index in table.indexes if index is not this):
        raise online_limit()


def _changed(ctx: Context, index: Index, given: Definition, billing: str) -> Index:
    throughput = given.get("ProvisionedThroughput")
    if throughput and billing == "PAY_PER_REQUEST":
        raise invalid(no_units(index.name))
    return replace(
        index,
        status="UPDATING",
        next_throughput=changed(ctx, index.throughput, throughput, index.name) if throughput else None,
        on_demand={**index.on_demand, **given.get("OnDemandThroughput", {})},
        warm={**index.warm, **given.get("WarmThroughput", {})},
    )
