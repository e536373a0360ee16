"""The functions of metric math that need nothing but their arguments."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import accumulate, pairwise

from hodei.engines.metricmath.expressions import Malformed
from hodei.services.cloudwatch.data.queries import Found
from hodei.services.cloudwatch.math.values import Value, across, derived, each, lines_of

Reducer = Callable[[Sequence[float]], float]

COMPARISONS: dict[str, Callable[[float, float], float]] = {
    "==": lambda left, right: float(left == right),
    "!=": lambda left, right: float(left != right),
    "<": lambda left, right: float(left < right),
    ">": lambda left, right: float(left > right),
    "<=": lambda left, right: float(left <= right),
    ">=": lambda left, right: float(left >= right),
    "AND": lambda left, right: float(bool(left) and bool(right)),
    "OR": lambda left, right: float(bool(left) or bool(right)),
}
OPERATORS: dict[str, Callable[[float, float], float]] = COMPARISONS | {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
    "^": lambda left, right: left**right,
}
REDUCERS: dict[str, Reducer] = {
    "AVG": statistics.fmean,
    "MAX": max,
    "MIN": min,
    "STDDEV": statistics.pstdev,
    "SUM": math.fsum,
    "DATAPOINT_COUNT": lambda values: float(len(values)),
}
POINTWISE: dict[str, Callable[[float], float]] = {
    "ABS": abs,
    "CEIL": lambda value: float(math.ceil(value)),
    "FLOOR": lambda value: float(math.floor(value)),
    "LOG": lambda value: math.log(value) if value > 0 else math.nan,
    "LOG10": lambda value: math.log10(value) if value > 0 else math.nan,
}
MOMENTS: dict[str, Callable[[datetime], float]] = {
    "MINUTE": lambda moment: moment.minute,
    "HOUR": lambda moment: moment.hour,
    "DAY": lambda moment: moment.isoweekday(),
    "DATE": lambda moment: moment.day,
    "MONTH": lambda moment: moment.month,
    "YEAR": lambda moment: moment.year,
    "EPOCH": lambda moment: moment.timestamp(),
}


def reduce(name: str, value: Value) -> Value:
    """One line becomes a number, several become a line. Where some of several have no value, they count as 0 to AVG."""
    function = REDUCERS[name]
    if isinstance(value, float):
        raise Malformed(f"{name} expects a time series or an array of them")
    if isinstance(value, Found):
        values = list(value.values.values())
        return float(function(values)) if values else 0.0 if name in ("SUM", "DATAPOINT_COUNT") else math.nan
    if not value:
        raise Malformed(f"{name} expects an array that is not empty")
    if name == "AVG":
        return derived(_plain(value[0]), ((at, math.fsum(found) / len(value)) for at, found in across(value)))
    return derived(_plain(value[0]), ((at, float(function(found))) for at, found in across(value)))


def _plain(line: Found) -> Found:
    """A line of several metrics is none of a metric."""
    return Found(line.id, "", {}, line.period)


def pointwise(name: str, value: Value) -> Value:
    function = POINTWISE[name]
    return each(lambda line: derived(line, ((at, function(one)) for at, one in line.values.items())), value)


def moments(name: str, line: Found, times: range) -> Found:
    """MINUTE, HOUR, ...: of each period, whether there is data or not."""
    function = MOMENTS[name]
    return derived(line, ((at, float(function(datetime.fromtimestamp(at, UTC)))) for at in times))


def steps(name: str, line: Found) -> Found:
    """DIFF, DIFF_TIME, RATE: between a point and the one before."""
    found = []
    for (before, old), (at, new) in pairwise(line.values.items()):
        change = {"DIFF": new - old, "DIFF_TIME": float(at - before), "RATE": (new - old) / (at - before)}
        found.append((at, change[name]))
    return derived(line, found)


def running_sum(line: Found) -> Found:
    return derived(line, zip(line.values, accumulate(line.values.values())))


def fill(line: Found, filler: Value | str, times: range) -> Found:
    """`filler` is a number, a line, REPEAT or LINEAR."""
    known = line.values
    wanted = sorted({*times, *known})
    if filler == "REPEAT":
        return derived(line, _repeated(known, wanted))
    if filler == "LINEAR":
        return derived(line, _between(known, wanted))
    if isinstance(filler, Found):
        return derived(line, ((at, known[at] if at in known else filler.values.get(at, math.nan)) for at in wanted))
    if isinstance(filler, float):
        return derived(line, ((at, known.get(at, filler)) for at in wanted))
    raise Malformed("FILL expects a number, a time series, REPEAT or LINEAR")


def _repeated(known: dict[int, float], wanted: list[int]) -> Iterator[tuple[int, float]]:
    last = math.nan
    for at in wanted:
        last = known.get(at, last)
        yield at, last


def _between(known: dict[int, float], wanted: list[int]) -> Iterator[tuple[int, float]]:
    times = list(known)
    number = 0  # of the first known time that is not before
    for at in wanted:
        while number < len(times) and times[number] < at:
            number += 1
        if at in known:
            yield at, known[at]
        elif 0 < number < len(times):
            low, high = times[number - 1], times[number]
            yield at, known[low] + (known[high] - known[low]) * (at - low) / (high - low)


def sort(lines: list[Found], by: str, order: str, most: int | None) -> list[Found]:
    if by not in ("AVG", "MIN", "MAX", "SUM") or order not in ("ASC", "DESC"):
        raise Malformed("SORT expects AVG, MIN, MAX or SUM, and ASC or DESC")
    function = REDUCERS[by]
    descending = order == "DESC"
    empty = -math.inf if descending else math.inf
    found = sorted(lines, key=lambda line: function([*line.values.values()] or [empty]), reverse=descending)
    return found[:most]


def choose(condition: Value, yes: Value, no: Value | None) -> Value:
    """IF: points of the condition, where that is a line, say which value holds."""
    if isinstance(condition, list) or isinstance(yes, list) or isinstance(no, list):
        raise Malformed("IF expects time series and numbers, not arrays")
    if isinstance(condition, float):
        chosen = yes if condition else no
        return derived(lines_of(yes)[0], ()) if chosen is None else chosen
    found = []
    for at, value in condition.values.items():
        chosen, missing = (yes, 0.0) if value else (no, math.nan)
        if isinstance(chosen, Found):
            found.append((at, chosen.values.get(at, missing)))
        elif chosen is not None:
            found.append((at, chosen))
    return derived(condition, found)
