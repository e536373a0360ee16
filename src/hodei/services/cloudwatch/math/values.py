"""What expressions work with: numbers, lines, lists of lines."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from hodei.engines.metricmath.expressions import Malformed
from hodei.services.cloudwatch.data import reading
from hodei.services.cloudwatch.data.queries import Found, Frame

Value = float | Found | list[Found]
Operation = Callable[[float, float], float]


def derived(source: Found, values: Iterable[tuple[int, float]]) -> Found:
    """A line made of another one. Points that are no numbers (divided by 0) are dropped."""
    kept = {at: value for at, value in values if math.isfinite(value)}
    return replace(source, values=kept, samples={}, units=())


def lines_of(value: Value) -> list[Found]:
    if isinstance(value, float):
        raise Malformed("a time series is expected, not a number")
    return value if isinstance(value, list) else [value]


def each(function: Callable[[Found], Found], value: Value) -> Value:
    """What a function makes of a line, or of each of several."""
    if isinstance(value, list):
        return [function(line) for line in value]
    return function(lines_of(value)[0])


def combine(operation: Operation, left: Value, right: Value) -> Value:
    """Number by number: "Missing values in a time series are treated as 0"."""
    if isinstance(left, list) and isinstance(right, list):
        if len(left) != len(right):
            raise Malformed("two arrays of time series must be of the same size")
        return [_lines(operation, one, other) for one, other in zip(left, right)]
    if isinstance(left, list):
        return [_lines(operation, one, right) for one in left]
    if isinstance(right, list):
        return [_lines(operation, left, one) for one in right]
    if isinstance(left, float) and isinstance(right, float):
        return _safe(operation, left, right)
    return _lines(operation, left, right)


def _lines(operation: Operation, left: Value, right: Value) -> Found:
    if isinstance(left, Found) and isinstance(right, Found):
        one, other = left.values, right.values
        times = sorted(one.keys() | other.keys())
        return derived(left, ((at, _safe(operation, one.get(at, 0.0), other.get(at, 0.0))) for at in times))
    if isinstance(left, Found) and isinstance(right, float):
        return derived(left, ((at, _safe(operation, value, right)) for at, value in left.values.items()))
    if isinstance(left, float) and isinstance(right, Found):
        return derived(right, ((at, _safe(operation, left, value)) for at, value in right.values.items()))
    raise Malformed("time series and numbers are expected")


def _safe(operation: Operation, left: float, right: float) -> float:
    try:
        result = operation(left, right)
    except (ZeroDivisionError, OverflowError, ValueError):
        return math.nan
    return result if isinstance(result, float) else math.nan  # a root of what is below 0 is complex


def grid(frame: Frame, period: int, now: float) -> range:
    """The times at which periods begin."""
    return range(reading.rounded(frame.start, period, now), math.ceil(frame.end), period)


def across(lines: Iterable[Found]) -> Iterator[tuple[int, list[float]]]:
    """The values of several lines at each time at which there is any."""
    found: dict[int, list[float]] = {}
    for line in lines:
        for at, value in line.values.items():
            found.setdefault(at, []).append(value)
    return iter(sorted(found.items()))
