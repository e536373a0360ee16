"""Whether DynamoDB can still use the KMS keys of tables: looked after now and then, as AWS does.

Requests meet a key that cannot be used within five minutes. The table's status follows later (on AWS 13 to 75 minutes
after the key was disabled, as others have measured), and after seven days the table becomes a backup.
"""

from __future__ import annotations

import msgspec

from hodei.kernel.context import Context
from hodei.services.dynamodb.backups.copying import new_id
from hodei.services.dynamodb.encryption import keys
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import Backup, Stats, Table, backups, stats, tables
from hodei.services.dynamodb.tables.sweeping import forget_table

PERIOD = 1800.0
ARCHIVED_AFTER = 7 * 86400.0
TIMER = "check_key"

replace = msgspec.structs.replace


def begin(ctx: Context, table: Table) -> None:
    ctx.timers.set(ctx, TIMER, ctx.now + PERIOD, table.name, table.id)


def end(ctx: Context, table: Table) -> None:
    ctx.timers.cancel(ctx, TIMER, table.name, table.id)


def put_off(ctx: Context, table_key: str, timer: str, *key: str) -> bool:
    """Whether a timer's work has to wait, because DynamoDB cannot use the key that it needs: it is set anew then."""
    if not table_key or keys.probe(ctx, table_key) is None:
        return False
    ctx.timers.set(ctx, timer, ctx.now + PERIOD, *key)
    return True


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
