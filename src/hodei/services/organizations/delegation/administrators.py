"""Members that administer a service for the whole organization."""

from __future__ import annotations

from typing import Any

from hodei.kernel.context import Context
from hodei.services.organizations import errors, find, pages, rules, tree, views
from hodei.services.organizations.delegation.trusted_access import check_principal
from hodei.services.organizations.service import organizations
from hodei.services.organizations.state import Delegation, delegations, service_accesses


@organizations.operation("RegisterDelegatedAdministrator")
def register_delegated_administrator(ctx: Context, *, AccountId: str, ServicePrincipal: str) -> None:
    home = find.with_all_features(ctx)
    check_principal(ServicePrincipal)
    account = find.account(home, AccountId)
    if account.id == home.ctx.account:
        rules.exceeded(
            "CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR",
            "You cannot register master account/yourself as delegated administrator for your organization.",
        )
    if account.status != "ACTIVE":
        rules.exceeded(
            "CANNOT_REGISTER_SUSPENDED_ACCOUNT_AS_DELEGATED_ADMINISTRATOR",
            "You cannot register a suspended account as a delegated administrator.",
        )
    if service_accesses.get(home.ctx, ServicePrincipal) is None:
        rules.exceeded(
            "SERVICE_ACCESS_NOT_ENABLED",
            "You attempted to register a delegated administrator before you enabled service access. "
            "Call the EnableAWSServiceAccess API first.",
        )
    if delegations.get(home.ctx, account.id, ServicePrincipal):
        raise errors.AccountAlreadyRegistered()
    delegations.put(home.ctx, Delegation(service=ServicePrincipal, member=account.id, at=ctx.now))
    tree.publish(home)


@organizations.operation("DeregisterDelegatedAdministrator")
def deregister_delegated_administrator(ctx: Context, *, AccountId: str, ServicePrincipal: str) -> None:
    home = find.with_all_features(ctx)
    check_principal(ServicePrincipal)
    find.account(home, AccountId)
    if not delegations.delete(home.ctx, AccountId, ServicePrincipal):
        raise errors.AccountNotRegistered()
    tree.publish(home)


@organizations.operation("ListDelegatedAdministrators")
def list_delegated_administrators(
    ctx: Context, *, ServicePrincipal: str = "", NextToken: str = "", MaxResults: int = pages.MOST
) -> dict[str, Any]:
    """Each account once, with the time of its first service."""
    home = find.with_all_features(ctx)
    since: dict[str, float] = {}
    for one in delegations.scan(home.ctx):
        if ServicePrincipal in ("", one.service):
            since[one.member] = min(one.at, since.get(one.member, one.at))
    page, rest = pages.cut(ctx, since, str, NextToken, MaxResults)
    shown = [{**views.delegate(home, find.account(home, id)), "DelegationEnabledDate": since[id]} for id in page]
    return {"DelegatedAdministrators": shown, **rest}


@organizations.operation("ListDelegatedServicesForAccount")
def list_delegated_services_for_account(
    ctx: Context, *, AccountId: str, NextToken: str = "", MaxResults: int = pages.MOST
) -> dict[str, Any]:
    home = find.with_all_features(ctx)
    find.account(home, AccountId)
    found = list(delegations.scan(home.ctx, AccountId))
    if not found:
        raise errors.AccountNotRegistered()
    page, rest = pages.cut(ctx, found, lambda one: one.service, NextToken, MaxResults)
    shown = [{"ServicePrincipal": one.service, "DelegationEnabledDate": one.at} for one in page]
    return {"DelegatedServices": shown, **rest}
