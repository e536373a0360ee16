"""Cron expressions of AWS's schedules: minutes, hours, day of the month, month, day of the week, year.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
FIRST_YEAR, LAST_YEAR = 1970, 2199
ANY = "?"
SPAN = re.compile(r"(\*|\w+)(?:-(\w+))?(?:/(\d+))?")
NEAREST = re.compile(r"(\d{1,2})W")
NTH = re.compile(r"(\w+)#([1-5])")
LAST = re.compile(r"(\w+)L")


@dataclass(frozen=True)
class Cron:
    """`days` and `weekdays` are texts, one of them "?": which days they are depends on the month."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: str
    months: frozenset[int]
    weekdays: str
    years: frozenset[int]

    def after(self, moment: float, zone: tzinfo) -> Iterator[float]:
        """The times it names in a time zone that come after a moment, in epoch seconds."""
        now = datetime.fromtimestamp(moment, zone)
        for day in self._dates(now.date()):
            for hour in self.hours:
                for minute in self.minutes:
                    at = datetime.combine(day, time(hour, minute), zone).timestamp()
                    if at > moment:
                        yield at

    def _dates(self, start: date) -> Iterator[date]:
        for year in sorted(self.years):
            for month in sorted(self.months):
                if (year, month) >= (start.year, start.month):
                    wanted = _days(self.days, self.weekdays, year, month)
                    yield from (day for day in (date(year, month, one) for one in sorted(wanted)) if day >= start)


def parse(text: str) -> Cron:
    """The six fields of an expression. Raises: ValueError."""
    fields = text.upper().split()
    if len(fields) != 6:
        raise ValueError("a cron expression has six fields")
    minutes, hours, days, months, weekdays, years = fields
    if (days == ANY) == (weekdays == ANY):
        raise ValueError("one of day of the month and day of the week has to be ?")
    cron = Cron(
        minutes=tuple(sorted(_numbers(minutes, 0, 59))),
        hours=tuple(sorted(_numbers(hours, 0, 23))),
        days=days,
        months=frozenset(_numbers(months, 1, 12, MONTHS)),
        weekdays=weekdays,
        years=frozenset(_numbers(years, FIRST_YEAR, LAST_YEAR)),
    )
    _days(days, weekdays, FIRST_YEAR, 1)
    return cron


def zoned(text: str, zone: tzinfo) -> float:
    """The moment of 2026-12-24T18:00:00 in a time zone, in epoch seconds. Raises: ValueError."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=zone).astimezone(UTC).timestamp()


def _days(days: str, weekdays: str, year: int, month: int) -> set[int]:
    """Which days of a month are meant."""
    length = calendar.monthrange(year, month)[1]
    if days == "L":
        return {length}
    if found := NEAREST.fullmatch(days):
        day = _number(found[1], 1, 31)
        return {_nearest_workday(year, month, day)} if day <= length else set()
    if days != ANY:
        return {day for day in _numbers(days, 1, 31) if day <= length}
    first = date(year, month, 1).isoweekday() % 7 + 1  # the weekday of the 1st; SUN is 1
    if found := NTH.fullmatch(weekdays):
        day = 1 + (_number(found[1], 1, 7, WEEKDAYS) - first) % 7 + 7 * (int(found[2]) - 1)
        return {day} if day <= length else set()
    if found := LAST.fullmatch(weekdays):
        weekday = _number(found[1], 1, 7, WEEKDAYS)
        return {max(day for day in range(1, length + 1) if (first + day - 2) % 7 + 1 == weekday)}
    wanted = {7} if weekdays == "L" else _numbers(weekdays, 1, 7, WEEKDAYS)
    return {day for day in range(1, length + 1) if (first + day - 2) % 7 + 1 in wanted}


def _nearest_workday(year: int, month: int, day: int) -> int:
    """Within the month, as far as Monday to Friday goes."""
    given = date(year, month, day)
    shift = {5: -1, 6: 1}.get(given.weekday(), 0)
    near = given + timedelta(days=shift)
    if near.month != month:
        near = given - timedelta(days=2 if shift > 0 else -2)
    return near.day


def _numbers(field: str, low: int, high: int, names: tuple[str, ...] = ()) -> set[int]:
    """Raises: ValueError for what is no field."""
    found: set[int] = set()
    for part in field.split(","):
        span = SPAN.fullmatch(part)
        if span is None or (span[1] == "*" and span[2]):
            raise ValueError(f"{field} is no field of a cron expression")
        start = low if span[1] == "*" else _number(span[1], low, high, names)
        end = _number(span[2], low, high, names) if span[2] else high if span[1] == "*" or span[3] else start
        step = int(span[3] or 1)
        if not (start <= end and step):
            raise ValueError(f"{field} is no field of a cron expression")
        found.update(range(start, end + 1, step))
    return found


def _number(text: str, low: int, high: int, names: tuple[str, ...] = ()) -> int:
    if text in names:
        return names.index(text) + low
    if not text.isdecimal() or not low <= int(text) <= high:
        raise ValueError(f"{text} is not from {low} to {high}")
    return int(text)
