"""RestoreTableFromBackup: a new table with the items, keys and indexes of a backup.

Tags, policies, streams, TTL and recovery settings are not restored, as on AWS.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

import msgspec

from hodei.kernel.context import Context
from hodei.services.dynamodb import changes, errors
from hodei.services.dynamodb.backups.backups import backup_arn, backup_of
from hodei.services.dynamodb.backups.copying import HOLE
from hodei.services.dynamodb.find import check_name
from hodei.services.dynamodb.schemas import Definition, names_of, throughput_of, used
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import Backup, Index, Restore, Table, Throughput, backups, items, restores, tables
from hodei.services.dynamodb.tables.creation import check_billing
from hodei.services.dynamodb.tables.describe import describe, table_arn
from hodei.services.dynamodb.tables.encryption import encryption_of
from hodei.services.dynamodb.values import invalid

ROWS = 500  # that one batch restores
SECONDS = 60.0  # what it takes at least, at AWS's pace

replace = msgspec.structs.replace


@dynamodb.operation("RestoreTableFromBackup")
def restore_table_from_backup(
    ctx: Context,
    *,
    TargetTableName: str,
    BackupArn: str,
    BillingModeOverride: str = "",
    GlobalSecondaryIndexOverride: Sequence[Definition] | None = None,
    LocalSecondaryIndexOverride: Sequence[Definition] | None = None,
    ProvisionedThroughputOverride: Mapping[str, int] | None = None,
    OnDemandThroughputOverride: Mapping[str, int] | None = None,
    SSESpecificationOverride: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Indexes can be left out, not added."""
    check_name(TargetTableName)
    where, backup = backup_of(ctx, BackupArn)
    if backup.status != "AVAILABLE":
        raise errors.BackupInUseException(arn=BackupArn)
    if tables.get(where, TargetTableName):
        raise errors.TableAlreadyExistsException(name=TargetTableName)
    source = backup.source
    indexes = (
        *_indexes(source, LocalSecondaryIndexOverride, local=True),
        *_indexes(source, GlobalSecondaryIndexOverride, local=False),
    )
    table = Table(
        name=TargetTableName,
        id=ctx.ids.uuid(),
        created=ctx.now,
        status="CREATING",
        key=source.key,
        attributes=used(source.attributes, source.key, indexes),
        indexes=indexes,
        on_demand=dict(OnDemandThroughputOverride or source.on_demand),
        table_class=source.table_class,
        sse=source.sse if SSESpecificationOverride is None else encryption_of(where, SSESpecificationOverride),
        restored={
            "SourceBackupArn": backup_arn(where, backup),
            "SourceTableArn": table_arn(where, source),
            "RestoreDateTime": backup.created,
            "RestoreInProgress": True,
        },
    )
    table = _paid(table, source, BillingModeOverride, ProvisionedThroughputOverride)
    _begin(where, table, backup)
    return {"TableDescription": describe(where, table)}


def _indexes(source: Table, override: Sequence[Definition] | None, *, local: bool) -> list[Index]:
    """Those of the source; with an override those that it names, which have to be the same there."""
    found = [replace(index, status="CREATING") for index in source.indexes if index.local is local]
    if override is None:
        return found
    given = {one["IndexName"]: one for one in override}
    kept = [index for index in found if index.name in given]
    if len(kept) < len(given) or any(list(i.key.names) != names_of(given[i.name]["KeySchema"]) for i in kept):
        raise invalid("Index overrides have to match indexes of the source table")
    if local:
        return kept
    return [replace(index, throughput=_units(given[index.name], index)) for index in kept]


def _units(given: Definition, index: Index) -> Throughput:
    return throughput_of(given["ProvisionedThroughput"]) if "ProvisionedThroughput" in given else index.throughput


def _paid(table: Table, source: Table, billing: str, throughput: Mapping[str, int] | None) -> Table:
    billing = billing or source.billing
    units = throughput_of(throughput) if throughput else source.throughput
    if billing == "PAY_PER_REQUEST":
        check_billing(billing, throughput or {})
        indexes = tuple(replace(index, throughput=Throughput()) for index in table.indexes)
        return replace(table, billing=billing, billing_changed=table.created, indexes=indexes)
    if not units.read:
        check_billing(billing, {})
    return replace(table, billing=billing, throughput=Throughput(read=units.read, write=units.write))


def _begin(ctx: Context, table: Table, backup: Backup) -> None:
    tables.put(ctx, table)
    restores.put(ctx, Restore(table=table.name, backup_table=backup.table, backup=backup.id))
    backups.put(ctx, replace(backup, restoring=backup.restoring + 1))
    if ctx.setting("lifecycle") == "aws":
        ctx.timers.set(ctx, "restore", ctx.now + SECONDS, table.name, table.id)
    else:
        restore(ctx, table.name, table.id)


@dynamodb.timer("restore")
def restore(ctx: Context, name: str, table_id: str) -> None:
    """Put some more items back; the table is ACTIVE when it has them all."""
    table, done = tables.get(ctx, name), restores.get(ctx, name)
    if table is None or done is None or table.id != table_id:
        return
    batch = list(islice(items.scan(ctx, done.backup, after=(done.partition, done.sort)), ROWS))
    for stored in batch:
        if stored.size != HOLE:
            changes.apply(ctx, table, None, replace(stored, table=table.id), "restore")
    if len(batch) == ROWS:
        restores.put(ctx, replace(done, partition=batch[-1].partition, sort=batch[-1].sort))
        ctx.timers.set(ctx, "restore", ctx.now, name, table_id)
        return
    restores.delete(ctx, name)
    if backup := backups.get(ctx, done.backup_table, done.backup):
        backups.put(ctx, replace(backup, restoring=backup.restoring - 1))
    indexes = tuple(replace(index, status="ACTIVE") for index in table.indexes)
    summary = {**table.restored, "RestoreInProgress": False}
    tables.put(ctx, replace(table, status="ACTIVE", indexes=indexes, restored=summary))
