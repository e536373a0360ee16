"""Changes of an alarm's state and all that follows: history, events, actions, the composite alarms above it."""

from __future__ import annotations

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.cloudwatch.alarms import history, messages, suppression
from hodei.services.cloudwatch.state import Alarm, Wire, alarms, parents


def change(ctx: Context, alarm: Alarm, state: str, reason: str, data: str | None) -> Alarm:
    """Give an alarm a state, which may be the one that it has; the alarm afterwards."""
    changed = state != alarm.state
    previous = messages.state(alarm) if changed else alarm.previous
    new = replace(
        alarm,
        state=state,
        reason=reason,
        reason_data=data,
        state_updated=ctx.now,
        transitioned=ctx.now if changed else alarm.transitioned,
        previous=previous,
    )
    if not changed:
        alarms.put(ctx, new)
        return new
    history.add(
        ctx,
        new,
        "StateUpdate",
        f"Alarm updated from {alarm.state} to {state}",
        {"oldState": _history(alarm), "newState": _history(new)},
    )
    new = suppression.act(ctx, new)
    alarms.put(ctx, new)
    ctx.emit("CloudWatch Alarm State Change", messages.event(ctx, new), (messages.arn(ctx, new.name),))
    _tell_parents(ctx, new)
    return new


def _history(alarm: Alarm) -> Wire:
    found: Wire = {"stateValue": alarm.state, "stateReason": alarm.reason}
    return found | ({"stateReasonData": alarm.reason_data} if alarm.reason_data is not None else {})


def _tell_parents(ctx: Context, alarm: Alarm) -> None:
    """At once, but not within one another: composite alarms may name each other in a circle."""
    for parent in list(parents.scan(ctx, alarm.name)):
        ctx.timers.set(ctx, "child-changed", ctx.now, parent.name, alarm.name)
