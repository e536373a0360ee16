"""How tables and indexes pass from one status to the next: at once, or at AWS's pace (setting `lifecycle`).

AWS's answers always show the status on the way. So who changes a table makes the record on the way, answers with it,
and leaves the end of the way to `begin`.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

import msgspec

from hodei.kernel.context import Context
from hodei.services.dynamodb import expiry, indexing
from hodei.services.dynamodb.backups import past
from hodei.services.dynamodb.encryption import keys
from hodei.services.dynamodb.replication import groups, seeding
from hodei.services.dynamodb.schemas import used
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import (
    Backfill,
    Index,
    Table,
    Throughput,
    backfills,
    index_entries,
    items,
    policies,
    stats,
    tables,
)
from hodei.services.dynamodb.streams import lifecycle as streams
from hodei.services.dynamodb.tables.describe import describe, table_arn
from hodei.services.dynamodb.tables.sweeping import forget_items, forget_table

SECONDS = {"CREATING": 8.0, "UPDATING": 20.0, "DELETING": 10.0}  # about what AWS takes
ROWS = 1_000  # index entries that one batch deletes
ITEMS = 250  # that one batch enters in an index

replace = msgspec.structs.replace


def begin(ctx: Context, table: Table) -> dict[str, Any]:
    """Store a table that is on its way (CREATING, UPDATING, DELETING); returns the TableDescription of AWS's answer."""
    shown = describe(ctx, table)
    if ctx.setting("lifecycle") == "aws":
        tables.put(ctx, table)
        ctx.timers.set(ctx, "arrive", ctx.now + SECONDS[table.status], table.name, table.id)
    else:
        _arrive(ctx, table)
    return shown


@dynamodb.timer("arrive")
def arrive(ctx: Context, name: str, table_id: str) -> None:
    if table := _same(ctx, name, table_id):
        _arrive(ctx, table)


def _same(ctx: Context, name: str, table_id: str) -> Table | None:
    """The table a timer was set for; None if it is gone, whoever may have its name now."""
    table = tables.get(ctx, name)
    return table if table is not None and table.id == table_id else None


def _arrive(ctx: Context, table: Table) -> None:
    match table.status:
        case "CREATING":
            indexes = tuple(replace(index, status="ACTIVE") for index in table.indexes)
            tables.put(ctx, replace(table, status="ACTIVE", indexes=indexes))
        case "UPDATING":
            table = _updated(ctx, table)
            tables.put(ctx, table)
            for index in table.indexes:
                if index.status == "CREATING":
                    backfills.put(ctx, Backfill(table=table.id, index=index.name))
                    backfill(ctx, table.name, table.id, index.name)
                elif index.status == "DELETING":
                    unfill(ctx, table.name, table.id, index.name)
            _arrive_replicas(ctx, table)
        case "DELETING":
            _drop(ctx, table)


def _arrive_replicas(ctx: Context, table: Table) -> None:
    """The members of a global table that were on their way too."""
    for region, replica in table.replicas.items():
        there = ctx.at(region=region)
        if replica.status == "CREATING":
            seeding.begin(ctx, table, region)
        elif replica.status == "UPDATING":
            groups.settle(ctx, table.name, region)
        elif replica.status == "DELETING" and (member := tables.get(there, table.name)):
            _drop(there, member)


def _updated(ctx: Context, table: Table) -> Table:
    billing = table.next_billing or table.billing
    turned = billing == "PAY_PER_REQUEST" != table.billing
    return replace(
        table,
        status="ACTIVE",
        billing=billing,
        billing_changed=ctx.now if turned else table.billing_changed,
        throughput=Throughput() if turned else table.next_throughput or table.throughput,
        next_billing="",
        next_throughput=None,
        indexes=tuple(_updated_index(index, turned) for index in table.indexes),
    )


def _updated_index(index: Index, turned: bool) -> Index:
    """`turned`: its table has become on-demand."""
    return replace(
        index,
        status="ACTIVE" if index.status == "UPDATING" else index.status,
        backfilling=index.status == "CREATING",
        throughput=Throughput() if turned else index.next_throughput or index.throughput,
        next_throughput=None,
    )


# indexes of a live table


@dynamodb.timer("backfill")
def backfill(ctx: Context, name: str, table_id: str, index_name: str) -> None:
    """Enter some more items in a new index, which is ACTIVE when it has them all."""
    table = _same(ctx, name, table_id)
    index = table.index(index_name) if table else None
    done = backfills.get(ctx, table_id, index_name)
    if table is None or index is None or done is None:
        return
    if keys.put_off(ctx, "backfill", (name, table_id, index_name), table.table_key):
        return
    batch = list(islice(items.scan(ctx, table_id, after=(done.partition, done.sort)), ITEMS))
    for stored in batch:
        indexing.fill(ctx, table, index, stored)
    if len(batch) == ITEMS:
        backfills.put(ctx, replace(done, partition=batch[-1].partition, sort=batch[-1].sort))
        ctx.timers.set(ctx, "backfill", ctx.now, name, table_id, index_name)
        return
    backfills.delete(ctx, table_id, index_name)
    ready = replace(index, status="ACTIVE", backfilling=False)
    tables.put(ctx, replace(table, indexes=tuple(ready if one is index else one for one in table.indexes)))


@dynamodb.timer("unfill")
def unfill(ctx: Context, name: str, table_id: str, index_name: str) -> None:
    """Delete some more entries of an index that is DELETING, and the index with the last ones."""
    table = _same(ctx, name, table_id)
    if table is None:
        return
    keys = list(islice(index_entries.keys(ctx, table_id, index_name), ROWS))
    for key in keys:
        index_entries.delete(ctx, *key)
    if len(keys) == ROWS:
        ctx.timers.set(ctx, "unfill", ctx.now, name, table_id, index_name)
        return
    stats.delete(ctx, table_id, index_name)
    left = tuple(index for index in table.indexes if index.name != index_name)
    tables.put(ctx, replace(table, indexes=left, attributes=used(table.attributes, table.key, left)))


# tables that go


def _drop(ctx: Context, table: Table) -> None:
    """The table is gone at once; what it had, which may be millions of items, goes bit by bit."""
    tables.delete(ctx, table.name)
    ctx.tags.set(ctx, table_arn(ctx, table), {})
    policies.delete(ctx, table_arn(ctx, table))
    if table.stream_view:
        streams.end(ctx, table)
    groups.leave(ctx, table)
    if table.table_key:
        keys.let_go(ctx, table.name, table.id, table.table_key)
    if table.ttl_id:
        expiry.forget(ctx, table.ttl_id)
    if table.pitr and not table.archived:
        past.leave(ctx, table)
    elif not table.archived:
        forget_items(ctx, table.id)
    forget_table(ctx, table.id)
