"""When mute rules mute: cron(0 2 * * SUN) or at(2026-12-24T18:00), for PT4H."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MINUTE, DAY = 60, 86400
LONGEST = 15 * DAY
YEARS_AHEAD = 5
EXPRESSION = re.compile(r"(cron|at)\((.*)\)")
DURATION = re.compile(r"P(?!$)(?:(\d+)D)?(?:T(?!$)(?:(\d+)H)?(?:(\d+)M)?)?")
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))


@dataclass(frozen=True)
class Schedule:
    """`fields` are minutes, hours, days of the month, months, days of the week (0: Sunday); or it is once, `at`."""

    zone: ZoneInfo
    duration: int  # seconds
    fields: tuple[frozenset[int], ...] = ()
    either_day: bool = False  # both kinds of days are restricted: one of them has to fit, as in cron
    at: datetime | None = None

    def windows(self, after: float) -> Iterator[tuple[float, float]]:
        """The windows that end after a time, in epoch seconds, the first one first."""
        if self.at is not None:
            start = self.at.timestamp()
            if start + self.duration > after:
                yield start, start + self.duration
            return
        day = datetime.fromtimestamp(after - self.duration, self.zone).date()
        for _ in range(366 * YEARS_AHEAD):
            for clock in self._times() if self._fits(day.day, day.month, day.isoweekday() % 7) else ():
                start = datetime.combine(day, clock, self.zone).timestamp()
                if start + self.duration > after:
                    yield start, start + self.duration
            day += timedelta(days=1)

    def _times(self) -> Iterator[time]:
        return (time(hour, minute) for hour in sorted(self.fields[1]) for minute in sorted(self.fields[0]))

    def _fits(self, day: int, month: int, weekday: int) -> bool:
        by_date, by_week = day in self.fields[2], weekday in self.fields[4]
        return month in self.fields[3] and (by_date or by_week if self.either_day else by_date and by_week)


def parse(expression: str, duration: str, timezone: str) -> Schedule:
    """Raises: ValueError, which says what is wrong."""
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"The time zone {timezone} is not known.") from None
    found = EXPRESSION.fullmatch(expression)
    if found is None:
        raise ValueError(f"The schedule {expression} is neither a cron nor an at expression.")
    seconds = _seconds(duration)
    if found[1] == "at":
        return Schedule(zone, seconds, at=_moment(found[2], zone))
    parts = found[2].split()
    if len(parts) != len(BOUNDS):
        raise ValueError(f"The expression {expression} must have 5 fields.")
    fields = [_field(part, *bounds, names) for part, bounds, names in zip(parts, BOUNDS, ((), (), (), MONTHS, DAYS))]
    fields[4] = frozenset(day % 7 for day in fields[4])
    either = parts[2] not in ("*", "?") and parts[4] not in ("*", "?")
    return Schedule(zone, seconds, tuple(fields), either)


def _seconds(text: str) -> int:
    found = DURATION.fullmatch(text)
    days, hours, minutes = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
    seconds = days * DAY + hours * 3600 + minutes * MINUTE
    if not MINUTE <= seconds <= LONGEST:
        raise ValueError(f"The duration {text} must be from PT1M to P15D.")
    return seconds


def _moment(text: str, zone: ZoneInfo) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text} is no time.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone).astimezone(UTC)


def _field(text: str, low: int, high: int, names: Sequence[str]) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, slash, step = part.partition("/")
        first, dash, last = span.partition("-")
        if span in ("*", "?"):
            start, end = low, high
        else:
            start = _number(first, low, names)
            end = _number(last, low, names) if dash else high if slash else start
        if not (low <= start <= end <= high) or (slash and not (step.isdecimal() and int(step))):
            raise ValueError(f"{text} is no field of a cron expression.")
        found.update(range(start, end + 1, int(step) if slash else 1))
    return frozenset(found)


def _number(text: str, low: int, names: Sequence[str]) -> int:
    if text.upper() in names:
        return names.index(text.upper()) + low
    if not text.isdecimal():
        raise ValueError(f"{text} is no field of a cron expression.")
    return int(text)
