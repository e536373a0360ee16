"""Services that the organization trusts with all its accounts."""

from __future__ import annotations

from typing import Any

from hodei.kernel.context import Context
from hodei.services.organizations import errors, find, pages, tree
from hodei.services.organizations.service import organizations
from hodei.services.organizations.state import ServiceAccess, service_accesses


def check_principal(service: str) -> None:
    if not service.endswith(".amazonaws.com"):
        raise errors.InvalidInput(
            "You specified a service principal that isn't recognized.", Reason="UNRECOGNIZED_SERVICE_PRINCIPAL"
        )


@organizations.operation("EnableAWSServiceAccess")
def enable_aws_service_access(ctx: Context, *, ServicePrincipal: str) -> None:
    home = find.with_all_features(ctx)
    check_principal(ServicePrincipal)
    if service_accesses.get(home.ctx, ServicePrincipal) is None:
        service_accesses.put(home.ctx, ServiceAccess(service=ServicePrincipal, at=ctx.now))
        tree.publish(home)


@organizations.operation("DisableAWSServiceAccess")
def disable_aws_service_access(ctx: Context, *, ServicePrincipal: str) -> None:
    home = find.with_all_features(ctx)
    check_principal(ServicePrincipal)
    service_accesses.delete(home.ctx, ServicePrincipal)
    tree.publish(home)


@organizations.operation("ListAWSServiceAccessForOrganization")
def list_aws_service_access_for_organization(
    ctx: Context, *, NextToken: str = "", MaxResults: int = pages.MOST
) -> dict[str, Any]:
    home = find.with_all_features(ctx)
    found = service_accesses.scan(home.ctx)
    page, rest = pages.cut(ctx, found, lambda one: one.service, NextToken, MaxResults)
    shown = [{"ServicePrincipal": one.service, "DateEnabled": one.at} for one in page]
    return {"EnabledServicePrincipals": shown, **rest}
