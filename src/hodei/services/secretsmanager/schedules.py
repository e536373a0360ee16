"""Rotation schedules: rate() and cron() in UTC.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

from hodei.services.secretsmanager import errors
from hodei.services.secretsmanager.rules import DAY

HOUR = 3600.0
SHORTEST_HOURS, LONGEST_DAYS = 4, 999
SEARCH_HOURS = 24 * 366 * 2
RATE = re.compile(r"rate\((\d+) (hours?|days?)\)")
CRON = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)")
PART = re.compile(r"(\*|\d+(?:-\d+)?)(?:/(\d+))?")
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


def next_rotation(rules: Mapping[str, Any], now: float) -> float:
    """When RotationRules say to rotate next, at the latest; 0 if they do not say. Raises: InvalidParameterException."""
    days: int | None = rules.get("AutomaticallyAfterDays")
    expression: str | None = rules.get("ScheduleExpression")
    if days is not None and expression is not None:
        _refuse("You can't specify both AutomaticallyAfterDays and ScheduleExpression in RotationRules.")
    if days is not None:
        # "by the end of that day", as NextRotationDate tells
        return now - now % DAY + (days + 1) * DAY - 1
    if expression is None:
        return 0.0
    if rate := RATE.fullmatch(expression):
        return now + _seconds(int(rate[1]), hours=rate[2].startswith("hour"))
    if cron := CRON.fullmatch(expression):
        return _next_cron(cron.groups(), now)
    _refuse("Invalid ScheduleExpression: it has to be a rate() or cron() expression.")


def _refuse(message: str) -> NoReturn:
    raise errors.InvalidParameterException(message)


def _seconds(count: int, *, hours: bool) -> float:
    seconds = count * (HOUR if hours else DAY)
    if not SHORTEST_HOURS * HOUR <= seconds <= LONGEST_DAYS * DAY:
        _refuse(f"The rotation interval must be between {SHORTEST_HOURS} hours and {LONGEST_DAYS} days.")
    return seconds


def _next_cron(fields: tuple[str, ...], now: float) -> float:
    minutes, hours, days, months, weekdays, years = fields
    if minutes != "0" or years != "*":
        _refuse("A cron() expression of rotation begins with minute 0 and ends with year *.")
    if (days == "?") == (weekdays == "?"):
        _refuse("One of day-of-month and day-of-week in a cron() expression has to be ?.")
    wanted_hours, wanted_months = _numbers(hours, 0, 23), _numbers(months, 1, 12, MONTHS)
    at = datetime.fromtimestamp(now - now % HOUR, UTC)
    for _ in range(SEARCH_HOURS):
        at += timedelta(hours=1)
        if at.hour in wanted_hours and at.month in wanted_months and _is_day(at, days, weekdays):
            return at.timestamp()
    _refuse("The cron() expression never comes true.")


def _is_day(at: datetime, days: str, weekdays: str) -> bool:
    last = calendar.monthrange(at.year, at.month)[1]
    if days == "L":
        return at.day == last
    if days != "?":
        return at.day in _numbers(days, 1, 31)
    weekday = (at.weekday() + 1) % 7 + 1  # SUN is 1
    name, nth, number = weekdays.partition("#")
    if nth:
        return weekday in _numbers(name, 1, 7, WEEKDAYS) and (at.day + 6) // 7 == int(number)
    if weekdays.endswith("L") and len(weekdays) > 1:
        return weekday in _numbers(weekdays[:-1], 1, 7, WEEKDAYS) and at.day > last - 7
    return weekday in _numbers("7" if weekdays == "L" else weekdays, 1, 7, WEEKDAYS)


def _numbers(field: str, low: int, high: int, names: tuple[str, ...] = ()) -> set[int]:
    """Raises: InvalidParameterException for what is no cron field."""
    found: set[int] = set()
    for number, name in enumerate(names, 1):
        field = field.replace(name, str(number))
    for part in field.split(","):
        if not (match := PART.fullmatch(part)):
            _refuse(f"Invalid ScheduleExpression: {field} is no field of a cron() expression.")
        span, step = match[1], int(match[2] or 1)
        first, _, last = (str(low) + "-" + str(high) if span == "*" else span).partition("-")
        end = int(last) if last else (high if match[2] else int(first))
        if not (low <= int(first) <= end <= high and step):
            _refuse(f"Invalid ScheduleExpression: {field} is out of range.")
        found.update(range(int(first), end + 1, step))
    return found
