"""Entries of indexes as they lie in the store, with the statistics that go with them."""

from __future__ import annotations

from hodei.kernel.context import Context
from hodei.services.dynamodb.capacity import write_units
from hodei.services.dynamodb.state import IndexEntry, Stats, StoredItem, Table, index_entries, stats


def replace(ctx: Context, table: Table, before: IndexEntry | None, after: IndexEntry | None) -> None:
    """Puts an item's new entry (None: there is none) in the place of its old one."""
    if before and not (after and key_of(before) == key_of(after)):
        index_entries.delete(ctx, *key_of(before))
    if after:
        index_entries.put_under(ctx, table.table_key, after)
    if one := after or before:
        count(ctx, one.table, one.index, (after is not None) - (before is not None), growth(before, after))


def units(before: IndexEntry | None, after: IndexEntry | None) -> float:
    """The write units of replacing: a changed key costs a delete and a put."""
    if before and after and key_of(before) == key_of(after):
        return write_units(max(before.size, after.size))
    return sum(write_units(one.size) for one in (before, after) if one)


def there(ctx: Context, entry: IndexEntry) -> bool:
    """Whether the item has an entry in that place."""
    return index_entries.get(ctx, *key_of(entry)) is not None


def key_of(entry: IndexEntry) -> tuple[str, str, bytes, bytes, bytes, bytes]:
    return entry.table, entry.index, entry.partition, entry.sort, entry.base_partition, entry.base_sort


def growth(before: StoredItem | IndexEntry | None, after: StoredItem | IndexEntry | None) -> int:
    """By how many bytes what comes after is larger."""
    return (after.size if after else 0) - (before.size if before else 0)


def count(ctx: Context, table: str, index: str, items: int, size: int) -> None:
    """Adds to the statistics of a table (index "") or an index."""
    if items or size:
        old = stats.get(ctx, table, index) or Stats(table=table, index=index)
        stats.put(ctx, Stats(table=table, index=index, count=old.count + items, size=old.size + size))
