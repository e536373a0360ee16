"""Coming and going of accounts."""

from __future__ import annotations

from hodei.kernel.context import Context
from hodei.services.iam.api import link_role
from hodei.services.organizations import find, rules, tagging, tree
from hodei.services.organizations.find import Home
from hodei.services.organizations.service import organizations
from hodei.services.organizations.state import Account, accounts, attachments, delegations

DAY = 86400.0
SERVICE = "organizations.amazonaws.com"  # whose service-linked role every account gets


def join(home: Home, id: str, method: str) -> None:
    """An account comes in, below the root."""
    owner = find.owner(home.ctx, id)
    parent = home.organization.root
    joined = home.ctx.now
    accounts.put(
        home.ctx, Account(id=id, name=owner.name, email=owner.email, parent=parent, joined=joined, method=method)
    )
    tree.take_in(home, id)
    tree.publish(home)
    if home.organization.features == "ALL":
        link_role(home.ctx.at(account=id), SERVICE)


def leave(home: Home, id: str) -> None:
    """An account goes, with all that the organization had attached to it."""
    attachments.delete_all(home.ctx, id)
    tagging.forget(home, id)
    accounts.delete(home.ctx, id)
    tree.publish(home)


@organizations.operation("RemoveAccountFromOrganization")
def remove_account_from_organization(ctx: Context, *, AccountId: str) -> None:
    home = find.home(ctx)
    _release(home, find.member(home, AccountId))


@organizations.operation("LeaveOrganization")
def leave_organization(ctx: Context) -> None:
    home = find.home(ctx)
    _release(home, find.member(home, ctx.account))


def _release(home: Home, account: Account) -> None:
    if next(delegations.scan(home.ctx, account.id), None):
        rules.exceeded(
            "CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG",
            "You cannot remove an account that is registered as a delegated administrator for a service integrated "
            "with your organization.",
        )
    youngest = home.ctx.quota("minimum-age-of-created-accounts")
    if account.method == "CREATED" and home.ctx.now < account.joined + youngest * DAY:
        rules.exceeded(
            "WAIT_PERIOD_ACTIVE",
            f"You can't remove an account from the organization within {int(youngest)} days of its creation.",
        )
    leave(home, account.id)
