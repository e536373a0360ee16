"""Inviting accounts that are there already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hodei.kernel.context import Context
from hodei.services.organizations import errors, find, membership, proposals, rules, tagging
from hodei.services.organizations.service import organizations
from hodei.services.organizations.state import Handshake, contacts

MADE_UP = "root+"  # what `find.owner` makes of an account


@organizations.operation("InviteAccountToOrganization")
def invite_account_to_organization(
    ctx: Context, *, Target: Mapping[str, str], Notes: str = "", Tags: tagging.Given = ()
) -> dict[str, Any]:
    home = find.home(ctx)
    type, id = Target["Type"], Target["Id"]
    account = _account(ctx, type, id)
    if account and find.home_of(ctx.at(account=account)):
        raise errors.HandshakeConstraintViolation(
            "The specified account is already a member of an organization.", Reason="ALREADY_IN_AN_ORGANIZATION"
        )
    waiting = list(proposals.pending(home))
    if any(one.action == "INVITE" and (one.party_id == id or (account and one.party == account)) for one in waiting):
        raise errors.DuplicateHandshake()
    if any(one.action == "ENABLE_ALL_FEATURES" for one in waiting):
        raise errors.HandshakeConstraintViolation(
            "You can't issue new invitations to join an organization while it's in the process of enabling all "
            "features.",
            Reason="INVITE_DISABLED_DURING_ENABLE_ALL_FEATURES",
        )
    rules.check_accounts(home, errors.HandshakeConstraintViolation)
    made = proposals.propose(home, "INVITE", account, type, id, notes=Notes, tags=tagging.checked(Tags))
    return {"Handshake": proposals.view(ctx, made)}


def _account(ctx: Context, type: str, id: str) -> str:
    """The account that is meant; "" for an address that belongs to none here. Raises: InvalidInputException."""
    if type == "EMAIL" and "@" in id:
        known = contacts.get(ctx, id.lower())
        named = id.partition("@")[0].removeprefix(MADE_UP)
        return known.account if known else named if find.owner(ctx, named).email == id else ""
    if type == "ACCOUNT" and len(id) == 12 and id.isdigit():
        return id
    if type == "ORGANIZATION":
        raise errors.InvalidInput(
            "You specified the wrong type of entity (account, organization, or email) as a party.",
            Reason="INVALID_PARTY_TYPE_TARGET",
        )
    raise errors.InvalidInput(
        "You provided a value that does not match the required pattern.", Reason="INVALID_PATTERN_TARGET_ID"
    )


def accepted(ctx: Context, invitation: Handshake) -> None:
    """`ctx` is that of the account that comes."""
    if find.home_of(ctx):
        raise errors.HandshakeConstraintViolation(
            "The specified account is already a member of an organization.", Reason="ALREADY_IN_AN_ORGANIZATION"
        )
    home = find.home_of(ctx.at(account=invitation.account))
    if home is None or home.organization.id != invitation.organization:
        raise errors.HandshakeNotFound()
    membership.join(home, ctx.account, "INVITED")
    tagging.add(home, ctx.account, invitation.tags)
