"""On-demand backups: made, described, listed, deleted."""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from typing import Any

from hodei.kernel.context import Context
from hodei.services.dynamodb import errors
from hodei.services.dynamodb.backups import copying
from hodei.services.dynamodb.encryption import keys
from hodei.services.dynamodb.find import backed_up, within
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import Backup, Index, Stats, backups, stats
from hodei.services.dynamodb.tables.describe import index_summary, key_schema, table_arn
from hodei.services.dynamodb.tables.sweeping import forget_items

PAGE = 100


@dynamodb.operation("CreateBackup")
def create_backup(ctx: Context, *, TableName: str, BackupName: str) -> dict[str, Any]:
    """Of the table at this moment. The answer says CREATING; big tables are copied for a while."""
    where, table = backed_up(ctx, TableName)
    if table.status in ("CREATING", "DELETING"):
        doing = "created" if table.status == "CREATING" else "deleted"
        raise errors.TableInUseException(name=table.name, doing=doing)
    keys.check(where, table.table_key)
    counted = stats.get(where, table.id, "") or Stats(table=table.id, index="")
    backup_id = copying.new_id(ctx)
    backup = Backup(
        table=table.name,
        id=backup_id,
        items=backup_id,
        type="USER",
        name=BackupName,
        created=ctx.now,
        source=table,
        count=counted.count,
        size=counted.size,
    )
    copying.start(where, table, backup)
    return {"BackupDetails": _details(where, backup)}


@dynamodb.operation("DescribeBackup")
def describe_backup(ctx: Context, *, BackupArn: str) -> dict[str, Any]:
    return {"BackupDescription": _describe(*backup_of(ctx, BackupArn))}


@dynamodb.operation("DeleteBackup")
def delete_backup(ctx: Context, *, BackupArn: str) -> dict[str, Any]:
    where, backup = backup_of(ctx, BackupArn)
    if backup.status == "CREATING" or backup.restoring:
        raise errors.BackupInUseException(arn=BackupArn)
    backups.delete(where, backup.table, backup.id)
    forget_items(where, backup.items)
    found = _describe(where, backup)
    found["BackupDetails"]["BackupStatus"] = "DELETED"
    return {"BackupDescription": found}


@dynamodb.operation("ListBackups")
def list_backups(
    ctx: Context,
    *,
    TableName: str = "",
    Limit: int = PAGE,
    TimeRangeLowerBound: datetime | None = None,
    TimeRangeUpperBound: datetime | None = None,
    ExclusiveStartBackupArn: str = "",
    BackupType: str = "USER",
) -> dict[str, Any]:
    """Of a table, also one that is gone, or of all; the earlier first. The upper bound is exclusive."""
    low = TimeRangeLowerBound.timestamp() if TimeRangeLowerBound else 0.0
    high = TimeRangeUpperBound.timestamp() if TimeRangeUpperBound else float("inf")
    types = ("USER", "SYSTEM") if BackupType == "ALL" else (BackupType,)
    name = TableName.rpartition("/")[2]
    prefix, after = ((name,) if name else ()), None
    if ExclusiveStartBackupArn:
        _, *position = _position(ctx, ExclusiveStartBackupArn)
        after = tuple(position[len(prefix) :])
    found = (one for one in backups.scan(ctx, *prefix, after=after) if low <= one.created < high and one.type in types)
    page = list(islice(found, Limit + 1))
    answer: dict[str, Any] = {"BackupSummaries": [_summary(ctx, one) for one in page[:Limit]]}
    if len(page) > Limit:
        answer["LastEvaluatedBackupArn"] = backup_arn(ctx, page[Limit - 1])
    return answer


def backup_of(ctx: Context, arn: str) -> tuple[Context, Backup]:
    """Raises: ValidationException, BackupNotFoundException."""
    where, name, backup_id = _position(ctx, arn)
    if (backup := backups.get(where, name, backup_id)) is None or backup.type == "PITR":
        raise errors.BackupNotFoundException(arn=arn)
    return where, backup


def backup_arn(ctx: Context, backup: Backup) -> str:
    return f"{table_arn(ctx, backup.source)}/backup/{backup.id}"


def _position(ctx: Context, arn: str) -> tuple[Context, str, str]:
    """Where the backup of that ARN is, its table's name, its id. Raises: ValidationException."""
    match within(ctx, arn):
        case where, name, rest if rest.startswith("/backup/"):
            return where, name, rest.removeprefix("/backup/")
    raise errors.ValidationException("Invalid Backup ARN")


def _details(ctx: Context, backup: Backup) -> dict[str, Any]:
    found = {
        "BackupArn": backup_arn(ctx, backup),
        "BackupName": backup.name,
        "BackupSizeBytes": backup.size,
        "BackupStatus": backup.status,
        "BackupType": backup.type,
        "BackupCreationDateTime": backup.created,
    }
    return found | {"BackupExpiryDateTime": backup.expires} if backup.expires else found


def _summary(ctx: Context, backup: Backup) -> dict[str, Any]:
    source = backup.source
    subject = {"TableName": source.name, "TableId": source.id, "TableArn": table_arn(ctx, source)}
    return subject | _details(ctx, backup)


def _describe(ctx: Context, backup: Backup) -> dict[str, Any]:
    source = backup.source
    details = {
        "TableName": source.name,
        "TableId": source.id,
        "TableArn": table_arn(ctx, source),
        "TableSizeBytes": backup.size,
        "KeySchema": key_schema(source.key),
        "TableCreationDateTime": source.created,
        "ProvisionedThroughput": _units(source.throughput.read, source.throughput.write),
        "ItemCount": backup.count,
        "BillingMode": source.billing,
    }
    return {
        "BackupDetails": _details(ctx, backup),
        "SourceTableDetails": details,
        "SourceTableFeatureDetails": _features(backup),
    }


def _features(backup: Backup) -> dict[str, Any]:
    source = backup.source
    found: dict[str, Any] = {}
    for index in source.indexes:
        member = "LocalSecondaryIndexes" if index.local else "GlobalSecondaryIndexes"
        found.setdefault(member, []).append(_index(index))
    if source.stream_view:
        found["StreamDescription"] = {"StreamEnabled": True, "StreamViewType": source.stream_view}
    if source.ttl_status == "ENABLED":
        found["TimeToLiveDescription"] = {"TimeToLiveStatus": "ENABLED", "AttributeName": source.ttl_attribute}
    if source.table_key:
        found["SSEDescription"] = {"Status": "ENABLED", **source.sse}
    return found


def _index(index: Index) -> dict[str, Any]:
    units = {} if index.local else {"ProvisionedThroughput": _units(index.throughput.read, index.throughput.write)}
    return index_summary(index) | units


def _units(read: int, write: int) -> dict[str, int]:
    return {"ReadCapacityUnits": read, "WriteCapacityUnits": write}
