"""When scheduled queries run: by cron expressions, in a time zone."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hodei.engines import cron
from hodei.services.logs import errors

EXPRESSION = re.compile(r"cron\((.+)\)")


def next_time(expression: str, timezone: str, after: float) -> float | None:
    """The first time after a moment, in epoch seconds. Raises: ValidationException."""
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise errors.ValidationException(reason=f"Invalid timezone: {timezone}") from None
    found = EXPRESSION.fullmatch(expression)
    try:
        return next(cron.parse(found[1] if found else "").after(after, zone), None)
    except (ValueError, OverflowError):
        raise errors.ValidationException(reason=f"Invalid schedule expression: {expression}") from None
