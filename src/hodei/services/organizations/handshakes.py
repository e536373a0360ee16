"""What becomes of handshakes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.organizations import errors, features, find, invitations, pages, proposals
from hodei.services.organizations.service import organizations
from hodei.services.organizations.state import Handshake, handshakes

ACCEPTED: Mapping[str, Callable[[Context, Handshake], None]] = {
    "INVITE": invitations.accepted,
    "APPROVE_ALL_FEATURES": features.approved,
    "ENABLE_ALL_FEATURES": features.finalized,
}
NO_FILTER: Mapping[str, str] = {}


@organizations.operation("DescribeHandshake")
def describe_handshake(ctx: Context, *, HandshakeId: str) -> dict[str, Any]:
    found = _found(ctx, HandshakeId)
    if ctx.account not in (found.party, found.account):
        raise errors.AccessDenied()
    return {"Handshake": proposals.view(ctx, found)}


@organizations.operation("AcceptHandshake")
def accept_handshake(ctx: Context, *, HandshakeId: str) -> dict[str, Any]:
    """By whom it is for."""
    found = _found(ctx, HandshakeId)
    if ctx.account != found.party:
        raise errors.AccessDenied()
    changed = _change(ctx, found, "ACCEPTED")
    ACCEPTED[found.action](ctx, changed)
    return {"Handshake": proposals.view(ctx, changed)}


@organizations.operation("DeclineHandshake")
def decline_handshake(ctx: Context, *, HandshakeId: str) -> dict[str, Any]:
    """By whom it is for."""
    found = _found(ctx, HandshakeId)
    if ctx.account != found.party:
        raise errors.AccessDenied()
    return {"Handshake": proposals.view(ctx, _change(ctx, found, "DECLINED"))}


@organizations.operation("CancelHandshake")
def cancel_handshake(ctx: Context, *, HandshakeId: str) -> dict[str, Any]:
    """By whom it is from."""
    found = _found(ctx, HandshakeId)
    if find.home(ctx).ctx.account != found.account:
        raise errors.AccessDenied()
    return {"Handshake": proposals.view(ctx, _change(ctx, found, "CANCELED"))}


@organizations.operation("ListHandshakesForAccount")
def list_handshakes_for_account(
    ctx: Context,
    *,
    Filter: Mapping[str, str] = NO_FILTER,
    NextToken: str = "",
    MaxResults: int = pages.MOST,
) -> dict[str, Any]:
    return _listed(ctx, handshakes.by("parties", ctx, ctx.account), Filter, NextToken, MaxResults)


@organizations.operation("ListHandshakesForOrganization")
def list_handshakes_for_organization(
    ctx: Context,
    *,
    Filter: Mapping[str, str] = NO_FILTER,
    NextToken: str = "",
    MaxResults: int = pages.MOST,
) -> dict[str, Any]:
    home = find.home(ctx)
    ours = (one for one in handshakes.by("senders", ctx, home.ctx.account) if one.organization == home.organization.id)
    return _listed(ctx, ours, Filter, NextToken, MaxResults)


def _listed(
    ctx: Context, found: Iterable[Handshake], filter: Mapping[str, str], token: str, most: int
) -> dict[str, Any]:
    if len(filter) > 1:
        raise errors.InvalidInput(
            "You can specify only one filter parameter for the operation.", Reason="MAX_LIMIT_EXCEEDED_FILTER"
        )
    action, parent = filter.get("ActionType"), filter.get("ParentHandshakeId")
    wanted = (
        one
        for one in found
        if proposals.shown(ctx, one) and action in (None, one.action) and parent in (None, one.parent)
    )
    page, rest = pages.cut(ctx, wanted, lambda one: one.id, token, most)
    return {"Handshakes": [proposals.view(ctx, one) for one in page], **rest}


def _found(ctx: Context, id: str) -> Handshake:
    if (found := handshakes.get(ctx, id)) is None:
        raise errors.HandshakeNotFound()
    return found


def _change(ctx: Context, handshake: Handshake, state: str) -> Handshake:
    """Raises: HandshakeAlreadyInStateException, InvalidHandshakeTransitionException."""
    before = proposals.state(ctx, handshake)
    if before == state:
        raise errors.HandshakeAlreadyInState()
    if before not in proposals.UNDECIDED or (state == "ACCEPTED" and before == "REQUESTED"):
        raise errors.InvalidHandshakeTransition()
    changed = replace(handshake, state=state, changed=ctx.now)
    handshakes.put(ctx, changed, old=handshake)
    return changed
