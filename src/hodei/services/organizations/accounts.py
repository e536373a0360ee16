"""The accounts of an organization."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.organizations import errors, find, membership, pages, rules, tree, views
from hodei.services.organizations.find import Home
from hodei.services.organizations.service import organizations
from hodei.services.organizations.state import accounts

KEPT_AFTER_CLOSING = 90 * 86400.0


@organizations.operation("DescribeAccount")
def describe_account(ctx: Context, *, AccountId: str) -> dict[str, Any]:
    home = find.home(ctx)
    return {"Account": views.account(home, find.account(home, AccountId))}


@organizations.operation("ListAccounts")
def list_accounts(ctx: Context, *, NextToken: str = "", MaxResults: int = pages.MOST) -> dict[str, Any]:
    home = find.home(ctx)
    page, rest = pages.cut(ctx, accounts.scan(home.ctx), lambda one: one.id, NextToken, MaxResults)
    return {"Accounts": [views.account(home, one) for one in page], **rest}


@organizations.operation("ListAccountsForParent")
def list_accounts_for_parent(
    ctx: Context, *, ParentId: str, NextToken: str = "", MaxResults: int = pages.MOST
) -> dict[str, Any]:
    home = find.home(ctx)
    find.parent(home, ParentId)
    found = accounts.by("parents", home.ctx, ParentId)
    page, rest = pages.cut(ctx, found, lambda one: one.id, NextToken, MaxResults)
    return {"Accounts": [views.account(home, one) for one in page], **rest}


@organizations.operation("MoveAccount")
def move_account(ctx: Context, *, AccountId: str, SourceParentId: str, DestinationParentId: str) -> None:
    home = find.home(ctx)
    account = find.account(home, AccountId)
    find.parent(home, SourceParentId, errors.SourceParentNotFound)
    find.parent(home, DestinationParentId, errors.DestinationParentNotFound)
    if account.parent == DestinationParentId:
        raise errors.DuplicateAccount()
    if account.parent != SourceParentId:
        raise errors.SourceParentNotFound()
    accounts.put(home.ctx, replace(account, parent=DestinationParentId))
    tree.publish(home)


@organizations.operation("CloseAccount")
def close_account(ctx: Context, *, AccountId: str) -> None:
    home = find.with_all_features(ctx)
    account = find.account(home, AccountId)
    if account.id == home.ctx.account:
        rules.exceeded("CANNOT_CLOSE_MANAGEMENT_ACCOUNT", "You attempted to close the management account.")
    if account.status != "ACTIVE":
        raise errors.AccountAlreadyClosed()
    accounts.put(home.ctx, replace(account, status="PENDING_CLOSURE"))
    tree.publish(home)
    takes = float(ctx.setting("account_closure_seconds"))
    if takes:
        ctx.timers.set(home.ctx, "close", ctx.now + takes, account.id)
    else:
        suspend(home.ctx, account.id)


@organizations.timer("close")
def suspend(ctx: Context, id: str) -> None:
    account, home = accounts.get(ctx, id), find.home_of(ctx)
    if home and account and account.status == "PENDING_CLOSURE":
        accounts.put(ctx, replace(account, status="SUSPENDED"))
        tree.publish(home)
        ctx.timers.set(ctx, "forget", ctx.now + KEPT_AFTER_CLOSING, id)


@organizations.timer("forget")
def forget(ctx: Context, id: str) -> None:
    """After that a closed account cannot be opened again, and is gone."""
    account = accounts.get(ctx, id)
    home: Home | None = find.home_of(ctx)
    if home and account and account.status == "SUSPENDED":
        membership.leave(home, id)
