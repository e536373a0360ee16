"""The past of tables with point-in-time recovery: what items were before they changed.

A table of an earlier moment is a backup into which the past since then is put first, oldest first: of each item what it
was at that moment. What did not change since is copied like any other backup.
"""

from __future__ import annotations

import math
from itertools import islice

import msgspec

from hodei.kernel.context import Context
from hodei.services.dynamodb import changes
from hodei.services.dynamodb.backups import copying
from hodei.services.dynamodb.changes import Cause
from hodei.services.dynamodb.encryption import keys
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import Backup, Past, Stats, StoredItem, Table, backups, pasts, stats, tables
from hodei.services.dynamodb.tables.sweeping import forget_items
from hodei.services.dynamodb.transfer.state import Gathered, gathered

ROWS = 1_000  # that one batch goes through
DAY = 86400.0
KEPT = 35 * DAY  # what a deleted table leaves
EXPORT_SECONDS = 300.0  # what an export takes at least, at AWS's pace

replace = msgspec.structs.replace


def start(ctx: Context, table: Table) -> None:
    """Point-in-time recovery has been switched on."""
    ctx.timers.set(ctx, "age", ctx.now + DAY, table.name, table.id)


def stop(ctx: Context, table: Table) -> Table:
    """It is about to be switched off: what is being restored first takes what it needs. Returns the table after.

    Raises: ValidationException, AccessDeniedException, if something is, and its key cannot be used.
    """
    if table.copying:
        keys.check(ctx, table.table_key)
    for backup_id in table.copying:
        while (backup := backups.get(ctx, table.name, backup_id)) and backup.status == "SEEDING":
            seed(ctx, table.name, backup_id)
    ctx.timers.cancel(ctx, "age", table.name, table.id)
    ctx.timers.set(ctx, "forget_past", ctx.now, table.id, repr(ctx.now))
    return tables.get(ctx, table.name) or table


@changes.follow
def changed(ctx: Context, table: Table, old: StoredItem | None, new: StoredItem | None, cause: Cause) -> None:
    one, at = old or new, ctx.now
    if not table.pitr or one is None or pasts.get(ctx, table.id, at, one.partition, one.sort):
        return
    past = Past(table=table.id, at=at, partition=one.partition, sort=one.sort)
    pasts.put_under(ctx, table.table_key, replace(past, item=old.item, size=old.size) if old else past)


@dynamodb.timer("age")
def age(ctx: Context, name: str, table_id: str) -> None:
    """Once a day, drop what is older than the table's recovery period."""
    table = tables.get(ctx, name)
    if table is not None and table.id == table_id and table.pitr:
        forget_past(ctx, table_id, repr(ctx.now - table.pitr_days * DAY))
        ctx.timers.set(ctx, "age", ctx.now + DAY, name, table_id)


@dynamodb.timer("forget_past")
def forget_past(ctx: Context, table_id: str, until: str) -> None:
    rows = list(islice(pasts.keys(ctx, table_id, end=(math.nextafter(float(until), math.inf),)), ROWS))
    for row in rows:
        pasts.delete(ctx, *row)
    if len(rows) == ROWS:
        ctx.timers.set(ctx, "forget_past", ctx.now, table_id, until)


# restoring


def begin(ctx: Context, table: Table, backup: Backup) -> None:
    """Make a backup of an earlier moment."""
    backups.put(ctx, backup)
    tables.put(ctx, replace(table, copying=(*table.copying, backup.id)))
    seed(ctx, table.name, backup.id)


@dynamodb.timer("seed")
def seed(ctx: Context, name: str, backup_id: str) -> None:
    """Put some more of the past in; with the end of it the copying (or an export's reading) begins, so that no change
    is lost in between."""
    backup, table = backups.get(ctx, name, backup_id), tables.get(ctx, name)
    if backup is None or table is None or backup.status != "SEEDING":
        return
    if keys.put_off(ctx, "seed", (name, backup_id), table.table_key):
        return
    after = backup.seeded or (backup.since or backup.moment,)
    batch = list(islice(pasts.scan(ctx, table.id, after=after), ROWS))
    for past in batch:
        if past.at <= backup.moment:
            gather(ctx, backup, past)
            continue
        size = copying.HOLE if past.item is None else past.size
        stored = StoredItem(
            table=backup.items, partition=past.partition, sort=past.sort, item=past.item or {}, size=size
        )
        copying.keep(ctx, backup, stored)
    if len(batch) == ROWS:
        last = batch[-1]
        backups.put(ctx, replace(backup, seeded=(last.at, last.partition, last.sort)))
        ctx.timers.set(ctx, "seed", ctx.now, name, backup_id)
        return
    backups.put(ctx, replace(backup, status="CREATING", seeded=None))
    if backup.export:
        pause = EXPORT_SECONDS if ctx.setting("lifecycle") == "aws" else 0.0
        ctx.timers.set(ctx, "export", ctx.now + pause, backup.export)
    else:
        copying.copy(ctx, name, backup_id)


def gather(ctx: Context, backup: Backup, past: Past) -> None:
    """Enter a change in the window of an incremental export: each item once, as it was before its first one."""
    found = gathered.get(ctx, backup.id, past.partition, past.sort) or Gathered(
        backup=backup.id, partition=past.partition, sort=past.sort, at=past.at, item=past.item, size=past.size
    )
    gathered.put_under(ctx, backup.source.table_key, replace(found, at=past.at))


# deleted tables


def leave(ctx: Context, table: Table) -> None:
    """A table with recovery is deleted: its items become a SYSTEM backup, for 35 days."""
    counted = stats.get(ctx, table.id, "") or Stats(table=table.id, index="")
    backup = Backup(
        table=table.name,
        id=copying.new_id(ctx),
        items=table.id,
        type="SYSTEM",
        name=f"{table.name}$DeletedTableBackup",
        created=ctx.now,
        source=table,
        count=counted.count,
        size=counted.size,
        status="AVAILABLE",
        expires=ctx.now + KEPT,
    )
    backups.put(ctx, backup)
    ctx.timers.set(ctx, "expire_backup", backup.expires, backup.table, backup.id)


@dynamodb.timer("expire_backup")
def expire(ctx: Context, name: str, backup_id: str) -> None:
    backup = backups.get(ctx, name, backup_id)
    if backup is None:
        return
    if backup.restoring:
        ctx.timers.set(ctx, "expire_backup", ctx.now + DAY, name, backup_id)
        return
    backups.delete(ctx, name, backup_id)
    forget_items(ctx, backup.items)
