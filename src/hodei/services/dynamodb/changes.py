"""The one way of every change of an item: the item, its indexes, the statistics, and those who follow changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from hodei.kernel.context import Context
from hodei.services.dynamodb import entries, indexing
from hodei.services.dynamodb.capacity import TABLE, Units, write_units
from hodei.services.dynamodb.state import StoredItem, Table, items

Cause = Literal["user", "ttl", "replication", "restore"]
Follower = Callable[[Context, Table, StoredItem | None, StoredItem | None, Cause], None]

followers: list[Follower] = []


def follow(follower: Follower) -> Follower:
    """Register what is to hear of every change, in its batch: `def f(ctx, table, old, new, cause)`."""
    followers.append(follower)
    return follower


def apply(ctx: Context, table: Table, old: StoredItem | None, new: StoredItem | None, cause: Cause = "user") -> Units:
    """Replaces what lies in a place (None: nothing) by something else; returns the write units consumed.

    Raises: ItemCollectionSizeLimitExceededException.
    """
    old_size, new_size = old.size if old else 0, new.size if new else 0
    units = {TABLE: write_units(max(old_size, new_size))}
    if new:
        items.put(ctx, new)
    elif old:
        items.delete(ctx, old.table, old.partition, old.sort)
    else:
        return units
    entries.count(ctx, table.id, TABLE, (new is not None) - (old is not None), new_size - old_size)
    if table.indexes:
        units |= indexing.update(ctx, table, old, new)
    for follower in followers:
        follower(ctx, table, old, new, cause)
    return units
