"""Global indexes that follow their table later, as those of AWS do: with the setting `index-lag`, off by default.

What is put off is done in the order in which it was written.
"""

from __future__ import annotations

from hodei.kernel.context import Context
from hodei.services.dynamodb import entries
from hodei.services.dynamodb.encryption import keys
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import IndexEntry, Pending, Table, pendings, tables

TIMER = "indexes"


def put_off(ctx: Context, table: Table, before: IndexEntry | None, after: IndexEntry | None) -> bool:
    """Whether the change of an entry is made later: after a time up to the setting, as chance has it."""
    lag = ctx.setting("index-lag")
    if not lag:
        if ctx.timers.due(ctx, TIMER, table.name, table.id) is not None:
            _catch_up(ctx, table.name, table.id, float("inf"))  # the setting is off again
            ctx.timers.cancel(ctx, TIMER, table.name, table.id)
        return False
    last = next(pendings.scan(ctx, table.id, reverse=True), None)
    due = max(ctx.now + ctx.ids.uniform(0, lag), last.due if last else 0.0)
    number = last.number + 1 if last else 0
    pending = Pending(table=table.id, number=number, due=due, before=before, after=after)
    pendings.put_under(ctx, table.table_key, pending)
    if last is None:
        ctx.timers.set(ctx, TIMER, due, table.name, table.id)
    return True


@dynamodb.timer(TIMER)
def follow(ctx: Context, name: str, id: str) -> None:
    if (table := tables.get(ctx, name)) and keys.put_off(ctx, TIMER, (name, id), table.table_key):
        return
    _catch_up(ctx, name, id, ctx.now)
    if following := next(pendings.scan(ctx, id), None):
        ctx.timers.set(ctx, TIMER, following.due, name, id)


def _catch_up(ctx: Context, name: str, id: str, until: float) -> None:
    """Makes the changes that are due; those of a table or an index that is gone are forgotten."""
    table = tables.get(ctx, name)
    for pending in pendings.scan(ctx, id):
        if pending.due > until:
            return
        pendings.delete(ctx, id, pending.number)
        one = pending.before or pending.after
        if one and table and table.id == id and table.index(one.index):
            entries.replace(ctx, table, pending.before, pending.after)
