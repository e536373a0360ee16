"""UpdateTimeToLive and DescribeTimeToLive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from hodei.kernel.context import Context
from hodei.services.dynamodb import errors, expiry
from hodei.services.dynamodb.encryption import keys
from hodei.services.dynamodb.find import described
from hodei.services.dynamodb.replication import groups
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import Table, tables
from hodei.services.dynamodb.tables.updates import check_changeable

HOUR = 3600.0  # what AWS may take
TOO_OFTEN = "Time to live has been modified multiple times within a fixed interval"

replace = msgspec.structs.replace


@dynamodb.operation("UpdateTimeToLive")
def update_time_to_live(ctx: Context, *, TableName: str, TimeToLiveSpecification: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a global table follow."""
    where, table = described(ctx, TableName)
    check_changeable(table)
    keys.check(where, table.table_key)
    for there, one in [(where, table), *groups.members(where, table)]:
        _update(there, one, TimeToLiveSpecification)
    return {"TimeToLiveSpecification": dict(TimeToLiveSpecification)}


def _update(ctx: Context, table: Table, given: Mapping[str, Any]) -> None:
    enabled, attribute = given["Enabled"], given["AttributeName"]
    _check(table, enabled, attribute)
    if enabled:
        table = replace(table, ttl_status="ENABLING", ttl_attribute=attribute, ttl_id=ctx.ids.uuid())
    else:
        table = replace(table, ttl_status="DISABLING")
    tables.put(ctx, table)
    if ctx.setting("lifecycle") == "aws":
        ctx.timers.set(ctx, "ttl", ctx.now + HOUR, table.name, table.ttl_id)
    else:
        arrive(ctx, table.name, table.ttl_id)


@dynamodb.operation("DescribeTimeToLive")
def describe_time_to_live(ctx: Context, *, TableName: str) -> dict[str, Any]:
    _, table = described(ctx, TableName)
    found = {"TimeToLiveStatus": table.ttl_status}
    if table.ttl_status != "DISABLED":
        found["AttributeName"] = table.ttl_attribute
    return {"TimeToLiveDescription": found}


@dynamodb.timer("ttl")
def arrive(ctx: Context, name: str, ttl: str) -> None:
    """ENABLING becomes ENABLED, DISABLING becomes DISABLED."""
    table = tables.get(ctx, name)
    if table is None or table.ttl_id != ttl:
        return
    if table.ttl_status == "ENABLING":
        table = replace(table, ttl_status="ENABLED")
        tables.put(ctx, table)
        expiry.start(ctx, table)
    elif table.ttl_status == "DISABLING":
        tables.put(ctx, replace(table, ttl_status="DISABLED", ttl_attribute="", ttl_id=""))
        expiry.forget(ctx, ttl)


def _check(table: Table, enabled: bool, attribute: str) -> None:
    if table.ttl_status in ("ENABLING", "DISABLING"):
        raise errors.ValidationException(TOO_OFTEN)
    if table.ttl_status == "DISABLED":
        if not enabled:
            raise errors.ValidationException("TimeToLive is already disabled")
        return
    if attribute != table.ttl_attribute:
        raise errors.ValidationException(
            f"TimeToLive is active on a different AttributeName: current AttributeName is {table.ttl_attribute}"
        )
    if enabled:
        raise errors.ValidationException("TimeToLive is already enabled")
