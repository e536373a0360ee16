"""What is left of tables and backups that are gone, deleted bit by bit."""

from __future__ import annotations

from itertools import islice
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.tables import Table as Rows
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import (
    backfills,
    collections,
    destinations,
    index_entries,
    insights,
    items,
    pasts,
    pendings,
    stats,
)
from hodei.services.dynamodb.throttling.gate import peaks
from hodei.services.dynamodb.throttling.partitions import splits

ROWS = 1_000  # that one batch deletes
OF_TABLES: tuple[Rows[Any], ...] = (
    index_entries,
    pendings,
    pasts,
    collections,
    stats,
    backfills,
    insights,
    destinations,
    peaks,
    splits,
)


def forget_table(ctx: Context, table_id: str) -> None:
    """Delete all but the items."""
    ctx.timers.set(ctx, "sweep", ctx.now, table_id)


def forget_items(ctx: Context, table_id: str) -> None:
    """Delete the items of a table or a backup."""
    ctx.timers.set(ctx, "sweep_items", ctx.now, table_id)


@dynamodb.timer("sweep")
def sweep(ctx: Context, table_id: str) -> None:
    if any(_full(ctx, rows, table_id) for rows in OF_TABLES):
        forget_table(ctx, table_id)


@dynamodb.timer("sweep_items")
def sweep_items(ctx: Context, table_id: str) -> None:
    if _full(ctx, items, table_id):
        forget_items(ctx, table_id)


def _full(ctx: Context, rows: Rows[Any], table_id: str) -> bool:
    """Delete a batch; whether there may be more."""
    keys = list(islice(rows.keys(ctx, table_id), ROWS))
    for key in keys:
        rows.delete(ctx, *key)
    return len(keys) == ROWS
