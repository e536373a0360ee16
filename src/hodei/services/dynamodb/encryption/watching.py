"""Whether DynamoDB can still use the KMS keys of tables: looked after now and then, as AWS does.

Requests meet a key that cannot be used within five minutes. The table's status follows later (on AWS 13 to 75 minutes
after the key was disabled, as others have measured), and after seven days the table becomes a backup.
"""

from __future__ import annotations

import msgspec

from hodei.kernel.context import Context
from hodei.services.dynamodb.backups.copying import new_id
from hodei.services.dynamodb.encryption import keys
from hodei.services.dynamodb.encryption.keys import table_keys
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import Backup, Stats, Table, backups, stats, tables
from hodei.services.dynamodb.tables.sweeping import forget_table

DAY = 86400.0
ARCHIVED_AFTER = 7 * DAY
TIMER = "check_key"

replace = msgspec.structs.replace


def begin(ctx: Context, table: Table) -> None:
    ctx.timers.set(ctx, TIMER, ctx.now + keys.LATER, table.name, table.id)


def end(ctx: Context, table: Table, table_key: str) -> None:
    """The table no longer has a key, which was this one."""
    keys.retire(ctx, table_key)
    ctx.timers.cancel(ctx, TIMER, table.name, table.id)


@dynamodb.timer(TIMER)
def check(ctx: Context, name: str, table_id: str) -> None:
    table = tables.get(ctx, name)
    if table is None or table.id != table_id or not table.table_key or table.archived:
        return
    begin(ctx, table)
    if keys.probe(ctx, table.table_key) is None:
        if table.inaccessible:
            tables.put(ctx, replace(table, inaccessible=0.0))
    elif not table.inaccessible:
        tables.put(ctx, replace(table, inaccessible=ctx.now))
    elif ctx.now >= table.inaccessible + ARCHIVED_AFTER and table.status == "ACTIVE" and not table.copying:
        _archive(ctx, table)


def _archive(ctx: Context, table: Table) -> None:
    """Its items become an on-demand backup, without being read; what else it had goes."""
    counted = stats.get(ctx, table.id, "") or Stats(table=table.id, index="")
    backup = Backup(
        table=table.name,
        id=new_id(ctx),
        items=table.id,
        type="USER",
        name=f"{table.name}$ArchivedTableBackup",
        created=ctx.now,
        source=table,
        count=counted.count,
        size=counted.size,
        status="AVAILABLE",
    )
    backups.put(ctx, backup)
    tables.put(ctx, replace(table, status="ARCHIVED", archived=backup.id))
    forget_table(ctx, table.id)


@dynamodb.timer(keys.FORGET)
def forget(ctx: Context, id: str) -> None:
    """A key goes that no table has, with the last backup that needs it."""
    key = table_keys.get(ctx, id)
    if key and any(backup.source.table_key == id for backup in backups.scan(ctx, key.table)):
        ctx.timers.set(ctx, keys.FORGET, ctx.now + DAY, id)
    else:
        table_keys.delete(ctx, id)
