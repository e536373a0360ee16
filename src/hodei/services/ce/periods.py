"""Spans of time: what a request asks for, and the hours, days or months that it is told in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from hodei.kernel.context import Context
from hodei.services.ce import errors

HISTORY_MONTHS = 14
HOURLY_DAYS = 14
BEFORE = "Start date (and hour) should be before end date (and hour)"
TOO_LATE = "end date past the beginning of next month"
TOO_OLD = "You haven't enabled historical data beyond 14 months."
TOO_OLD_HOURS = (
    "Start date is more than 14 days ago for hourly granularity. Please adjust start date as we support only 14 days "
    "of data at hourly granularity."
)
NO_HOURS = "Hourly timePeriod is not supported for this request"
NO_DATE = "Dates have to be given as yyyy-MM-dd, or of hours as yyyy-MM-ddTHH:mm:ssZ: {given}"  # in words of our own


class Period(NamedTuple):
    start: datetime
    end: datetime

    def told(self, granularity: str) -> dict[str, str]:
        form = "%Y-%m-%dT%H:%M:%SZ" if granularity == "HOURLY" else "%Y-%m-%d"
        return {"Start": self.start.strftime(form), "End": self.end.strftime(form)}


def read(ctx: Context, given: Mapping[str, str], granularity: str, *, by_resource: bool = False) -> Period:
    """Raises: ValidationException."""
    start, end = _moment(given["Start"]), _moment(given["End"])
    if granularity != "HOURLY" and ("T" in given["Start"] or "T" in given["End"]):
        raise errors.ValidationException(NO_HOURS)
    if start >= end:
        raise errors.ValidationException(BEFORE)
    now = datetime.fromtimestamp(ctx.now, UTC)
    if end > following_month(now):
        raise errors.ValidationException(TOO_LATE)
    if start < _months_before(now, HISTORY_MONTHS):
        raise errors.ValidationException(TOO_OLD)
    if (granularity == "HOURLY" or by_resource) and start < _day(now) - timedelta(days=HOURLY_DAYS):
        raise errors.ValidationException(TOO_OLD_HOURS)
    return Period(start, end)


def parts(whole: Period, granularity: str) -> Iterator[Period]:
    """Its hours, days or months, of which the first and the last may be cut off."""
    start = whole.start
    while start < whole.end:
        if granularity == "MONTHLY":
            end = following_month(start)
        else:
            end = start + timedelta(hours=1) if granularity == "HOURLY" else _day(start) + timedelta(days=1)
        yield Period(start, min(end, whole.end))
        start = end


def month(moment: datetime) -> datetime:
    return _day(moment).replace(day=1)


def following_month(moment: datetime) -> datetime:
    return month(month(moment) + timedelta(days=31))


def _months_before(moment: datetime, months: int) -> datetime:
    first = month(moment)
    count = first.year * 12 + first.month - 1 - months
    return first.replace(year=count // 12, month=count % 12 + 1)


def _day(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _moment(given: str) -> datetime:
    try:
        found = datetime.fromisoformat(given)
    except ValueError:
        raise errors.ValidationException(NO_DATE.format(given=given)) from None
    return found.replace(tzinfo=UTC)
