"""Making accounts: asked for at once, there a while later."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.iam.api import make_administrator
from hodei.services.organizations import errors, find, ids, membership, pages, rules, tagging, views
from hodei.services.organizations.find import Home
from hodei.services.organizations.service import organizations
from hodei.services.organizations.state import Contact, Request, accounts, contacts, requests

ROLE = "OrganizationAccountAccessRole"
RESERVED = "AWSServiceRoleFor"


@organizations.operation("CreateAccount")
def create_account(
    ctx: Context, *, Email: str, AccountName: str, RoleName: str = ROLE, Tags: tagging.Given = ()
) -> dict[str, Any]:
    """The answer is IN_PROGRESS, however soon it is over. IamUserAccessToBilling means nothing: there is no billing."""
    home = find.home(ctx)
    if RoleName.startswith(RESERVED):
        raise errors.InvalidInput(
            f"A role name can't begin with the reserved prefix {RESERVED}.", Reason="INVALID_ROLE_NAME"
        )
    rules.check_accounts(home)
    request = Request(
        id=ids.new(ctx, "car", 32),
        name=AccountName,
        email=Email,
        role=RoleName,
        requested=ctx.now,
        tags=tagging.checked(Tags),
    )
    requests.put(home.ctx, request)
    if takes := float(ctx.setting("account_creation_seconds")):
        ctx.timers.set(home.ctx, "create", ctx.now + takes, request.id)
    else:
        create(home.ctx, request.id)
    return {"CreateAccountStatus": views.request(request)}


@organizations.timer("create")
def create(ctx: Context, id: str) -> None:
    """`ctx` is that of the management account."""
    home, request = find.home_of(ctx), requests.get(ctx, id)
    if home is None or request is None:
        return
    if contacts.get(ctx, request.email.lower()):
        requests.put(ctx, replace(request, state="FAILED", failure="EMAIL_ALREADY_EXISTS", completed=ctx.now))
        return
    account = _free_id(home)
    contacts.put(ctx, Contact(email=request.email.lower(), account=account, name=request.name))
    make_administrator(ctx.at(account=account), request.role, f"arn:aws:iam::{ctx.account}:root")
    membership.join(home, account, "CREATED")
    tagging.add(home, account, request.tags)
    requests.put(ctx, replace(request, state="SUCCEEDED", account=account, completed=ctx.now))


def _free_id(home: Home) -> str:
    while accounts.get(home.ctx, id := ids.account(home.ctx)) or next(contacts.by("accounts", home.ctx, id), None):
        pass
    return id


@organizations.operation("DescribeCreateAccountStatus")
def describe_create_account_status(ctx: Context, *, CreateAccountRequestId: str) -> dict[str, Any]:
    home = find.home(ctx)
    if (found := requests.get(home.ctx, CreateAccountRequestId)) is None:
        raise errors.CreateAccountStatusNotFound()
    return {"CreateAccountStatus": views.request(found)}


@organizations.operation("ListCreateAccountStatus")
def list_create_account_status(
    ctx: Context, *, States: Sequence[str] = (), NextToken: str = "", MaxResults: int = pages.MOST
) -> dict[str, Any]:
    home = find.home(ctx)
    found = (one for one in requests.scan(home.ctx) if not States or one.state in States)
    page, rest = pages.cut(ctx, found, lambda one: one.id, NextToken, MaxResults)
    return {"CreateAccountStatuses": [views.request(one) for one in page], **rest}
