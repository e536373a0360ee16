"""The one way of every change of an item: the item, its indexes, the statistics, and those who follow changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from hodei.kernel.context import Context
from hodei.services.dynamodb import billing, entries, indexing
from hodei.services.dynamodb.capacity import TABLE, Units, write_units
from hodei.services.dynamodb.indexing import Step
from hodei.services.dynamodb.state import StoredItem, Table, items
from hodei.services.dynamodb.throttling.gate import Charge, enforced, spend

Cause = Literal["user", "ttl", "replication", "restore"]
Follower = Callable[[Context, Table, StoredItem | None, StoredItem | None, Cause], None]

followers: list[Follower] = []


def follow(follower: Follower) -> Follower:
    """Register what is to hear of every change, in its batch: `def f(ctx, table, old, new, cause)`."""
    followers.append(follower)
    return follower


def apply(
    ctx: Context,
    table: Table,
    old: StoredItem | None,
    new: StoredItem | None,
    cause: Cause = "user",
    *,
    times: float = 1.0,
) -> Units:
    """Replaces what lies in a place (None: nothing) by something else; returns the write units consumed.

    The table's units are spent `times` where capacity has an end: twice in a transaction.
    Raises: ItemCollectionSizeLimitExceededException, the errors of throttling.
    """
    old_size, new_size = old.size if old else 0, new.size if new else 0
    units = {TABLE: write_units(max(old_size, new_size))}
    if (one := new or old) is None:
        return units
    planned = indexing.steps(ctx, table, old, new) if table.indexes else ()
    if cause == "user" and enforced(ctx):
        spend(ctx, table, "Write", _charges(one, units[TABLE], planned, times))
    if new:
        items.put_under(ctx, table.table_key, new)
    else:
        items.delete(ctx, one.table, one.partition, one.sort)
    entries.count(ctx, table.id, TABLE, (new is not None) - (old is not None), new_size - old_size)
    if table.indexes:
        indexing.take(ctx, table, old, new, planned)
        units |= {step.of.name: step.units for step in planned}
    for follower in followers:
        follower(ctx, table, old, new, cause)
    if cause != "user":
        billing.without_request(ctx, table, units, new_size, cause)
    return units


def _charges(one: StoredItem, units: float, planned: Sequence[Step], times: float) -> list[Charge]:
    """Local indexes live on the capacity, and in the partitions, of their table."""
    units += sum(step.units for step in planned if step.of.local)
    found = [Charge(TABLE, one.partition, units * times)]
    for index, before, after, consumed in planned:
        if not index.local and (entry := after or before):
            found.append(Charge(index.name, entry.partition, consumed))
    return found
