"""Index entries, kept with every write of an item, in the same batch.

An item has an entry in an index if it has the index's key attributes, of their types.
"""

from __future__ import annotations

from hodei.kernel.context import Context
from hodei.services.dynamodb import errors, keys
from hodei.services.dynamodb.capacity import Units, write_units
from hodei.services.dynamodb.state import (
    Collection,
    Index,
    IndexEntry,
    Stats,
    StoredItem,
    Table,
    collections,
    index_entries,
    stats,
)
from hodei.services.dynamodb.values import item_size


def update(ctx: Context, table: Table, old: StoredItem | None, new: StoredItem | None) -> Units:
    """Brings the indexes of a table to an item's new state; returns the write units that each of them consumed.

    Raises: ItemCollectionSizeLimitExceededException.
    """
    units: Units = {}
    growth = _growth(old, new)
    for index in table.indexes:
        before = entry(table, index, old) if old else None
        if before and index.status == "CREATING" and index_entries.get(ctx, *_key(before)) is None:
            before = None  # the backfill has not come to it
        after = entry(table, index, new) if new else None
        if before != after:
            units[index.name] = _replace(ctx, before, after)
            growth += _growth(before, after) if index.local else 0
    if growth and table.has_local_indexes:
        _grow(ctx, table, (new or old).partition, growth)  # type: ignore[union-attr]
    return units


def fill(ctx: Context, table: Table, index: Index, stored: StoredItem) -> None:
    """Enters an item that was there before the index was; an entry that is there already stays."""
    added = entry(table, index, stored)
    if added and index_entries.get(ctx, *_key(added)) is None:
        _replace(ctx, None, added)


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


def projected(table: Table, index: Index) -> frozenset[str] | None:
    """The names of the attributes that an index has; None for all."""
    if index.projection == "ALL":
        return None
    return frozenset((*table.key.names, *index.key.names, *index.included))


def count(ctx: Context, table: str, index: str, items: int, size: int) -> None:
    """Adds to the statistics of a table (index "") or an index."""
    if items or size:
        old = stats.get(ctx, table, index) or Stats(table=table, index=index)
        stats.put(ctx, Stats(table=table, index=index, count=old.count + items, size=old.size + size))


def _replace(ctx: Context, before: IndexEntry | None, after: IndexEntry | None) -> float:
    """Returns the write units: a changed key costs a delete and a put."""
    units = 0.0
    if before and after and _key(before) == _key(after):
        index_entries.put(ctx, after)
        units = write_units(max(before.size, after.size))
    else:
        if before:
            index_entries.delete(ctx, *_key(before))
            units += write_units(before.size)
        if after:
            index_entries.put(ctx, after)
            units += write_units(after.size)
    if one := after or before:
        count(ctx, one.table, one.index, (after is not None) - (before is not None), _growth(before, after))
    return units


def _key(entry: IndexEntry) -> tuple[str, str, bytes, bytes, bytes, bytes]:
    return entry.table, entry.index, entry.partition, entry.sort, entry.base_partition, entry.base_sort


def _growth(before: StoredItem | IndexEntry | None, after: StoredItem | IndexEntry | None) -> int:
    return (after.size if after else 0) - (before.size if before else 0)


def _grow(ctx: Context, table: Table, partition: bytes, growth: int) -> None:
    """An item collection (of a table with local indexes) has a limit that holds for what makes it grow."""
    old = collections.get(ctx, table.id, partition)
    size = (old.size if old else 0) + growth
    if growth > 0 and size > ctx.setting("item-collection-bytes"):
        raise errors.ItemCollectionSizeLimitExceededException()
    collections.put(ctx, Collection(table=table.id, partition=partition, size=size))
