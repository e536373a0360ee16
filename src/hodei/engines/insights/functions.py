"""The functions of the query language, of values.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-operations-functions.html
"""

from __future__ import annotations

import ipaddress
import json
import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from hodei.engines.insights.values import InvalidQuery, Time, number, text

UNITS = {
    "ms": 1, "msec": 1, "s": 1000, "sec": 1000, "m": 60_000, "min": 60_000, "h": 3_600_000, "hr": 3_600_000,
    "d": 86_400_000, "w": 604_800_000,
}  # fmt: skip
MONTHS = {"mo": 1, "mon": 1, "q": 3, "qtr": 3, "y": 12, "yr": 12}


class Function(NamedTuple):
    """`call` gets the values of the arguments, of which there are `least` to `most`."""

    call: Callable[..., Any]
    least: int
    most: int


def floor_to(period: str) -> Callable[[int], Time]:
    """The beginning of the stretch of time ("5m") that a time is in."""
    amount = int("".join(c for c in period if c.isdigit()))
    unit = "".join(c for c in period if c.isalpha())
    if amount == 0:
        raise InvalidQuery(f"invalid period {period}")
    if unit in UNITS:
        size = amount * UNITS[unit]
        return lambda at: Time(at - at % size)
    months = amount * MONTHS[unit]
    return lambda at: _month(at, months)


def _month(at: int, months: int) -> Time:
    moment = datetime.fromtimestamp(at / 1000, UTC)
    count = (moment.year * 12 + moment.month - 1) // months * months
    return Time(int(datetime(count // 12, count % 12 + 1, 1, tzinfo=UTC).timestamp() * 1000))


def ceiling_to(period: str) -> Callable[[int], Time]:
    """The end of that stretch; a time at which one begins is itself."""
    floor = floor_to(period)

    def ceiling(at: int) -> Time:
        begin = floor(at)
        if begin == at:
            return begin
        if period[-1] in "oqyr" or period.endswith(("mon", "qtr")):
            step = MONTHS["".join(c for c in period if c.isalpha())]
            return floor(begin + step * 32 * 86_400_000)
        return Time(2 * begin - floor(begin - 1))

    return ceiling


def _numeric(call: Callable[..., Any]) -> Callable[..., Any]:
    """None where an argument is no number, or there is no result."""

    def numeric(*values: Any) -> Any:
        numbers = [number(value) for value in values]
        try:
            return None if None in numbers else call(*numbers)
        except (ValueError, OverflowError):
            return None

    return numeric


def _texts(call: Callable[..., Any]) -> Callable[..., Any]:
    """None where an argument is not there; others are taken as texts."""
    return lambda *values: None if None in values else call(*map(text, values))


def _substr(value: str, start: str, length: str = "") -> str:
    first = int(float(start))
    return value[first : first + int(float(length))] if length else value[first:]


def _parsed(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return None


def _address(kind: str) -> Callable[[str], bool]:
    read: dict[str, Callable[[str], Any]] = {
        "": ipaddress.ip_address, "4": ipaddress.IPv4Address, "6": ipaddress.IPv6Address,
    }  # fmt: skip

    def valid(value: str) -> bool:
        try:
            read[kind](value)
        except ValueError:
            return False
        return True

    return valid


def _within(kind: str) -> Callable[[str, str], bool]:
    valid = _address(kind)

    def within(value: str, subnet: str) -> bool:
        try:
            return valid(value) and ipaddress.ip_address(value) in ipaddress.ip_network(subnet, strict=False)
        except ValueError:
            return False

    return within


def _blank(value: Any) -> bool:
    return value is None or not text(value).strip()


MANY = 100
FUNCTIONS: dict[str, Function] = {
    "abs": Function(_numeric(abs), 1, 1),
    "ceil": Function(_numeric(math.ceil), 1, 1),
    "floor": Function(_numeric(math.floor), 1, 1),
    "greatest": Function(_numeric(max), 1, MANY),
    "least": Function(_numeric(min), 1, MANY),
    "log": Function(_numeric(math.log), 1, 1),
    "sqrt": Function(_numeric(math.sqrt), 1, 1),
    "frommillis": Function(_numeric(Time), 1, 1),
    "tomillis": Function(_numeric(int), 1, 1),
    "ispresent": Function(lambda value: value is not None, 1, 1),
    "coalesce": Function(lambda *values: next((value for value in values if value is not None), None), 1, MANY),
    "jsonparse": Function(_texts(_parsed), 1, 1),
    "jsonstringify": Function(lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=False), 1, 1),
    "isvalidip": Function(_texts(_address("")), 1, 1),
    "isvalidipv4": Function(_texts(_address("4")), 1, 1),
    "isvalidipv6": Function(_texts(_address("6")), 1, 1),
    "isipinsubnet": Function(_texts(_within("")), 2, 2),
    "isipv4insubnet": Function(_texts(_within("4")), 2, 2),
    "isipv6insubnet": Function(_texts(_within("6")), 2, 2),
    "isempty": Function(lambda value: value is None or text(value) == "", 1, 1),
    "isblank": Function(_blank, 1, 1),
    "concat": Function(lambda *values: "".join(text(value) for value in values if value is not None), 1, MANY),
    "ltrim": Function(_texts(lambda value, chars=None: value.lstrip(chars)), 1, 2),
    "rtrim": Function(_texts(lambda value, chars=None: value.rstrip(chars)), 1, 2),
    "trim": Function(_texts(lambda value, chars=None: value.strip(chars)), 1, 2),
    "strlen": Function(_texts(len), 1, 1),
    "toupper": Function(_texts(str.upper), 1, 1),
    "tolower": Function(_texts(str.lower), 1, 1),
    "substr": Function(_texts(_substr), 2, 3),
    "replace": Function(_texts(str.replace), 3, 3),
    "strcontains": Function(_texts(lambda value, part: int(part in value)), 2, 2),
}
