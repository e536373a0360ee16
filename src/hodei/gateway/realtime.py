"""Real time, for what the outside world checks against its own clock: the `Date` header and certificates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime


def now() -> datetime:
    return datetime.now(UTC)


def http_date(skew: float) -> str:
    """A `Date` header by a clock that is so many seconds ahead."""
    return format_datetime(now() + timedelta(seconds=skew), usegmt=True)


class DateHeader:
    """The value of the `Date` header, made anew once a second."""

    __slots__ = ("_until", "_value")

    def __init__(self) -> None:
        self._until = 0.0
        self._value = ""

    def value(self, tick: float) -> str:
        """`tick` is the event loop's time in seconds."""
        if tick >= self._until:
            moment = now()
            self._value = format_datetime(moment, usegmt=True)
            self._until = tick + 1 - moment.microsecond / 1e6
        return self._value
