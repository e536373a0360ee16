"""PutItem, UpdateItem and DeleteItem."""

from __future__ import annotations

from typing import Any, TypedDict, Unpack

from hodei.kernel.context import Context
from hodei.services.dynamodb import capacity
from hodei.services.dynamodb.expressions import paths
from hodei.services.dynamodb.find import table_of
from hodei.services.dynamodb.items import writes
from hodei.services.dynamodb.items.writes import Change, Write
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import Item, StoredItem


class Reporting(TypedDict, total=False):
    """What the answer is to have."""

    ReturnValues: str
    ReturnConsumedCapacity: str
    ReturnItemCollectionMetrics: str


class Conditions(Reporting, total=False):
    """On what the write depends: an expression, or what was there before expressions."""

    Expected: dict[str, Any]
    ConditionalOperator: str
    ConditionExpression: str
    ExpressionAttributeNames: dict[str, str]
    ExpressionAttributeValues: dict[str, Any]
    ReturnValuesOnConditionCheckFailure: str


class Updates(Conditions, total=False):
    AttributeUpdates: dict[str, Any]
    UpdateExpression: str


@dynamodb.operation("PutItem")
def put_item(ctx: Context, *, TableName: str, Item: Item, **given: Unpack[Conditions]) -> dict[str, Any]:
    return _write(ctx, TableName, writes.put({"Item": Item, **given}), given)


@dynamodb.operation("DeleteItem")
def delete_item(ctx: Context, *, TableName: str, Key: Item, **given: Unpack[Conditions]) -> dict[str, Any]:
    return _write(ctx, TableName, writes.delete({"Key": Key, **given}), given)


@dynamodb.operation("UpdateItem")
def update_item(ctx: Context, *, TableName: str, Key: Item, **given: Unpack[Updates]) -> dict[str, Any]:
    """Makes the item if there is none."""
    return _write(ctx, TableName, writes.update({"Key": Key, **given}), given)


def _write(ctx: Context, name: str, write: Write, given: Reporting) -> dict[str, Any]:
    ctx, table = table_of(ctx, name)
    change = writes.examine(ctx, table, write, write.place(table))
    units = writes.perform(ctx, change)
    capacity.record(ctx, table, "Write", units)
    answer: dict[str, Any] = {}
    if attributes := attributes_of(change, given.get("ReturnValues", "NONE")):
        answer["Attributes"] = attributes
    if (mode := given.get("ReturnConsumedCapacity", "NONE")) != "NONE":
        answer["ConsumedCapacity"] = capacity.consumed(mode, name, table, units)
    if given.get("ReturnItemCollectionMetrics") == "SIZE" and table.has_local_indexes:
        answer["ItemCollectionMetrics"] = capacity.collection_metrics(ctx, table, change.place.partition, write.item)
    return answer


def attributes_of(change: Change, returned: str) -> Item | None:
    """What ReturnValues asks for; AWS leaves the member out where there is nothing."""
    if returned == "NONE":
        return None
    which, _, time = returned.partition("_")
    stored: StoredItem | None = change.old if time == "OLD" else change.new
    if stored is None:
        return None
    if which == "ALL":
        return stored.item
    return paths.pick(stored.item, paths.tree(change.touched))
