"""AWS's codes of services and quotas, and what of the manifests they stand for."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from hodei.kernel.arns import Arn, partition_of
from hodei.kernel.context import Context
from hodei.kernel.manifest import Manifest, Quota, all_manifests
from hodei.protocol.model import load_model
from hodei.services.service_quotas import errors

HOME = "us-east-1"  # where the quotas of global services are


@dataclass(frozen=True)
class Listed:
    """A quota that Service Quotas knows."""

    manifest: Manifest
    quota: Quota
    service_code: str

    def arn(self, ctx: Context, account: str) -> str:
        """AWS's default has no account."""
        resource = f"{self.service_code}/{self.quota.code}"
        return str(Arn(partition_of(ctx.region), "servicequotas", ctx.region, account, resource))


@functools.cache
def catalogue() -> dict[str, list[Listed]]:
    """By service code, which is the name that a service signs by; what has no quota with a code is not listed."""
    found: dict[str, list[Listed]] = {}
    for manifest in all_manifests().values():
        if any(quota.code for quota in manifest.quotas.values()):
            code = load_model(manifest.model).signing_name
            quotas = [Listed(manifest, quota, code) for quota in manifest.quotas.values() if quota.code]
            found.setdefault(code, []).extend(quotas)
    return {code: sorted(found[code], key=lambda listed: listed.quota.code) for code in sorted(found)}


def find_quotas(ctx: Context, service_code: str) -> list[Listed]:
    """Those of a service that are in this region. Raises: NoSuchService."""
    if (found := catalogue().get(service_code)) is None:
        raise errors.NoSuchService()
    return [listed for listed in found if ctx.region == HOME or not listed.quota.everywhere]


def find_quota(ctx: Context, service_code: str, code: str) -> Listed:
    """Raises: NoSuchService, NoSuchQuota."""
    for listed in find_quotas(ctx, service_code):
        if listed.quota.code == code:
            return listed
    raise errors.NoSuchQuota()
