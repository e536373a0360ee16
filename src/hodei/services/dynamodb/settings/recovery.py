"""Point-in-time recovery: switched on and off. Continuous backups themselves are always there, as AWS has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from hodei.kernel.context import Context
from hodei.services.dynamodb import errors
from hodei.services.dynamodb.backups import past
from hodei.services.dynamodb.find import backed_up
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import Table, tables

LAG = 300.0  # AWS: one can restore to about five minutes ago
DAYS = 35
DAY = 86400.0


@dynamodb.operation("UpdateContinuousBackups")
def update_continuous_backups(
    ctx: Context, *, TableName: str, PointInTimeRecoverySpecification: Mapping[str, Any]
) -> dict[str, Any]:
    """Enabled again, it keeps what it has; a shorter period forgets what is older."""
    where, table = backed_up(ctx, TableName)
    enabled = PointInTimeRecoverySpecification["PointInTimeRecoveryEnabled"]
    days = PointInTimeRecoverySpecification.get("RecoveryPeriodInDays")
    if days is not None and not enabled:
        raise errors.ValidationException(
            "RecoveryPeriodInDays can only be specified when PointInTimeRecoveryEnabled is true"
        )
    if enabled:
        if not table.pitr:
            past.start(where, table)
        table = msgspec.structs.replace(table, pitr=table.pitr or ctx.now, pitr_days=days or table.pitr_days)
    else:
        if table.pitr:
            table = past.stop(where, table)
        table = msgspec.structs.replace(table, pitr=0.0, pitr_days=DAYS)
    tables.put(where, table)
    return {"ContinuousBackupsDescription": _describe(ctx, table)}


@dynamodb.operation("DescribeContinuousBackups")
def describe_continuous_backups(ctx: Context, *, TableName: str) -> dict[str, Any]:
    _, table = backed_up(ctx, TableName)
    return {"ContinuousBackupsDescription": _describe(ctx, table)}


def earliest(ctx: Context, table: Table) -> float:
    """The first moment to which the table can be restored."""
    return max(table.pitr, ctx.now - table.pitr_days * DAY)


def latest(ctx: Context, table: Table) -> float:
    """The last one."""
    return max(earliest(ctx, table), ctx.now - LAG)


def _describe(ctx: Context, table: Table) -> dict[str, Any]:
    recovery: dict[str, Any] = {"PointInTimeRecoveryStatus": "DISABLED"}
    if table.pitr:
        recovery = {
            "PointInTimeRecoveryStatus": "ENABLED",
            "RecoveryPeriodInDays": table.pitr_days,
            "EarliestRestorableDateTime": earliest(ctx, table),
            "LatestRestorableDateTime": latest(ctx, table),
        }
    return {"ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": recovery}
