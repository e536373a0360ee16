"""How tables pass from one status to the next: at once, or at AWS's pace (setting `lifecycle`).

AWS's answers always show the status on the way. So what changes a table makes the record on the way, answers with it,
and leaves the end of the way to `begin`.
"""

from __future__ import annotations

from itertools import islice

import msgspec

from hodei.kernel.context import Context
from hodei.services.dynamodb.describe import table_arn
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import Table, index_entries, items, stats, tables

SECONDS = {"CREATING": 8.0, "UPDATING": 20.0, "DELETING": 10.0}  # about what AWS takes
SWEEP = 2_000  # rows that one timer deletes


def begin(ctx: Context, table: Table) -> Table:
    """Store a table that is on its way (CREATING, UPDATING, DELETING); returns it as AWS's answer shows it."""
    if ctx.setting("lifecycle") == "aws":
        tables.put(ctx, table)
        ctx.timers.set(ctx, "arrive", ctx.now + SECONDS[table.status], table.name, table.id)
    else:
        _arrive(ctx, table)
    return table


@dynamodb.timer("arrive")
def arrive(ctx: Context, name: str, table_id: str) -> None:
    table = tables.get(ctx, name)
    if table is not None and table.id == table_id:
        _arrive(ctx, table)


def _arrive(ctx: Context, table: Table) -> None:
    if table.status == "DELETING":
        _drop(ctx, table)
        return
    indexes = tuple(msgspec.structs.replace(index, status="ACTIVE") for index in table.indexes)
    tables.put(ctx, msgspec.structs.replace(table, status="ACTIVE", indexes=indexes))


def _drop(ctx: Context, table: Table) -> None:
    """The table is gone at once; its items, which may be millions, go bit by bit."""
    tables.delete(ctx, table.name)
    stats.delete_all(ctx, table.id)
    ctx.tags.set(ctx, table_arn(ctx, table), {})
    ctx.timers.set(ctx, "sweep", ctx.now, table.id)


@dynamodb.timer("sweep")
def sweep(ctx: Context, table_id: str) -> None:
    """Delete what is left of a table that is gone."""
    for rows in (items, index_entries):
        keys = list(islice(rows.keys(ctx, table_id), SWEEP))
        for key in keys:
            rows.delete(ctx, *key)
        if len(keys) == SWEEP:
            ctx.timers.set(ctx, "sweep", ctx.now, table_id)
            return
