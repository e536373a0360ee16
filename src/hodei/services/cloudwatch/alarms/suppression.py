"""When composite alarms do not act: while another alarm is in ALARM, or may soon be, or just was.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-suppression.html
"""

from __future__ import annotations

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.cloudwatch.alarms import actions
from hodei.services.cloudwatch.alarms.windows import muted
from hodei.services.cloudwatch.service import cloudwatch
from hodei.services.cloudwatch.state import ALARM, Alarm, alarms

WAIT, EXTENSION, BY_ALARM = "WaitPeriod", "ExtensionPeriod", "Alarm"


def act(ctx: Context, alarm: Alarm) -> Alarm:
    """Run the actions of a state that an alarm has just got, or see that it waits; the alarm afterwards."""
    suppressor = alarm.given.get("ActionsSuppressor")
    if suppressor is None:
        return _released(ctx, alarm)
    if alarm.state == alarm.acted:  # gone back before anybody was told
        ctx.timers.cancel(ctx, "suppressed", alarm.name)
        return replace(alarm, suppressed_by=None)
    if _suppressing(ctx, suppressor):
        ctx.timers.cancel(ctx, "suppressed", alarm.name)
        return replace(alarm, suppressed_by=BY_ALARM)
    return _wait(ctx, alarm, WAIT)


def _wait(ctx: Context, alarm: Alarm, period: str) -> Alarm:
    seconds = alarm.given.get(f"ActionsSuppressor{period}", 0)
    if not seconds:
        return _released(ctx, alarm)
    if alarm.suppressed_by == period and ctx.timers.due(ctx, "suppressed", alarm.name) is not None:
        return alarm
    ctx.timers.set(ctx, "suppressed", ctx.now + seconds, alarm.name)
    return replace(alarm, suppressed_by=period)


def _released(ctx: Context, alarm: Alarm) -> Alarm:
    """Muted ones act when their mute rule ends: see `muting`."""
    if alarm.state != alarm.acted:
        if muted(ctx, alarm.name):
            return replace(alarm, suppressed_by=None)
        actions.run(ctx, alarm)
    return replace(alarm, suppressed_by=None, acted=alarm.state)


def _suppressing(ctx: Context, name: str) -> bool:
    found = alarms.get(ctx, name_of(name))
    return found is not None and found.state == ALARM


def name_of(named: str) -> str:
    """The name of an alarm that is named by its name or its ARN."""
    return named.split(":", 6)[6] if named.startswith("arn:") and named.count(":") >= 6 else named


@cloudwatch.timer("suppressed")
def over(ctx: Context, name: str) -> None:
    """A wait or an extension has ended."""
    if alarm := alarms.get(ctx, name):
        alarms.put(ctx, _released(ctx, alarm))


def suppressor_changed(ctx: Context, alarm: Alarm) -> Alarm:
    """The alarm that suppresses this one's actions has another state."""
    if alarm.suppressed_by is None:
        return alarm
    if _suppressing(ctx, alarm.given["ActionsSuppressor"]):
        ctx.timers.cancel(ctx, "suppressed", alarm.name)
        return replace(alarm, suppressed_by=BY_ALARM)
    return _wait(ctx, alarm, EXTENSION) if alarm.suppressed_by == BY_ALARM else alarm
