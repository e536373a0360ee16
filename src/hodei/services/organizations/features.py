"""From consolidated billing to all features: every invited member has to approve, then the management account."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.iam.api import link_role
from hodei.services.organizations import errors, find, proposals, tree
from hodei.services.organizations.membership import SERVICE
from hodei.services.organizations.service import organizations
from hodei.services.organizations.state import Handshake, accounts, handshakes
from hodei.services.organizations.state import organizations as table


@organizations.operation("EnableAllFeatures")
def enable_all_features(ctx: Context) -> dict[str, Any]:
    home = find.home(ctx)
    if home.organization.features == "ALL":
        raise errors.HandshakeConstraintViolation(
            "The organization has already enabled all features.", Reason="ORGANIZATION_ALREADY_HAS_ALL_FEATURES"
        )
    if any(one.action == "ENABLE_ALL_FEATURES" for one in proposals.pending(home)):
        raise errors.HandshakeConstraintViolation(
            "The organization has already started the process to enable all features.",
            Reason="ORGANIZATION_IS_ALREADY_PENDING_ALL_FEATURES_MIGRATION",
        )
    members = [one.id for one in accounts.scan(home.ctx) if one.method == "INVITED" and one.id != home.ctx.account]
    state = "REQUESTED" if members else "OPEN"
    whole = proposals.propose(
        home, "ENABLE_ALL_FEATURES", home.ctx.account, "ORGANIZATION", home.organization.id, state=state
    )
    for member in members:
        proposals.propose(home, "APPROVE_ALL_FEATURES", member, "ACCOUNT", member, parent=whole.id)
    return {"Handshake": proposals.view(ctx, whole)}


def approved(ctx: Context, approval: Handshake) -> None:
    """A member has; after the last the management account may."""
    home = find.home(ctx)
    whole = handshakes.get(ctx, approval.parent)
    if whole and not any(one.parent == whole.id for one in proposals.pending(home)):
        handshakes.put(ctx, replace(whole, state="OPEN"), old=whole)


def finalized(ctx: Context, whole: Handshake) -> None:
    home = find.home(ctx)
    table.put(home.ctx, replace(home.organization, features="ALL"))
    tree.publish(find.home(ctx))
    for account in accounts.scan(home.ctx):
        link_role(ctx.at(account=account.id), SERVICE)
