"""How writes travel: kept in a durable queue for each region that is to hear of them, and made there when due.

The last writer wins, by the time of the write; of two writes at one moment that of the greater region name.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

import msgspec

from hodei.kernel.context import Context
from hodei.kernel.tables import Table as Rows
from hodei.services.dynamodb import changes
from hodei.services.dynamodb.changes import Cause
from hodei.services.dynamodb.encryption import keys
from hodei.services.dynamodb.replication import authority
from hodei.services.dynamodb.replication.state import Outgoing, Version, outgoing, seedings, versions
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import Item, StoredItem, Table, items, tables

DAY = 86400.0
ROWS = 250  # that one batch sends
FORGOTTEN = 1_000  # that one batch deletes
DENIED_SECONDS = 60.0  # until it is tried again, where a policy denies it
OF_TABLES: tuple[Rows[Any], ...] = (versions, outgoing, seedings)


@changes.follow
def changed(ctx: Context, table: Table, old: StoredItem | None, new: StoredItem | None, cause: Cause) -> None:
    one = new or old
    if not table.replicas or cause == "replication" or one is None:
        return
    last = versions.get(ctx, table.id, one.partition, one.sort)
    at = max(int(ctx.now * 1_000_000), last.at + 1 if last else 0)
    version = Version(table=table.id, partition=one.partition, sort=one.sort, at=at, region=ctx.region)
    _keep(ctx, last, version, deleted=new is None)
    for region, replica in table.replicas.items():
        if replica.status != "DELETING":
            _send(ctx, table, region, version, new)


def _keep(ctx: Context, old: Version | None, version: Version, *, deleted: bool) -> None:
    """With each item that is deleted two that have been so for long are forgotten: so there are never many of them."""
    if deleted:
        version = msgspec.structs.replace(version, deleted=ctx.now)
        for one in islice(versions.by("deleted", ctx, version.table, end=(ctx.now - DAY,)), 2):
            versions.delete(ctx, one.table, one.partition, one.sort)
    versions.put(ctx, version, old=old)


def _send(ctx: Context, table: Table, region: str, version: Version, new: StoredItem | None) -> None:
    last = next(outgoing.scan(ctx, table.id, region, reverse=True), None)
    due = max(ctx.now + ctx.setting("replication-lag"), last.due if last else 0.0)
    sent = Outgoing(
        table=table.id,
        to=region,
        number=last.number + 1 if last else 0,
        due=due,
        written=ctx.now,
        version=version,
        item=new.item if new else None,
        size=new.size if new else 0,
    )
    outgoing.put_under(ctx, table.table_key, sent)
    if last is None:
        ctx.timers.set(ctx, "replicate", due, table.name, table.id, region)


@dynamodb.timer("replicate")
def replicate(ctx: Context, name: str, table_id: str, region: str) -> None:
    """Make in a region what is due there; what it has no table for any more is forgotten."""
    there = ctx.at(region=region)
    source, target = tables.get(ctx, name), tables.get(there, name)
    if (source and authority.stopped(ctx, source)) or (target and authority.stopped(there, target)):
        ctx.timers.set(ctx, "replicate", ctx.now + DENIED_SECONDS, name, table_id, region)
        return
    for place, table in ((ctx, source), (there, target)):
        if table and keys.put_off(ctx, "replicate", (name, table_id, region), table.table_key, at=place):
            return
    for sent in islice(outgoing.scan(ctx, table_id, region), ROWS):
        if sent.due > ctx.now:
            break
        _deliver(ctx, there, target, sent)
    if following := next(outgoing.scan(ctx, table_id, region), None):
        ctx.timers.set(ctx, "replicate", max(ctx.now, following.due), name, table_id, region)


def _deliver(ctx: Context, there: Context, target: Table | None, sent: Outgoing) -> None:
    outgoing.delete(ctx, sent.table, sent.to, sent.number)
    if target and ctx.region in target.replicas and target.status != "DELETING":
        receive(there, target, sent.version, sent.item, sent.size)
        latency = (ctx.now - sent.written) * 1000
        names = {"TableName": target.name, "ReceivingRegion": sent.to}
        ctx.metric("AWS/DynamoDB", "ReplicationLatency", latency, "Milliseconds", **names)


def share(ctx: Context, table: Table, known: str, new: str) -> None:
    """What a member has yet to hear of goes to a new one too, whose items will be copied from the former."""
    first: Outgoing | None = None
    for sent in outgoing.scan(ctx, table.id, known):
        outgoing.put_under(ctx, table.table_key, msgspec.structs.replace(sent, to=new))
        first = first or sent
    if first:
        ctx.timers.set(ctx, "replicate", first.due, table.name, table.id, new)


def part(ctx: Context, table: Table) -> None:
    """Before a member leaves the others hear all that it has written. Nothing more is sent to it."""
    for region in table.replicas:
        there = ctx.at(region=region)
        target = tables.get(there, table.name)
        for sent in outgoing.scan(ctx, table.id, region):
            _deliver(ctx, there, target, sent)
        if target:
            outgoing.delete_all(there, target.id, ctx.region)
            ctx.timers.cancel(there, "replicate", target.name, target.id, ctx.region)
    forget(ctx, table.id)


def receive(ctx: Context, table: Table, version: Version, item: Item | None, size: int) -> None:
    """Make a write of another region in this one's table, unless a later one has been made here already."""
    place = (table.id, version.partition, version.sort)
    here = versions.get(ctx, *place)
    if here and here.rank >= version.rank:
        return
    _keep(ctx, here, msgspec.structs.replace(version, table=table.id), deleted=item is None)
    new = None
    if item is not None:
        new = StoredItem(table=table.id, partition=version.partition, sort=version.sort, item=item, size=size)
    changes.apply(ctx, table, items.get(ctx, *place), new, "replication")


@dynamodb.timer("forget_replication")
def forget(ctx: Context, table_id: str) -> None:
    """Drop what was kept for a table that is no longer global, bit by bit."""
    more = False
    for rows in OF_TABLES:
        keys = list(islice(rows.keys(ctx, table_id), FORGOTTEN))
        for key in keys:
            rows.delete(ctx, *key)
        more = more or len(keys) == FORGOTTEN
    if more:
        ctx.timers.set(ctx, "forget_replication", ctx.now, table_id)
