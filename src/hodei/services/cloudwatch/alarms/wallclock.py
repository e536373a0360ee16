"""Windows of alarms that begin and end with the hour, the day, the week of a time zone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

WEEK = 7 * 86400
MONDAY = 3 * 86400  # from the Monday of the week in which epoch seconds begin
OFFSET = re.compile(r"(?:UTC)?([+-])(\d\d):(\d[05])")


def zone(text: str) -> tzinfo:
    """Of America/New_York, +05:30 or UTC+05:30. Raises: ValueError."""
    if found := OFFSET.fullmatch(text):
        span = timedelta(hours=int(found[2]), minutes=int(found[3]))
        return timezone(-span if found[1] == "-" else span)
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"The time zone {text} is not known.") from None


def end_of_window(given: Mapping[str, Any], period: int, now: float) -> float:
    """Where the last period ends that an alarm looks at; windows slide with the minute, if nothing else is said."""
    wall = given.get("EvaluationWindow", {}).get("WallClockWindow")
    step = period if wall is not None else min(period, 60)
    shift = 0.0
    if wall is not None:
        offset = datetime.fromtimestamp(now, UTC).astimezone(zone(wall.get("Timezone", "UTC"))).utcoffset()
        shift = (offset.total_seconds() if offset else 0.0) + (MONDAY if period == WEEK else 0)
    return (now + shift) // step * step - shift
