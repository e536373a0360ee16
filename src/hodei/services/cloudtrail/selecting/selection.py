"""What a trail takes of the events of the places that it covers, and what the kernel keeps for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from hodei.kernel.context import Context
from hodei.kernel.iam.controls import table as controls
from hodei.kernel.ledger.audit import Event, audited
from hodei.services.cloudtrail.find import SERVICE, visible
from hodei.services.cloudtrail.selecting import advanced, basic
from hodei.services.cloudtrail.state import Trail

Takes = Callable[[Event], bool]


def data_types(trail: Trail) -> set[str]:
    """The types of resources of which it takes data events."""
    if trail.advanced is not None:
        return advanced.data_types(trail.advanced)
    return basic.data_types(trail.selectors or ())


def taker(trail: Trail) -> Takes:
    """Whether the trail takes an event."""

    def takes(event: Event) -> bool:
        if not trail.global_events and not event.data and audited(event.service, event.operation).everywhere:
            return False
        if not trail.recursive and event.via == SERVICE:
            return False
        if trail.advanced is not None:
            return any(advanced.takes(selector, event) for selector in trail.advanced)
        return any(basic.takes(selector, event) for selector in trail.selectors or (basic.DEFAULT,))

    return takes


def covered(ctx: Context, trail: Trail) -> list[str]:
    """The accounts whose events it takes. `ctx` is that of its home."""
    if not trail.organization:
        return [ctx.account]
    return [one.member for one in controls.by("of", ctx, ctx.account)] or [ctx.account]


def keep_data_events(ctx: Context, accounts: Iterable[str]) -> None:
    """Let the kernel keep the data events that trails take of accounts, and no others. In the open batch."""
    for account in accounts:
        wanted = {
            type
            for found in visible(ctx.at(account=account))
            if found.trail.logging
            for type in data_types(found.trail)
        }
        ctx.world.ledger.audit.want(account, wanted)
