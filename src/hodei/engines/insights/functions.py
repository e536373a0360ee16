"""The functions of the query language, of values.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-operations-functions.html
"""

from __future__ import annotations

import ipaddress
import json
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from hodei.engines.insights import dates, texts
from hodei.engines.insights.lexer import UNITS
from hodei.engines.insights.values import InvalidQuery, Time, number, text

SIZES = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
MONTHS = {"mo": 1, "q": 3, "y": 12}
LONGEST = 1000 * 366 * SIZES["d"]
MOST = {"ms": 1000, "s": 60, "m": 60, "h": 24}  # "CloudWatch Logs caps your request": bin(300s) is bin(60s)


class Function(NamedTuple):
    """`call` gets the values of the arguments, of which there are `least` to `most`."""

    call: Callable[..., Any]
    least: int
    most: int


class _Starts(dict[int, Time]):
    """When stretches of time begin, by their numbers: made once each."""

    def __init__(self, size: int) -> None:
        self._size = size

    def __missing__(self, number: int) -> Time:
        self[number] = start = Time(number * self._size)
        return start


def floor_to(period: str) -> Callable[[int], Time]:
    """The beginning of the stretch of time ("5m") that a time is in."""
    amount, unit = split_period(period)
    if amount == 0 or amount * SIZES.get(unit, MONTHS.get(unit, 0) * 31 * SIZES["d"]) > LONGEST:
        raise InvalidQuery(f"invalid period {period}")
    amount = min(amount, MOST.get(unit, amount))
    if unit in SIZES:
        size = amount * SIZES[unit]
        starts = _Starts(size)
        return lambda at: starts[at // size]
    months = amount * MONTHS[unit]
    return lambda at: _month(at, months)


def split_period(period: str) -> tuple[int, str]:
    """5minutes is 5, m."""
    amount, unit = "".join(c for c in period if c.isdigit()), "".join(c for c in period if c.isalpha())
    short = next(short for short, long in UNITS.items() if re.fullmatch(long, unit))
    return int(amount), short


def _month(at: int, months: int) -> Time:
    moment = datetime.fromtimestamp(at / 1000, UTC)
    count = (moment.year * 12 + moment.month - 1) // months * months
    return Time(int(datetime(count // 12, count % 12 + 1, 1, tzinfo=UTC).timestamp() * 1000))


def ceiling_to(period: str) -> Callable[[int], Time]:
    """The end of that stretch; a time at which one begins is itself."""
    floor, (amount, unit) = floor_to(period), split_period(period)

    def ceiling(at: int) -> Time:
        begin = floor(at)
        if begin == at:
            return begin
        if unit in MONTHS:
            return floor(begin + amount * MONTHS[unit] * 32 * 86_400_000)
        return Time(2 * begin - floor(begin - 1))

    return ceiling


def _numeric(call: Callable[..., Any]) -> Callable[..., Any]:
    """None where an argument is no number, or there is no result."""

    def numeric(*values: Any) -> Any:
        numbers = [number(value) for value in values]
        try:
            return None if None in numbers else call(*numbers)
        except (ValueError, ArithmeticError):
            return None

    return numeric


def _texts(call: Callable[..., Any]) -> Callable[..., Any]:
    """None where an argument is not there; others are taken as texts."""
    return lambda *values: None if None in values else call(*map(text, values))


def _written(at: Any, pattern: Any, timezone: Any = "UTC") -> str | None:
    """A time, or milliseconds, as a text."""
    ms = number(at)
    return None if ms is None or pattern is None or timezone is None else dates.write(ms, text(pattern), text(timezone))


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
    "parsedate": Function(_texts(dates.parse), 2, 3),
    "formatdate": Function(_written, 2, 3),
    "strftime": Function(_written, 2, 3),
    "round": Function(_numeric(texts.rounded), 1, 2),
    "haversine": Function(_numeric(texts.distance), 4, 4),
    "tonumber": Function(number, 1, 1),
    "todouble": Function(number, 1, 1),
    "toint": Function(lambda value: texts.to_integer(value, 32), 1, 1),
    "tolong": Function(lambda value: texts.to_integer(value, 64), 1, 1),
    "isnumeric": Function(lambda value: number(value) is not None, 1, 1),
    "messagesize": Function(_texts(lambda value: len(value.encode())), 1, 1),
    "ispresent": Function(lambda value: value is not None, 1, 1),
    "coalesce": Function(lambda *values: next((value for value in values if value is not None), None), 1, MANY),
    "jsonparse": Function(_texts(_parsed), 1, 1),
    "jsonstringify": Function(lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=False), 1, 1),
    "jsonarraysize": Function(texts.array_size, 1, 1),
    "jsonarraycontains": Function(lambda value, one: one in (texts.array(value) or ()), 2, 2),
    "isvalidip": Function(_texts(_address("")), 1, 1),
    "isvalidipv4": Function(_texts(_address("4")), 1, 1),
    "isvalidipv6": Function(_texts(_address("6")), 1, 1),
    "isipinsubnet": Function(_texts(_within("")), 2, 2),
    "isipv4insubnet": Function(_texts(_within("4")), 2, 2),
    "isipv6insubnet": Function(_texts(_within("6")), 2, 2),
    "ipv4tonumber": Function(_texts(texts.address_to_number), 1, 1),
    "isprivateip": Function(_texts(texts.is_private), 1, 1),
    "ispublicip": Function(_texts(texts.is_public), 1, 1),
    "isreservedip": Function(_texts(texts.is_reserved), 1, 1),
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
    "regexreplace": Function(_texts(texts.replaced), 3, 3),
    "strcontains": Function(_texts(texts.contains), 2, 3),
    "startswith": Function(_texts(lambda value, part: int(value.startswith(part))), 2, 2),
    "endswith": Function(_texts(lambda value, part: int(value.endswith(part))), 2, 2),
    "urlencode": Function(_texts(texts.encoded_url), 1, 1),
    "urldecode": Function(_texts(texts.decoded_url), 1, 1),
    "base64encode": Function(_texts(texts.encoded_base64), 1, 1),
    "base64decode": Function(_texts(texts.decoded_base64), 1, 1),
    "split": Function(_texts(lambda value, at: value.split(at) if at else None), 2, 2),
    "hextoascii": Function(_texts(texts.hex_to_text), 1, 1),
    "hextodec": Function(_texts(texts.hex_to_number), 1, 1),
    "dectohex": Function(_numeric(texts.number_to_hex), 1, 1),
    "md5": Function(_texts(texts.md5), 1, 1),
    "sha256": Function(_texts(texts.sha256), 1, 1),
}
