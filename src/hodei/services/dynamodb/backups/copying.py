"""A backup holds the items as they were when it was asked for, though copying them takes a while.

The copy goes through the items in order. What changes ahead of it is put in the backup as it was before; what is new
ahead of it leaves a hole there, which the copy does not fill.
"""

from __future__ import annotations

from itertools import islice

import msgspec

from hodei.kernel.context import Context
from hodei.services.dynamodb import changes
from hodei.services.dynamodb.changes import Cause
from hodei.services.dynamodb.encryption import keys
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import Backup, StoredItem, Table, backups, items, tables

ROWS = 500  # that one batch copies
SECONDS = 1.0  # from one batch to the next, at AWS's pace
HOLE = -1

replace = msgspec.structs.replace


def new_id(ctx: Context) -> str:
    """The last part of a backup's ARN: 01489602797149-73d8d5bc."""
    return f"{int(ctx.now * 1000):014}-{ctx.ids.hex(8)}"


def start(ctx: Context, table: Table, backup: Backup) -> None:
    backups.put(ctx, backup)
    tables.put(ctx, replace(table, copying=(*table.copying, backup.id)))
    copy(ctx, backup.table, backup.id)


@dynamodb.timer("backup")
def copy(ctx: Context, name: str, backup_id: str) -> None:
    backup, table = backups.get(ctx, name, backup_id), tables.get(ctx, name)
    if backup is None or table is None or backup.status != "CREATING":
        return
    if keys.put_off(ctx, "backup", (name, backup_id), table.table_key):
        return
    batch = list(islice(items.scan(ctx, table.id, after=(backup.partition, backup.sort)), ROWS))
    for stored in batch:
        keep(ctx, backup, stored)
    if len(batch) == ROWS:
        backups.put(ctx, replace(backup, partition=batch[-1].partition, sort=batch[-1].sort))
        pause = SECONDS if ctx.setting("lifecycle") == "aws" else 0.0
        ctx.timers.set(ctx, "backup", ctx.now + pause, name, backup_id)
        return
    backups.put(ctx, replace(backup, status="AVAILABLE", partition=b"", sort=b""))
    tables.put(ctx, replace(table, copying=tuple(one for one in table.copying if one != backup_id)))
    if backup.target:
        ctx.timers.set(ctx, "restore", ctx.now, *backup.target)


@changes.follow
def changed(ctx: Context, table: Table, old: StoredItem | None, new: StoredItem | None, cause: Cause) -> None:
    one = old or new
    if not table.copying or one is None:
        return
    for backup_id in table.copying:
        backup = backups.get(ctx, table.name, backup_id)
        if backup and backup.status == "CREATING" and (one.partition, one.sort) > (backup.partition, backup.sort):
            keep(ctx, backup, old or replace(one, item={}, size=HOLE))


def keep(ctx: Context, backup: Backup, stored: StoredItem) -> None:
    """Put an item in a backup, unless its place there is taken: by what was there before."""
    if items.get(ctx, backup.items, stored.partition, stored.sort) is None:
        items.put_under(ctx, backup.source.table_key, replace(stored, table=backup.items))
