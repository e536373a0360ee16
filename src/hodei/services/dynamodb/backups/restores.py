"""New tables with the items, keys and indexes of a backup, or of an earlier moment of another table.

Tags, policies, streams, TTL and recovery settings are not restored, as on AWS.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, TypedDict, Unpack

import msgspec

from hodei.kernel.context import Context
from hodei.services.dynamodb import changes, errors
from hodei.services.dynamodb.backups import past
from hodei.services.dynamodb.backups.backups import backup_arn, backup_of
from hodei.services.dynamodb.backups.copying import HOLE, new_id
from hodei.services.dynamodb.encryption import keys
from hodei.services.dynamodb.encryption.specification import encrypted, under
from hodei.services.dynamodb.find import backed_up, check_name
from hodei.services.dynamodb.schemas import Definition, throughput_of, used
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.settings.recovery import earliest, latest
from hodei.services.dynamodb.state import Backup, Index, Restore, Table, Throughput, backups, items, restores, tables
from hodei.services.dynamodb.tables.creation import check_billing
from hodei.services.dynamodb.tables.describe import describe, key_schema, table_arn
from hodei.services.dynamodb.tables.sweeping import forget_items
from hodei.services.dynamodb.values import invalid

ROWS = 250  # that one batch restores
SECONDS = 60.0  # what it takes at least, at AWS's pace

replace = msgspec.structs.replace


class Overrides(TypedDict, total=False):
    """What can be had otherwise than in the source. Indexes can be left out, not added."""

    BillingModeOverride: str
    GlobalSecondaryIndexOverride: Sequence[Definition]
    LocalSecondaryIndexOverride: Sequence[Definition]
    ProvisionedThroughputOverride: Mapping[str, int]
    OnDemandThroughputOverride: Mapping[str, int]
    SSESpecificationOverride: Mapping[str, Any]


@dynamodb.operation("RestoreTableFromBackup")
def restore_table_from_backup(
    ctx: Context, *, TargetTableName: str, BackupArn: str, **overrides: Unpack[Overrides]
) -> dict[str, Any]:
    check_name(TargetTableName)
    where, backup = backup_of(ctx, BackupArn)
    if backup.status != "AVAILABLE":
        raise errors.BackupInUseException(arn=BackupArn)
    keys.check(where, backup.source.table_key)
    summary = {"SourceBackupArn": backup_arn(where, backup), "RestoreDateTime": backup.created}
    table = _target(where, TargetTableName, backup.source, summary, overrides)
    _begin(where, table, backup)
    return {"TableDescription": describe(where, table)}


@dynamodb.operation("RestoreTableToPointInTime")
def restore_table_to_point_in_time(
    ctx: Context,
    *,
    TargetTableName: str,
    SourceTableName: str = "",
    SourceTableArn: str = "",
    UseLatestRestorableTime: bool = False,
    RestoreDateTime: datetime | None = None,
    **overrides: Unpack[Overrides],
) -> dict[str, Any]:
    """To any moment between the earliest and the latest that DescribeContinuousBackups tells."""
    check_name(TargetTableName)
    if not SourceTableArn and not SourceTableName:
        raise errors.ValidationException("Exactly one of SourceTableName and SourceTableArn must be specified")
    where, source = backed_up(ctx, SourceTableArn or SourceTableName)
    if not source.pitr:
        raise errors.PointInTimeRecoveryUnavailableException(name=source.name)
    keys.check(where, source.table_key)
    moment = _moment(where, source, UseLatestRestorableTime, RestoreDateTime)
    table = _target(where, TargetTableName, source, {"RestoreDateTime": moment}, overrides)
    backup_id = new_id(ctx)
    backup = Backup(
        table=source.name,
        id=backup_id,
        items=backup_id,
        type="PITR",
        name=source.name,
        created=ctx.now,
        source=source,
        count=0,
        size=0,
        status="SEEDING",
        moment=moment,
        target=(table.name, table.id),
    )
    past.begin(where, source, backup)
    _begin(where, table, backups.get(where, source.name, backup_id) or backup)
    return {"TableDescription": describe(where, table)}


def _moment(ctx: Context, source: Table, use_latest: bool, given: datetime | None) -> float:
    if use_latest == (given is not None):
        raise errors.ValidationException("Exactly one of RestoreDateTime and UseLatestRestorableTime must be specified")
    if given is None:
        return latest(ctx, source)
    at = given.timestamp()
    # the client knows the bounds in whole seconds
    if not math.floor(earliest(ctx, source)) <= at <= math.ceil(latest(ctx, source)):
        raise errors.InvalidRestoreTimeException(
            f"The restore time is not between EarliestRestorableDateTime and LatestRestorableDateTime of {source.name}"
        )
    return at


def _target(ctx: Context, name: str, source: Table, summary: dict[str, Any], overrides: Overrides) -> Table:
    """The table that is to be restored. Raises: TableAlreadyExistsException, ValidationException."""
    if tables.get(ctx, name):
        raise errors.TableAlreadyExistsException(name=name)
    indexes = (
        *_indexes(source, overrides.get("LocalSecondaryIndexOverride"), local=True),
        *_indexes(source, overrides.get("GlobalSecondaryIndexOverride"), local=False),
    )
    encryption = overrides.get("SSESpecificationOverride")
    table = Table(
        name=name,
        id=ctx.ids.uuid(),
        created=ctx.now,
        status="CREATING",
        key=source.key,
        attributes=used(source.attributes, source.key, indexes),
        indexes=indexes,
        on_demand=dict(overrides.get("OnDemandThroughputOverride", source.on_demand)),
        table_class=source.table_class,
        restored={"SourceTableArn": table_arn(ctx, source), **summary, "RestoreInProgress": True},
    )
    if encryption is not None:
        table = encrypted(ctx, table, encryption)
    elif source.table_key:
        table = under(ctx, table, source.sse["KMSMasterKeyArn"])
    billing, units = overrides.get("BillingModeOverride", ""), overrides.get("ProvisionedThroughputOverride")
    return _paid(table, source, billing, units)


def _indexes(source: Table, override: Sequence[Definition] | None, *, local: bool) -> list[Index]:
    """Those of the source; with an override those that it names, which have to be the same there."""
    found = [replace(index, status="CREATING") for index in source.indexes if index.local is local]
    if override is None:
        return found
    given = {one["IndexName"]: one for one in override}
    kept = [index for index in found if index.name in given]
    if len(kept) < len(given) or any(key_schema(i.key) != given[i.name]["KeySchema"] for i in kept):
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
    backup = backups.get(ctx, done.backup_table, done.backup) if done else None
    if table is None or done is None or backup is None or table.id != table_id or backup.status != "AVAILABLE":
        return
    if any(keys.put_off(ctx, "restore", (name, table_id), key) for key in (backup.source.table_key, table.table_key)):
        return
    batch = list(islice(items.scan(ctx, backup.items, after=(done.partition, done.sort)), ROWS))
    for stored in batch:
        if stored.size != HOLE:
            changes.apply(ctx, table, None, replace(stored, table=table.id), "restore")
    if len(batch) == ROWS:
        restores.put(ctx, replace(done, partition=batch[-1].partition, sort=batch[-1].sort))
        ctx.timers.set(ctx, "restore", ctx.now, name, table_id)
        return
    restores.delete(ctx, name)
    if backup.type == "PITR":
        backups.delete(ctx, backup.table, backup.id)
        forget_items(ctx, backup.items)
    else:
        backups.put(ctx, replace(backup, restoring=backup.restoring - 1))
    indexes = tuple(replace(index, status="ACTIVE") for index in table.indexes)
    summary = {**table.restored, "RestoreInProgress": False}
    tables.put(ctx, replace(table, status="ACTIVE", indexes=indexes, restored=summary))
