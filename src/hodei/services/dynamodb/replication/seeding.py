"""A new member of a global table gets the items that are there."""

from __future__ import annotations

from itertools import islice

import msgspec

from hodei.kernel.context import Context
from hodei.services.dynamodb.encryption import keys
from hodei.services.dynamodb.replication import groups, queue
from hodei.services.dynamodb.replication.state import Seeding, Version, seedings, versions
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import StoredItem, Table, items, tables

ROWS = 250  # that one batch copies

replace = msgspec.structs.replace


def begin(ctx: Context, table: Table, region: str) -> None:
    """Into the member in that region, which is CREATING."""
    seedings.put(ctx, Seeding(table=table.id, to=region))
    seed(ctx, table.name, table.id, region)


@dynamodb.timer("seed_replica")
def seed(ctx: Context, name: str, table_id: str, region: str) -> None:
    """Copy some more items into a new member, which is ACTIVE when it has them all."""
    there = ctx.at(region=region)
    table, target, done = tables.get(ctx, name), tables.get(there, name), seedings.get(ctx, table_id, region)
    if table is None or target is None or done is None or table.id != table_id or region not in table.replicas:
        return
    sides = ((ctx, table.table_key), (there, target.table_key))
    if any(keys.put_off(ctx, "seed_replica", (name, table_id, region), key, at=place) for place, key in sides):
        return
    batch = list(islice(items.scan(ctx, table_id, after=(done.partition, done.sort)), ROWS))
    for stored in batch:
        queue.receive(there, target, _version(ctx, stored), stored.item, stored.size)
    if len(batch) == ROWS:
        seedings.put(ctx, replace(done, partition=batch[-1].partition, sort=batch[-1].sort))
        ctx.timers.set(ctx, "seed_replica", ctx.now, name, table_id, region)
        return
    seedings.delete(ctx, table_id, region)
    indexes = tuple(replace(one, status="ACTIVE") for one in target.indexes)
    tables.put(there, replace(target, status="ACTIVE", indexes=indexes))
    groups.settle(ctx, name, region)


def _version(ctx: Context, stored: StoredItem) -> Version:
    """Of an item from before its table was global: older than all."""
    found = versions.get(ctx, stored.table, stored.partition, stored.sort)
    return found or Version(table=stored.table, partition=stored.partition, sort=stored.sort, at=0, region="")
