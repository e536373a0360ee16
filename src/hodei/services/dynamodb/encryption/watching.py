"""Whether DynamoDB can still use the KMS keys of tables: looked after now and then, as AWS does.

Requests meet a key that cannot be used within five minutes. The table's status follows later (on AWS 13 to 75 minutes
after the key was disabled, as others have measured); after 20 hours a member of a global table leaves it, after seven
days a table becomes a backup.
"""

from __future__ import annotations

import msgspec

from hodei.kernel.context import Context
from hodei.services.dynamodb import expiry
from hodei.services.dynamodb.backups.copying import new_id
from hodei.services.dynamodb.encryption import keys
from hodei.services.dynamodb.encryption.keys import table_keys
from hodei.services.dynamodb.replication import groups
from hodei.services.dynamodb.replication.state import outgoing
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import Backup, Stats, Table, backups, stats, tables
from hodei.services.dynamodb.tables.sweeping import forget_table

HOUR, DAY = 3600.0, 86400.0
ALONE_AFTER, ARCHIVED_AFTER = 20 * HOUR, 7 * DAY

replace = msgspec.structs.replace


@dynamodb.timer(keys.WATCH)
def check(ctx: Context, name: str, table_id: str) -> None:
    table = tables.get(ctx, name)
    if table is None or table.id != table_id or not table.table_key or table.archived:
        return
    keys.watch(ctx, name, table_id)
    if keys.probe(ctx, table.table_key) is None:
        if table.inaccessible:
            tables.put(ctx, replace(table, inaccessible=0.0))
        return
    since = table.inaccessible or ctx.now
    tables.put(ctx, replace(table, inaccessible=since))
    if table.replicas and ctx.now >= since + ALONE_AFTER:
        _part(ctx, table)
    elif ctx.now >= since + ARCHIVED_AFTER and table.status == "ACTIVE" and not table.copying:
        _archive(ctx, table)


def _part(ctx: Context, table: Table) -> None:
    """A member of a global table goes on alone; what the others have not heard of it, they no longer hear."""
    for region in table.replicas:
        outgoing.delete_all(ctx, table.id, region)
    groups.leave(ctx, table)
    tables.put(ctx, replace(table, replicas={}, global_version=""))


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
    if table.ttl_id:
        expiry.forget(ctx, table.ttl_id)
    off = {"ttl_status": "DISABLED", "ttl_attribute": "", "ttl_id": "", "pitr": 0.0}
    tables.put(ctx, replace(table, status="ARCHIVED", archived=backup.id, **off))
    forget_table(ctx, table.id)


@dynamodb.timer(keys.FORGET)
def forget(ctx: Context, id: str) -> None:
    """A key goes that no table has, with the last backup that needs it."""
    key = table_keys.get(ctx, id)
    if key and any(backup.source.table_key == id for backup in backups.scan(ctx, key.table)):
        ctx.timers.set(ctx, keys.FORGET, ctx.now + DAY, id)
    else:
        table_keys.delete(ctx, id)
