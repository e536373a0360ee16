"""Requests for more: pending until the clock grants them, then what the service goes by."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from hodei.kernel.context import Context
from hodei.services.service_quotas import errors
from hodei.services.service_quotas.find import find_quota, find_quotas
from hodei.services.service_quotas.pages import MOST, page
from hodei.services.service_quotas.quotas import current
from hodei.services.service_quotas.service import service_quotas
from hodei.services.service_quotas.state import Increase, increases

HISTORY = 90 * 86400.0  # seconds that requests are listed for


@service_quotas.operation("RequestServiceQuotaIncrease")
def request_service_quota_increase(
    ctx: Context, *, ServiceCode: str, QuotaCode: str, DesiredValue: float, ContextId: str = ""
) -> dict[str, Any]:
    listed = find_quota(ctx, ServiceCode, QuotaCode)
    if ContextId:
        raise errors.NoValueInContext()
    if not listed.quota.adjustable:
        raise errors.IllegalArgument(reason="The specified quota is not adjustable.")
    if DesiredValue <= current(ctx, listed):
        raise errors.IllegalArgument(reason="You must provide a quota value greater than the current quota value")
    if any(open_.status == "PENDING" for open_ in _of_quota(ctx, ServiceCode, QuotaCode)):
        raise errors.ResourceAlreadyExists()
    increase = Increase(
        id=ctx.ids.hex(32) + ctx.ids.upper(8),
        service=listed.manifest.name,
        quota=listed.quota.key,
        service_code=ServiceCode,
        code=QuotaCode,
        desired=float(DesiredValue),
        requester=json.dumps({"accountId": ctx.account, "callerArn": ctx.principal.arn}, separators=(",", ":")),
        created=ctx.now,
        updated=ctx.now,
    )
    increases.put(ctx, increase)
    ctx.timers.set(ctx, "grant", ctx.now + ctx.setting("approval-seconds"), increase.id)
    return {"RequestedQuota": _told(ctx, increase)}


@service_quotas.timer("grant")
def grant(ctx: Context, id: str) -> None:
    if (increase := increases.get(ctx, id)) is None:
        return
    if ctx.world.quotas.at(ctx, increase.service, increase.quota) < increase.desired:
        ctx.world.quotas.set(ctx, increase.service, increase.quota, increase.desired)
    increases.put(ctx, msgspec.structs.replace(increase, status="APPROVED", updated=ctx.now))


@service_quotas.operation("GetRequestedServiceQuotaChange")
def get_requested_service_quota_change(ctx: Context, *, RequestId: str) -> dict[str, Any]:
    if (increase := increases.get(ctx, RequestId)) is None:
        raise errors.NoSuchRequest()
    return {"RequestedQuota": _told(ctx, increase)}


@service_quotas.operation("ListRequestedServiceQuotaChangeHistory")
def list_requested_service_quota_change_history(
    ctx: Context,
    *,
    ServiceCode: str = "",
    Status: str = "",
    NextToken: str = "",
    MaxResults: int = MOST,
    QuotaRequestedAtLevel: str = "ACCOUNT",
) -> dict[str, Any]:
    if ServiceCode:
        find_quotas(ctx, ServiceCode)
    found = [increase for increase in _recent(ctx) if ServiceCode in ("", increase.service_code)]
    return _history(ctx, found, Status, QuotaRequestedAtLevel, NextToken, MaxResults)


@service_quotas.operation("ListRequestedServiceQuotaChangeHistoryByQuota")
def list_requested_service_quota_change_history_by_quota(
    ctx: Context,
    *,
    ServiceCode: str,
    QuotaCode: str,
    Status: str = "",
    NextToken: str = "",
    MaxResults: int = MOST,
    QuotaRequestedAtLevel: str = "ACCOUNT",
) -> dict[str, Any]:
    find_quota(ctx, ServiceCode, QuotaCode)
    found = _of_quota(ctx, ServiceCode, QuotaCode)
    return _history(ctx, found, Status, QuotaRequestedAtLevel, NextToken, MaxResults)


def _history(ctx: Context, found: list[Increase], status: str, level: str, token: str, most: int) -> dict[str, Any]:
    shown = [one for one in found if status in ("", one.status) and level != "RESOURCE"]
    increases, more = page(ctx, shown, token, most)
    return {"RequestedQuotas": [_told(ctx, increase) for increase in increases], **more}


def _of_quota(ctx: Context, service_code: str, code: str) -> list[Increase]:
    return [one for one in _recent(ctx) if (one.service_code, one.code) == (service_code, code)]


def _recent(ctx: Context) -> list[Increase]:
    """Newest first."""
    return list(increases.by("created", ctx, start=(ctx.now - HISTORY,), reverse=True))


def _told(ctx: Context, increase: Increase) -> dict[str, Any]:
    listed = find_quota(ctx, increase.service_code, increase.code)
    return {
        "Id": increase.id,
        "RequestType": "ManualRequest",
        "ServiceCode": increase.service_code,
        "ServiceName": listed.manifest.title,
        "QuotaCode": increase.code,
        "QuotaName": listed.quota.name,
        "DesiredValue": increase.desired,
        "Status": increase.status,
        "Created": increase.created,
        "LastUpdated": increase.updated,
        "Requester": increase.requester,
        "QuotaArn": listed.arn(ctx, ctx.account),
        "GlobalQuota": listed.quota.everywhere,
        "Unit": listed.quota.unit,
        "QuotaRequestedAtLevel": "ACCOUNT",
    }
