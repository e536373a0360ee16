"""Services and their quotas: what AWS's default is, and what holds here."""

from __future__ import annotations

from typing import Any

from hodei.kernel.context import Context
from hodei.services.service_quotas import errors
from hodei.services.service_quotas.find import Listed, catalogue, find_quota, find_quotas
from hodei.services.service_quotas.pages import MOST, page
from hodei.services.service_quotas.service import service_quotas

EVERY_SECOND = {"PeriodValue": 1, "PeriodUnit": "SECOND"}


@service_quotas.operation("ListServices")
def list_services(ctx: Context, *, NextToken: str = "", MaxResults: int = MOST) -> dict[str, Any]:
    services, more = page(ctx, catalogue().items(), NextToken, MaxResults)
    told = [{"ServiceCode": code, "ServiceName": quotas[0].manifest.title} for code, quotas in services]
    return {"Services": told, **more}


@service_quotas.operation("ListServiceQuotas")
def list_service_quotas(
    ctx: Context,
    *,
    ServiceCode: str,
    NextToken: str = "",
    MaxResults: int = MOST,
    QuotaCode: str = "",
    QuotaAppliedAtLevel: str = "ACCOUNT",
) -> dict[str, Any]:
    found = [listed for listed in find_quotas(ctx, ServiceCode) if QuotaCode in ("", listed.quota.code)]
    if QuotaAppliedAtLevel == "RESOURCE":
        found = []
    quotas, more = page(ctx, found, NextToken, MaxResults)
    return {"Quotas": [applied(ctx, listed) for listed in quotas], **more}


@service_quotas.operation("GetServiceQuota")
def get_service_quota(ctx: Context, *, ServiceCode: str, QuotaCode: str, ContextId: str = "") -> dict[str, Any]:
    """`ContextId` names a resource; no quota here has values of its own for resources."""
    listed = find_quota(ctx, ServiceCode, QuotaCode)
    if ContextId:
        raise errors.NoValueInContext()
    return {"Quota": applied(ctx, listed)}


@service_quotas.operation("ListAWSDefaultServiceQuotas")
def list_aws_default_service_quotas(
    ctx: Context, *, ServiceCode: str, NextToken: str = "", MaxResults: int = MOST
) -> dict[str, Any]:
    quotas, more = page(ctx, find_quotas(ctx, ServiceCode), NextToken, MaxResults)
    return {"Quotas": [default(ctx, listed) for listed in quotas], **more}


@service_quotas.operation("GetAWSDefaultServiceQuota")
def get_aws_default_service_quota(ctx: Context, *, ServiceCode: str, QuotaCode: str) -> dict[str, Any]:
    return {"Quota": default(ctx, find_quota(ctx, ServiceCode, QuotaCode))}


def applied(ctx: Context, listed: Listed) -> dict[str, Any]:
    """The quota with the value that holds in this account and region."""
    return _quota(listed, listed.arn(ctx, ctx.account), current(ctx, listed)) | {"QuotaAppliedAtLevel": "ACCOUNT"}


def current(ctx: Context, listed: Listed) -> float:
    return ctx.world.quotas.at(ctx, listed.manifest.name, listed.quota.key)


def default(ctx: Context, listed: Listed) -> dict[str, Any]:
    return _quota(listed, listed.arn(ctx, ""), listed.quota.default(ctx.region))


def _quota(listed: Listed, arn: str, value: float) -> dict[str, Any]:
    quota = listed.quota
    rate = {"Period": EVERY_SECOND} if quota.key in listed.manifest.limits else {}
    return {
        "ServiceCode": listed.service_code,
        "ServiceName": listed.manifest.title,
        "QuotaArn": arn,
        "QuotaCode": quota.code,
        "QuotaName": quota.name,
        "Value": float(value),
        "Unit": quota.unit,
        "Adjustable": quota.adjustable,
        "GlobalQuota": quota.everywhere,
        **rate,
    }
