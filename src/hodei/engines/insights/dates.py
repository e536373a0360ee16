"""Dates in texts: read by the patterns of Java's DateTimeFormatter, written by those of strftime."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

# Letters of Java's, and what strptime has for them. There is nothing for milliseconds: %f takes up to six digits.
DIRECTIVES = {
    "yyyy": "%Y", "uuuu": "%Y", "yy": "%y", "MMMM": "%B", "MMM": "%b", "MM": "%m", "M": "%m", "dd": "%d", "d": "%d",
    "DDD": "%j", "EEEE": "%A", "EEE": "%a", "HH": "%H", "H": "%H", "hh": "%I", "h": "%I", "mm": "%M", "m": "%M",
    "ss": "%S", "s": "%S", "SSSSSS": "%f", "SSS": "%f", "SS": "%f", "S": "%f", "a": "%p", "z": "%Z", "Z": "%z",
    "XXX": "%z", "XX": "%z", "X": "%z",
}  # fmt: skip
PART = re.compile(r"'((?:[^']|'')*)'|(([A-Za-z])\3*)|(.)", re.S)


@lru_cache(maxsize=64)
def _directives(pattern: str) -> str:
    """A pattern of Java's as strptime has it. Raises: KeyError."""
    found = ""
    for part in PART.finditer(pattern):
        if part[2]:
            found += DIRECTIVES[part[2]]
        else:
            found += (part[1].replace("''", "'") or "'" if part[1] is not None else part[4]).replace("%", "%%")
    return found


def parse(text: str, pattern: str, timezone: str = "UTC") -> int | None:
    """Milliseconds since 1970; None of what is no such date, or for an unknown pattern or zone."""
    try:
        moment = datetime.strptime(text, _directives(pattern))  # noqa: DTZ007 (the text may say its zone)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZoneInfo(timezone))
        return round(moment.timestamp() * 1000)
    except (KeyError, ValueError, OverflowError, re.error, ZoneInfoNotFoundError, OSError):
        return None


def write(ms: float, pattern: str, timezone: str = "UTC") -> str | None:
    """A moment in words; None for an unknown zone, or a moment that is none."""
    try:
        return datetime.fromtimestamp(ms / 1000, ZoneInfo(timezone)).strftime(pattern)
    except (ValueError, OverflowError, ZoneInfoNotFoundError, OSError):
        return None
