"""Index entries, kept with every write of an item, in the same batch.

An item has an entry in an index if it has the index's key attributes, of their types.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from hodei.kernel.context import Context
from hodei.services.dynamodb import entries, errors, keys, lagging
from hodei.services.dynamodb.state import (
    Collection,
    Index,
    IndexEntry,
    StoredItem,
    Table,
    collections,
)
from hodei.services.dynamodb.values import ITEM_SIZE, item_size


class Step(NamedTuple):
    """What a change of an item changes in one of the indexes, and the write units of it."""

    of: Index
    before: IndexEntry | None
    after: IndexEntry | None
    units: float


def steps(ctx: Context, table: Table, old: StoredItem | None, new: StoredItem | None) -> list[Step]:
    """What is to be done to the indexes of a table when an item changes."""
    found: list[Step] = []
    for index in table.indexes:
        before = entry(table, index, old) if old else None
        if before and index.status == "CREATING" and not entries.there(ctx, before):
            before = None  # the backfill has not come to it
        after = entry(table, index, new) if new else None
        if before != after:
            found.append(Step(index, before, after, entries.units(before, after)))
    return found


def take(ctx: Context, table: Table, old: StoredItem | None, new: StoredItem | None, planned: Sequence[Step]) -> None:
    """Takes those steps. Raises: ItemCollectionSizeLimitExceededException."""
    more = entries.growth(old, new)
    for index, before, after, _ in planned:
        more += entries.growth(before, after) if index.local else 0
        if index.local or index.status == "CREATING" or not lagging.put_off(ctx, table, before, after):
            entries.replace(ctx, table, before, after)
    if more and table.has_local_indexes:
        _grow(ctx, table, (new or old).partition, more)  # type: ignore[union-attr]


def fill(ctx: Context, table: Table, index: Index, stored: StoredItem) -> None:
    """Enters an item that was there before the index was; an entry that is there already stays."""
    added = entry(table, index, stored)
    if added and not entries.there(ctx, added):
        entries.replace(ctx, table, None, added)


def entry(table: Table, index: Index, stored: StoredItem) -> IndexEntry | None:
    """What an index has of an item; None if the item has no place in it."""
    if (place := keys.index_place(index.key, stored.item)) is None:
        return None
    item, size = stored.item, stored.size
    if (names := projected(table, index)) is not None:
        item = {name: value for name, value in item.items() if name in names}
        size = item_size(item)
    return IndexEntry(
        table=table.id,
        index=index.name,
        partition=place.partition,
        sort=place.sort,
        base_partition=stored.partition,
        base_sort=stored.sort,
        item=item,
        size=size,
    )


def oversized(table: Table, stored: StoredItem) -> bool:
    """Whether an item with its entry in one of the local indexes is larger than an item may be."""
    if stored.size <= ITEM_SIZE // 2 or not table.has_local_indexes:
        return False
    locals_ = (entry(table, index, stored) for index in table.indexes if index.local)
    return any(one is not None and stored.size + one.size > ITEM_SIZE for one in locals_)


def projected(table: Table, index: Index) -> frozenset[str] | None:
    """The names of the attributes that an index has; None for all."""
    if index.projection == "ALL":
        return None
    return frozenset((*table.key.names, *index.key.names, *index.included))


def _grow(ctx: Context, table: Table, partition: bytes, growth: int) -> None:
    """An item collection (of a table with local indexes) has a limit that holds for what makes it grow."""
    old = collections.get(ctx, table.id, partition)
    size = (old.size if old else 0) + growth
    if growth > 0 and size > ctx.setting("item-collection-bytes"):
        raise errors.ItemCollectionSizeLimitExceededException()
    collections.put(ctx, Collection(table=table.id, partition=partition, size=size))
