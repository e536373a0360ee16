"""Values of the query language: texts, numbers, truth values, times, maps, lists, and None for what is not there."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

Row = list[Any]  # by the places that a query's fields have; the first is that of the event
PLACE = 0
DECIMALS = 4


class InvalidQuery(ValueError):
    """Why a text is no query, in a sentence; and which characters of it are to blame, as far as that is known."""

    def __init__(self, why: str, start: int | None = None, end: int | None = None) -> None:
        super().__init__(why)
        self.start, self.end = start, end


class UnsupportedQuery(Exception):
    """What a query asks for that is AWS's but is not here."""


class Time(int):
    """Milliseconds since 1970, shown as a date."""

    __slots__ = ()


def number(value: Any) -> float | None:
    """A value as a number, if it is or says one."""
    kind = type(value)
    if kind is float or kind is int:
        return value  # type: ignore[no-any-return]
    if isinstance(value, str):
        first = value[:1]
        try:
            return float(value) if first.isdigit() or first in "-+." else None
        except ValueError:
            return None
    return value if isinstance(value, int | float) else None


def text(value: Any) -> str:
    """A value as results have it."""
    if isinstance(value, str):
        return value
    if isinstance(value, Time):
        at = datetime.fromtimestamp(value // 1000, UTC)
        return f"{at:%Y-%m-%d %H:%M:%S}.{value % 1000:03}"
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return f"{value:.{DECIMALS}f}".rstrip("0").rstrip(".") or "0"
    return str(value) if isinstance(value, int) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def equal(one: Any, other: Any) -> bool:
    """Numbers are equal to texts that say them."""
    if one is None or other is None:
        return False
    if isinstance(one, str) and isinstance(other, str):
        return one == other
    first, second = number(one), number(other)
    return first == second if first is not None and second is not None else text(one) == text(other)


def order(value: Any) -> tuple[int, Any]:
    """What values are sorted by: nothing, numbers, texts."""
    if value is None:
        return 0, 0
    amount = number(value)
    return (1, amount) if amount is not None else (2, text(value))
