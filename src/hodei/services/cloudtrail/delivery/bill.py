"""What CloudTrail bills: https://aws.amazon.com/cloudtrail/pricing/"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hodei.kernel.context import Context
from hodei.kernel.ledger.audit import Event
from hodei.services.cloudtrail.find import visible
from hodei.services.cloudtrail.selecting.selection import Takes, taker
from hodei.services.cloudtrail.state import Trail


def delivered(ctx: Context, trail: Trail, account: str, region: str, events: Iterable[Event]) -> None:
    """Counts the events of an account and region that a trail has delivered, for the owner of the trail (whose home is
    `ctx`). Of management events the first copy is free: that of the trail that logs for longest."""
    earlier = list(_earlier(ctx, trail, account, region))
    place = ctx.at(region=region)
    for event in events:
        if event.data:
            usage = "data-events"
        else:
            usage = "paid-events" if any(takes(event) for takes in earlier) else "free-events"
        place.meter(usage, 1.0, trail.arn)


def _earlier(ctx: Context, trail: Trail, account: str, region: str) -> Iterator[Takes]:
    for _, other in visible(ctx.at(account=account)):
        covers = other.multi_region or other.region == region
        if other.logging and covers and (other.started, other.arn) < (trail.started, trail.arn):
            yield taker(other)
