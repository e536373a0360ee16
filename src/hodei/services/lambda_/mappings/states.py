"""The states of event source mappings: Creating, Enabled, Disabling, Disabled, ..."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.lambda_ import errors
from hodei.services.lambda_.service import lambda_
from hodei.services.lambda_.state import EventSource, mappings

TIMER = "settle_mapping"
SETTLED = ("Enabled", "Disabled")
GONE = "Deleted"
on_settled: list[Callable[[Context, EventSource], None]] = []  # told of each that is enabled or disabled now
on_deleted: list[Callable[[Context, str], None]] = []  # told of the UUID of each that is gone


def begin(ctx: Context, mapping: EventSource, passing: str, target: str) -> EventSource:
    """Goes through one state to another, which it is in as soon as nothing else is to be done."""
    mapping = replace(mapping, state=passing, target=target)
    mappings.put(ctx, mapping)
    ctx.timers.set(ctx, TIMER, ctx.now + float(ctx.setting("lifecycle")), mapping.uuid)
    return mapping


def check_settled(mapping: EventSource, what: str) -> None:
    """Raises: ResourceInUseException."""
    if mapping.state not in SETTLED:
        raise errors.ResourceInUseException(reason=f"Cannot {what} the event source mapping because it is in use.")


@lambda_.timer(TIMER)
def settle(ctx: Context, uuid: str) -> None:
    mapping = mappings.get(ctx, uuid)
    if mapping is None:
        return
    if mapping.target == GONE:
        mappings.delete(ctx, uuid)
        ctx.signal(("lambda-mapping", uuid))
        for forget in on_deleted:
            forget(ctx, uuid)
        return
    mapping = replace(mapping, state=mapping.target, target="")
    mappings.put(ctx, mapping)
    ctx.signal(("lambda-mapping", uuid))
    for begin in on_settled:
        begin(ctx, mapping)
