"""Handshakes as such: what they are about, and how they stand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hodei.kernel.context import Context
from hodei.services.organizations import find, ids
from hodei.services.organizations.find import Home
from hodei.services.organizations.state import Handshake, handshakes

DAY = 86400.0
UNDECIDED = ("REQUESTED", "OPEN")
SHOWN_FOR = 30 * DAY  # after it is decided
LASTS = {"INVITE": 15 * DAY, "ENABLE_ALL_FEATURES": 90 * DAY, "APPROVE_ALL_FEATURES": 90 * DAY}


def propose(home: Home, action: str, party: str, type: str, party_id: str, **more: Any) -> Handshake:
    """A new handshake with an account, which the request names by `type` and `party_id`."""
    now = home.ctx.now
    made = Handshake(
        id=ids.new(home.ctx, "h", 32),
        account=home.ctx.account,
        organization=home.organization.id,
        action=action,
        party=party,
        party_type=type,
        party_id=party_id,
        requested=now,
        expires=now + LASTS[action],
        **more,
    )
    handshakes.put(home.ctx, made, old=None)
    return made


def state(ctx: Context, handshake: Handshake) -> str:
    """Nobody has to wake up for one to expire."""
    over = handshake.state in UNDECIDED and ctx.now >= handshake.expires
    return "EXPIRED" if over else handshake.state


def pending(home: Home) -> Iterator[Handshake]:
    """Those of the organization that wait for an answer."""
    ours = handshakes.by("senders", home.ctx, home.ctx.account)
    return (one for one in ours if one.organization == home.organization.id and state(home.ctx, one) in UNDECIDED)


def shown(ctx: Context, handshake: Handshake) -> bool:
    """Decided ones are listed for some days more."""
    decided = min(handshake.changed or handshake.expires, handshake.expires)
    return state(ctx, handshake) in UNDECIDED or ctx.now < decided + SHOWN_FOR


def view(ctx: Context, handshake: Handshake) -> dict[str, Any]:
    sender = f"arn:aws:organizations::{handshake.account}:handshake/{handshake.organization}"
    parties = [{"Id": handshake.organization, "Type": "ORGANIZATION"}]
    if handshake.party_type != "ORGANIZATION":
        parties.append({"Id": handshake.party_id, "Type": handshake.party_type})
    return {
        "Id": handshake.id,
        "Arn": f"{sender}/{handshake.action.lower()}/{handshake.id}",
        "Parties": parties,
        "State": state(ctx, handshake),
        "RequestedTimestamp": handshake.requested,
        "ExpirationTimestamp": handshake.expires,
        "Action": handshake.action,
        "Resources": _resources(ctx, handshake),
    }


def _resources(ctx: Context, handshake: Handshake) -> list[dict[str, Any]]:
    ours: dict[str, Any] = {"Type": "ORGANIZATION", "Value": handshake.organization}
    if handshake.action == "ENABLE_ALL_FEATURES":
        return [ours]
    owner = find.owner(ctx, handshake.account)
    home = find.home_of(ctx.at(account=handshake.account))
    ours["Resources"] = [
        {"Type": "MASTER_EMAIL", "Value": owner.email},
        {"Type": "MASTER_NAME", "Value": owner.name},
        {"Type": "ORGANIZATION_FEATURE_SET", "Value": home.organization.features if home else "ALL"},
    ]
    found = [ours, {"Type": handshake.party_type, "Value": handshake.party_id}]
    if handshake.parent:
        found.append({"Type": "PARENT_HANDSHAKE", "Value": handshake.parent})
    if handshake.notes:
        found.append({"Type": "NOTES", "Value": handshake.notes})
    return found
