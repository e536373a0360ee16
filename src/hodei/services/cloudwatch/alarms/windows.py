"""Whether mute rules are active."""

from __future__ import annotations

from functools import lru_cache

from hodei.kernel.context import Context
from hodei.services.cloudwatch.alarms import schedules
from hodei.services.cloudwatch.state import MuteRule, mute_rules

parsed = lru_cache(maxsize=256)(schedules.parse)


def window_of(ctx: Context, rule: MuteRule) -> tuple[float, float] | None:
    """The present window, or the next one."""
    given = rule.schedule
    schedule = parsed(given["Expression"], given["Duration"], given.get("Timezone", "UTC"))
    for start, end in schedule.windows(max(ctx.now, rule.start or 0.0)):
        start = max(start, rule.start or start)
        end = min(end, rule.expire or end)
        return (start, end) if end > start and end > ctx.now else None
    return None


def status(ctx: Context, rule: MuteRule) -> str:
    window = window_of(ctx, rule)
    if window is None:
        return "EXPIRED"
    return "ACTIVE" if window[0] <= ctx.now else "SCHEDULED"


def muted(ctx: Context, name: str) -> bool:
    return any(name in rule.targets and status(ctx, rule) == "ACTIVE" for rule in mute_rules.scan(ctx))
