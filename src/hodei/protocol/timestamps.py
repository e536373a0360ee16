"""The three forms in which AWS writes a time: iso8601, rfc822 (HTTP dates) and unixTimestamp (seconds)."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

from hodei.protocol.errors import InvalidResult

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_RFC822 = re.compile(
    r"(?:[A-Za-z]{3,9}, ?)?(\d{1,2})[ -]([A-Za-z]{3})[ -](\d{4}) (\d\d):(\d\d):(\d\d)(\.\d+)? ?(GMT|UTC|Z|[+-]\d{4})?"
)


def from_epoch(seconds: float) -> datetime:
    """Raises ValueError out of the range of years 1 to 9999."""
    try:
        return _EPOCH + timedelta(seconds=seconds)
    except (OverflowError, ValueError) as error:
        raise ValueError(f"not a time: {seconds}") from error


def parse_timestamp(value: str) -> datetime:
    """Read any of the three forms. Raises ValueError."""
    text = value.strip()
    if match := _RFC822.fullmatch(text):
        return _from_rfc822(match)
    if text[4:5] == "-" or "T" in text:
        return _from_iso(text)
    seconds = float(text)
    if not math.isfinite(seconds):
        raise ValueError(f"not a time: {value}")
    return from_epoch(seconds)


def _from_iso(text: str) -> datetime:
    time = datetime.fromisoformat(text.upper())
    try:
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"not a time: {text}") from error


def _from_rfc822(match: re.Match[str]) -> datetime:
    day, month, year, hour, minute, second, fraction, zone = match.groups()
    number = _MONTHS.index(month.title()) + 1
    time = datetime(int(year), number, int(day), int(hour), int(minute), int(second), tzinfo=_zone(zone))
    time += timedelta(seconds=float(fraction or 0))
    return time.astimezone(UTC)


def _zone(zone: str | None) -> timezone:
    if zone is None or zone[0] not in "+-":
        return UTC
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:5]))
    return timezone(-offset if zone[0] == "-" else offset)


def _utc(value: object) -> datetime:
    """What a handler may return as a time: an aware datetime (naive is UTC) or seconds since the epoch."""
    if isinstance(value, datetime):
        if value.tzinfo is UTC:
            return value
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return from_epoch(value)
    raise InvalidResult(f"{value!r} is not a time")


def _parts(value: object) -> tuple[int, int]:
    """Whole seconds since the epoch, and microseconds."""
    if type(value) is float and math.isfinite(value):
        seconds, fraction = divmod(value, 1.0)
        carry, microseconds = divmod(round(fraction * 1e6), 1_000_000)
        return int(seconds) + carry, microseconds
    since = _utc(value) - _EPOCH
    return since.days * 86400 + since.seconds, since.microseconds


# Lists hold many times of few seconds, and answers the same ones again and again.
@functools.lru_cache(maxsize=1024)
def _iso8601_second(seconds: int) -> str:
    return from_epoch(seconds).isoformat()[:19]


@functools.lru_cache(maxsize=1024)
def _rfc822_second(seconds: int) -> str:
    t = from_epoch(seconds)
    return f"{_DAYS[t.weekday()]}, {t.day:02} {_MONTHS[t.month - 1]} {t.year:04} {t:%H:%M:%S} GMT"


def iso8601_millis(value: object) -> str:
    """Always with milliseconds, as S3 and EC2 write it."""
    seconds, microseconds = _parts(value)
    return f"{_iso8601_second(seconds)}.{microseconds // 1000:03}Z"


def iso8601(value: object) -> str:
    """With milliseconds where there are any, as most services write it."""
    text = iso8601_millis(value)
    return text[:-5] + "Z" if text.endswith(".000Z") else text


def rfc822(value: object) -> str:
    return _rfc822_second(_parts(value)[0])


def unix_timestamp(value: object) -> int | float:
    """Seconds; a fraction has millisecond precision."""
    milliseconds = (_utc(value) - _EPOCH) // timedelta(milliseconds=1)
    seconds, rest = divmod(milliseconds, 1000)
    return milliseconds / 1000 if rest else seconds


def text_formatter(name: str, *, milliseconds: bool = False) -> Callable[[object], str]:
    """The function that writes a time as text in the form `name` (unixTimestamp, iso8601, rfc822)."""
    match name.lower():
        case "rfc822":
            return rfc822
        case "unixtimestamp":
            return lambda value: str(unix_timestamp(value))
        case _:
            return iso8601_millis if milliseconds else iso8601
