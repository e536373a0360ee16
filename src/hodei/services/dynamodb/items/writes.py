"""One write to one item: what PutItem, UpdateItem, DeleteItem, batches and transactions all ask for.

A request by itself is checked when its `Write` is made, then against its table (`place`), then against the item that is
there (`examine`): the order in which AWS refuses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.dynamodb import changes, errors, indexing, keys
from hodei.services.dynamodb.capacity import TABLE, Units, bill, write_units
from hodei.services.dynamodb.expressions.conditions import Condition
from hodei.services.dynamodb.expressions.paths import Steps
from hodei.services.dynamodb.expressions.updates import Update
from hodei.services.dynamodb.items import asked
from hodei.services.dynamodb.keys import Place
from hodei.services.dynamodb.state import Item, StoredItem, Table, items
from hodei.services.dynamodb.throttling import conflicts
from hodei.services.dynamodb.throttling.gate import spend_units
from hodei.services.dynamodb.values import ITEM_SIZE, invalid, item_size, normalise_item

Params = Mapping[str, Any]

TOO_LARGE = "Item size has exceeded the maximum allowed size"
TOO_LARGE_NOW = "Item size to update has exceeded the maximum allowed size"


class Write(NamedTuple):
    """`item` is the whole item of a Put (`size` bytes), else the key; `update` is None where nothing is to be set."""

    kind: str  # Put, Update, Delete, ConditionCheck
    item: Item
    size: int = 0
    condition: Condition | None = None
    update: Update | None = None
    show: bool = False  # the item to the client whose condition fails
    refusal: type[AwsError] = errors.ConditionalCheckFailedException  # what a condition that fails is answered with

    def place(self, table: Table) -> Place:
        """Where the item lies. Raises: ValidationException where the request does not fit the table."""
        place = keys.of_item(table, self.item) if self.kind == "Put" else keys.of_key(table, self.item)
        if self.update:
            self.update.check_keys(table.key.names)
            if table.indexes:
                keys.check_index_types(table, self.update.literals)
        if self.update or self.condition:
            keys.check_scalars(table, self.update, self.condition)
        return place


class Change(NamedTuple):
    """A write of which all is known: where, what is there, what will be, and the paths that an update touches."""

    write: Write
    table: Table
    place: Place
    old: StoredItem | None
    new: StoredItem | None
    touched: Sequence[Steps] = ()


def put(params: Params) -> Write:
    """Of PutItem, of a PutRequest, of a transaction's Put. Raises: ValidationException."""
    asked.check_exclusive(params, "ConditionExpression")
    item = normalise_item(params["Item"])
    if "" in item:
        raise invalid("Attribute names must not be empty")  # that AWS refuses is documented, its words are not
    _check_return_values(params)
    item, size = sized(item)
    return Write("Put", item, size, asked.condition(params), show=_shows(params))


def sized(item: Item) -> tuple[Item, int]:
    """An item to be put, with its bytes. Raises: ValidationException for too many."""
    size = item_size(item)
    if size > ITEM_SIZE:
        raise errors.ValidationException(TOO_LARGE)
    return item, size


def delete(params: Params) -> Write:
    """Of DeleteItem, of a DeleteRequest, of a transaction's Delete. Raises: ValidationException."""
    asked.check_exclusive(params, "ConditionExpression")
    key = normalise_item(params["Key"])
    _check_return_values(params)
    return Write("Delete", key, condition=asked.condition(params), show=_shows(params))


def check(params: Params) -> Write:
    """Of a transaction's ConditionCheck. Raises: ValidationException."""
    return delete(params)._replace(kind="ConditionCheck")


def update(params: Params) -> Write:
    """Of UpdateItem, of a transaction's Update. Raises: ValidationException."""
    asked.check_exclusive(params, "UpdateExpression", "ConditionExpression")
    key = normalise_item(params["Key"])
    change, condition = asked.update(params)
    return Write("Update", key, condition=condition, update=change, show=_shows(params))


def _check_return_values(params: Params) -> None:
    if params.get("ReturnValues", "NONE") not in ("ALL_OLD", "NONE"):
        raise errors.ValidationException("ReturnValues can only be ALL_OLD or NONE")


def _shows(params: Params) -> bool:
    return params.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"


def examine(ctx: Context, table: Table, write: Write, place: Place) -> Change:
    """What a write would do to the item that is there.

    Raises: ConditionalCheckFailedException, ValidationException for what cannot be done to this item,
    TransactionConflictException.
    """
    conflicts.check(ctx, table, place)
    old = items.get(ctx, table.id, *place)
    if write.condition and not write.condition.holds(old.item if old else None):
        ctx.metric("AWS/DynamoDB", "ConditionalCheckFailedRequests", 1, "Count", TableName=table.name)
        spend_units(ctx, table, "Write", place.partition, _unchanging(old))
        bill(ctx, table, "Write", _unchanging(old))
        shown = {"Item": old.item} if old and write.show else {}
        raise write.refusal(**shown)
    if write.kind == "Delete":
        return Change(write, table, place, old, None)
    if write.kind == "ConditionCheck":
        return Change(write, table, place, old, old)
    item, size = write.item, write.size
    touched: Sequence[Steps] = ()
    if write.kind == "Update":
        item = old.item if old else item
        if write.update:
            item, touched = write.update.apply(item, table.key.names)
            keys.check_updated(table, item)
        size = item_size(item)
        if size > ITEM_SIZE:
            raise errors.ValidationException(TOO_LARGE_NOW)
    new = StoredItem(table=table.id, partition=place.partition, sort=place.sort, item=item, size=size)
    if indexing.oversized(table, new):
        raise errors.ValidationException(TOO_LARGE_NOW if write.kind == "Update" else TOO_LARGE)
    return Change(write, table, place, old, new, touched)


def perform(ctx: Context, change: Change, times: float = 1.0) -> Units:
    """Makes the change; returns the write units that it consumes, which count `times` where capacity has an end.

    Raises: ItemCollectionSizeLimitExceededException, the errors of throttling.
    """
    if change.write.kind == "ConditionCheck" or change.old is change.new is None:
        units = _unchanging(change.old)
        spend_units(ctx, change.table, "Write", change.place.partition, units, times)
        return units
    return changes.apply(ctx, change.table, change.old, change.new, times=times)


def _unchanging(old: StoredItem | None) -> Units:
    """What a write consumes that leaves all as it is."""
    return {TABLE: write_units(old.size if old else 0)}
