"""When scheduled actions run: at(), rate() and cron().

https://docs.aws.amazon.com/autoscaling/application/userguide/scheduled-scaling-using-cron-expressions.html
"""

from __future__ import annotations

import math
import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hodei.engines import cron

EXPRESSION = re.compile(r"(at|cron|rate)\((.+)\)")
RATE = re.compile(r"([1-9]\d{0,5}) (minute|hour|day)s?")
SECONDS = {"minute": 60, "hour": 3600, "day": 86400}


def next_time(schedule: str, timezone: str, begin: float, after: float) -> float | None:
    """The first time after a moment; rates count from `begin` on. Raises: ValueError."""
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"The time zone {timezone} is not known") from None
    if (found := EXPRESSION.fullmatch(schedule)) is None:
        raise ValueError(f"Schedule expression {schedule} is invalid")
    kind, text = found.groups()
    try:
        if kind == "cron":
            return next(cron.parse(text).after(after, zone), None)
        if kind == "at":
            at = cron.zoned(text, zone)
            return at if at > after else None
    except (ValueError, OverflowError):
        raise ValueError(f"Schedule expression {schedule} is invalid") from None
    if (rate := RATE.fullmatch(text)) is None:
        raise ValueError(f"Schedule expression {schedule} is invalid")
    step = int(rate[1]) * SECONDS[rate[2]]
    return begin + step * max(1, math.floor((after - begin) / step) + 1)
