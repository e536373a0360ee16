"""Items read by their keys: GetItem, and what BatchGetItem and TransactGetItems read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, TypedDict, Unpack

from hodei.kernel.context import Context
from hodei.services.dynamodb import capacity, keys
from hodei.services.dynamodb.capacity import TABLE
from hodei.services.dynamodb.expressions.projections import Projection
from hodei.services.dynamodb.find import table_of
from hodei.services.dynamodb.items import asked
from hodei.services.dynamodb.keys import Place
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import Item, StoredItem, Table, items
from hodei.services.dynamodb.throttling.gate import spend_units
from hodei.services.dynamodb.values import normalise_item

Params = Mapping[str, Any]


class Projecting(TypedDict, total=False):
    """What of an item is wanted."""

    AttributesToGet: list[str]
    ProjectionExpression: str
    ExpressionAttributeNames: dict[str, str]


class Read(NamedTuple):
    """One read of one item."""

    key: Item
    projection: Projection | None

    def place(self, table: Table) -> Place:
        """Raises: ValidationException where the key does not fit the table."""
        place = keys.of_key(table, self.key)
        if self.projection:
            keys.check_scalars(table, self.projection)
        return place

    def shown(self, stored: StoredItem) -> Item:
        return self.projection.of(stored.item) if self.projection else stored.item


def read(params: Params) -> Read:
    """Of GetItem, of a transaction's Get. Raises: ValidationException."""
    asked.check_exclusive(params)
    key = normalise_item(params["Key"])
    return Read(key, asked.projection(params))


@dynamodb.operation("GetItem")
def get_item(
    ctx: Context,
    *,
    TableName: str,
    Key: Item,
    ConsistentRead: bool = False,
    ReturnConsumedCapacity: str = "NONE",
    **given: Unpack[Projecting],
) -> dict[str, Any]:
    asked_for = read({"Key": Key, **given})
    ctx, table = table_of(ctx, TableName)
    place = asked_for.place(table)
    stored = items.get(ctx, table.id, *place)
    units = {TABLE: capacity.read_units(stored.size if stored else 0, consistent=ConsistentRead)}
    spend_units(ctx, table, "Read", place.partition, units)
    capacity.record(ctx, table, "Read", units)
    answer: dict[str, Any] = {"Item": asked_for.shown(stored)} if stored else {}
    if ReturnConsumedCapacity != "NONE":
        answer["ConsumedCapacity"] = capacity.consumed(ReturnConsumedCapacity, TableName, table, units)
    return answer
