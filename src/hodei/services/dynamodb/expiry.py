"""Time to live: expired items go, by a timer for the earliest of them.

Every item with a good expiry time has a row in `expiries` while its table has TTL; items that were there before it was
switched on are entered bit by bit.
"""

from __future__ import annotations

import math
from itertools import islice

import msgspec

from hodei.kernel.context import Context
from hodei.services.dynamodb import changes
from hodei.services.dynamodb.changes import Cause
from hodei.services.dynamodb.encryption import keys
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import Backfill, Expiry, StoredItem, Table, backfills, expiries, items, tables

ROWS = 250  # that one batch goes through
TOO_OLD = 5 * 365.25 * 86400  # what expired longer ago was no expiry time, AWS supposes
NO_INDEX = ""
LATER = 3600.0


def start(ctx: Context, table: Table) -> None:
    """Enter the items that are there, now that TTL is ENABLED. `ttl_id` is new."""
    backfills.put(ctx, Backfill(table=table.id, index=NO_INDEX))
    enter(ctx, table.name, table.ttl_id)


@dynamodb.timer("enter")
def enter(ctx: Context, name: str, ttl: str) -> None:
    table = _living(ctx, name, ttl)
    done = backfills.get(ctx, table.id, NO_INDEX) if table else None
    if table is None or done is None or keys.put_off(ctx, "enter", (name, ttl), table.table_key):
        return
    batch = list(islice(items.scan(ctx, table.id, after=(done.partition, done.sort)), ROWS))
    for stored in batch:
        _enter(ctx, table, _row(ctx, table, stored))
    if len(batch) == ROWS:
        last = batch[-1]
        backfills.put(ctx, msgspec.structs.replace(done, partition=last.partition, sort=last.sort))
        ctx.timers.set(ctx, "enter", ctx.now, name, ttl)
    else:
        backfills.delete(ctx, table.id, NO_INDEX)


@changes.follow
def changed(ctx: Context, table: Table, old: StoredItem | None, new: StoredItem | None, cause: Cause) -> None:
    """Keep an item's row as the item changes."""
    if table.ttl_status != "ENABLED":
        return
    before = _row(ctx, table, old) if old else None
    after = _row(ctx, table, new) if new else None
    if before == after:
        return
    if before:
        expiries.delete(ctx, before.ttl, before.at, before.partition, before.sort)
    _enter(ctx, table, after)


@dynamodb.timer("expire")
def expire(ctx: Context, name: str, ttl: str) -> None:
    """Delete what has expired, then wait for what expires next."""
    table = _living(ctx, name, ttl)
    if table is None or keys.put_off(ctx, "expire", (name, ttl), table.table_key):
        return
    until = math.nextafter(ctx.now - _delay(ctx, table), math.inf)
    due = list(islice(expiries.scan(ctx, ttl, end=(until,)), ROWS))
    for row in due:
        expiries.delete(ctx, row.ttl, row.at, row.partition, row.sort)
        if stored := items.get(ctx, table.id, row.partition, row.sort):
            changes.apply(ctx, table, stored, None, "ttl")
    if due:
        ctx.metric("AWS/DynamoDB", "TimeToLiveDeletedItemCount", len(due), "Count", TableName=name)
    if following := next(expiries.scan(ctx, ttl), None):
        _wake(ctx, table, following.at)


def forget(ctx: Context, ttl: str) -> None:
    """Drop the rows of a TTL that is switched off, bit by bit."""
    ctx.timers.set(ctx, "forget", ctx.now, ttl)


@dynamodb.timer("forget")
def forget_more(ctx: Context, ttl: str) -> None:
    rows = list(islice(expiries.keys(ctx, ttl), ROWS))
    for row in rows:
        expiries.delete(ctx, *row)
    if len(rows) == ROWS:
        forget(ctx, ttl)


def _living(ctx: Context, name: str, ttl: str) -> Table | None:
    """The table whose TTL a timer was set for; None if that is over."""
    table = tables.get(ctx, name)
    return table if table is not None and table.ttl_id == ttl and table.ttl_status == "ENABLED" else None


def _row(ctx: Context, table: Table, stored: StoredItem) -> Expiry | None:
    """None for an item that never expires: its attribute is missing, no number, or longer past than AWS believes."""
    number = stored.item.get(table.ttl_attribute, {}).get("N")
    if number is None or (at := float(number)) < ctx.now - TOO_OLD:
        return None
    return Expiry(ttl=table.ttl_id, at=at, partition=stored.partition, sort=stored.sort)


def _enter(ctx: Context, table: Table, row: Expiry | None) -> None:
    if row:
        expiries.put(ctx, row)
        _wake(ctx, table, row.at)


def _delay(ctx: Context, table: Table) -> float:
    """Of the members of a global table one deletes and the others hear of it; if they do not, they do it themselves."""
    delay: float = ctx.setting("ttl-delay")
    return delay + LATER if any(region < ctx.region for region in table.replicas) else delay


def _wake(ctx: Context, table: Table, at: float) -> None:
    at = max(ctx.now, at + _delay(ctx, table))
    due = ctx.timers.due(ctx, "expire", table.name, table.ttl_id)
    if due is None or at < due:
        ctx.timers.set(ctx, "expire", at, table.name, table.ttl_id)
