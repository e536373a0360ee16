"""Service settings: those of Parameter Store."""

from __future__ import annotations

import re
from typing import Any

from hodei.kernel.context import Context
from hodei.services.ssm import errors
from hodei.services.ssm.service import ssm
from hodei.services.ssm.state import ADVANCED, INTELLIGENT, STANDARD, Setting, settings

DEFAULT_TIER = "/ssm/parameter-store/default-parameter-tier"
THROUGHPUT = "/ssm/parameter-store/high-throughput-enabled"
DEFAULTS = {DEFAULT_TIER: STANDARD, THROUGHPUT: "false"}
VALUES = {DEFAULT_TIER: (STANDARD, ADVANCED, INTELLIGENT), THROUGHPUT: ("true", "false")}
ARN = re.compile(r"arn:[^:]+:ssm:[^:]*:[0-9]*:servicesetting(/.+)")


def value(ctx: Context, id: str) -> str:
    changed = settings.get(ctx, id)
    return changed.value if changed else DEFAULTS[id]


@ssm.operation("GetServiceSetting")
def get_service_setting(ctx: Context, *, SettingId: str) -> dict[str, Any]:
    return {"ServiceSetting": _shown(ctx, id_of(SettingId))}


@ssm.operation("UpdateServiceSetting")
def update_service_setting(ctx: Context, *, SettingId: str, SettingValue: str) -> None:
    id = id_of(SettingId)
    if SettingValue not in VALUES[id]:
        raise errors.ValidationException(
            f"Invalid SettingValue: {SettingValue}. Valid values include: [{', '.join(VALUES[id])}]."
        )
    settings.put(ctx, Setting(id=id, value=SettingValue, modified=ctx.now, user=ctx.principal.arn))


@ssm.operation("ResetServiceSetting")
def reset_service_setting(ctx: Context, *, SettingId: str) -> dict[str, Any]:
    id = id_of(SettingId)
    settings.delete(ctx, id)
    return {"ServiceSetting": _shown(ctx, id)}


def id_of(given: str) -> str:
    """Raises: ServiceSettingNotFound, also for settings of what else there is in Systems Manager."""
    id = arn[1] if (arn := ARN.fullmatch(given)) else given
    if id not in DEFAULTS:
        raise errors.ServiceSettingNotFound(id=given)
    return id


def _shown(ctx: Context, id: str) -> dict[str, Any]:
    changed = settings.get(ctx, id)
    known: dict[str, Any] = {"LastModifiedUser": "System", "Status": "Default"}
    if changed:
        known = {"LastModifiedUser": changed.user, "LastModifiedDate": changed.modified, "Status": "Customized"}
    return {"SettingId": id, "SettingValue": value(ctx, id), "ARN": ctx.arn(f"servicesetting{id}"), **known}
