"""Statistics: what they are called, and what they make of a sample.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Iterator

from hodei.kernel.metrics import Sample

Statistic = Callable[[Sample], float | None]
Bounds = tuple[float, float]

SIMPLE: dict[str, Statistic] = {
    "SampleCount": lambda sample: sample.count,
    "Average": lambda sample: sample.total / sample.count,
    "Sum": lambda sample: sample.total,
    "Minimum": lambda sample: sample.least,
    "Maximum": lambda sample: sample.most,
}
SHORT = re.compile(r"(p|tc|tm|ts|wm)(\d{1,2}(?:\.\d{0,10})?|100(?:\.0{0,10})?)")
NUMBER = r"\d+(?:\.\d{0,10})?(?:[Ee][+-]?\d+)?"
RANGE = re.compile(rf"(TM|TC|TS|WM|PR)\(({NUMBER}%?)?:({NUMBER}%?)?\)")
INTERQUARTILE = "TM(25%:75%)"


def percentile_of(text: str) -> float | None:
    """The percentile that a statistic is, 0 to 100; None of others."""
    found = SHORT.fullmatch(text)
    return float(found[2]) if found and found[1] == "p" else None


@functools.lru_cache(maxsize=512)
def statistic(text: str) -> Statistic:
    """What a statistic makes of a sample; None where that cannot be known, as of sets of statistics and of values
    below 0. Raises: ValueError for what is none.
    """
    if simple := SIMPLE.get(text):
        return simple
    if text in ("IQM", "iqm"):
        text = INTERQUARTILE
    if short := SHORT.fullmatch(text):
        if short[1] == "p":
            return functools.partial(_of_values, functools.partial(_percentile, float(short[2]) / 100))
        text = f"{short[1].upper()}(:{short[2]}%)"
    if (found := RANGE.fullmatch(text)) is None or not (found[2] or found[3]):
        raise ValueError(text)
    name, low, high = found[1], found[2], found[3]
    relative = {bound.endswith("%") for bound in (low, high) if bound}
    if len(relative) > 1 or (name == "PR" and True in relative):
        raise ValueError(text)
    if True in relative:
        bounds = (_share(low, 0.0), _share(high, 1.0))
        if not 0 <= bounds[0] <= bounds[1] <= 1:
            raise ValueError(text)
        return functools.partial(_of_values, functools.partial(_RELATIVE[name], bounds))
    absolute = (float(low) if low else -math.inf, float(high) if high else math.inf)
    return functools.partial(_of_values, functools.partial(_ABSOLUTE[name], absolute))


def _share(text: str | None, default: float) -> float:
    return float(text.removesuffix("%")) / 100 if text else default


Spread = list[tuple[float, float]]  # values in order, and how often there was each


def _of_values(function: Callable[[Spread], float | None], sample: Sample) -> float | None:
    if sample.values is None or sample.least < 0:
        return None
    return function(sorted(sample.values.items()))


def _count(spread: Spread) -> float:
    return sum(count for _, count in spread)


def _percentile(share: float, spread: Spread) -> float:
    """The smallest value that no less than that share of all are at most."""
    wanted, seen = share * _count(spread), 0.0
    for value, count in spread:
        seen += count
        if seen >= wanted - 1e-9:
            return value
    return spread[-1][0]


def _between(bounds: Bounds, spread: Spread) -> Iterator[tuple[float, float]]:
    """What lies between two shares of the values in order."""
    total, seen = _count(spread), 0.0
    low, high = bounds[0] * total, bounds[1] * total
    for value, count in spread:
        if (part := min(seen + count, high) - max(seen, low)) > 1e-9:
            yield value, part
        seen += count


def _within(bounds: Bounds, spread: Spread) -> Iterator[tuple[float, float]]:
    """What is higher than one value and not higher than the other."""
    return ((value, count) for value, count in spread if bounds[0] < value <= bounds[1])


def _sum(spread: Iterator[tuple[float, float]]) -> float:
    return math.fsum(value * count for value, count in spread)


def _mean(spread: Iterator[tuple[float, float]]) -> float | None:
    found = list(spread)
    total = _count(found)
    return _sum(iter(found)) / total if total else None


def _winsorized(bounds: Bounds, spread: Spread) -> float:
    low, high = bounds
    return _sum((min(max(value, low), high), count) for value, count in spread) / _count(spread)


def _winsorized_shares(bounds: Bounds, spread: Spread) -> float:
    low, high = (_percentile(share, spread) for share in bounds)
    return _winsorized((low, high), spread)


_RELATIVE: dict[str, Callable[[Bounds, Spread], float | None]] = {
    "TM": lambda bounds, spread: _mean(_between(bounds, spread)),
    "TC": lambda bounds, spread: sum(count for _, count in _between(bounds, spread)),
    "TS": lambda bounds, spread: _sum(_between(bounds, spread)),
    "WM": _winsorized_shares,
}
_ABSOLUTE: dict[str, Callable[[Bounds, Spread], float | None]] = {
    "TM": lambda bounds, spread: _mean(_within(bounds, spread)),
    "TC": lambda bounds, spread: sum(count for _, count in _within(bounds, spread)),
    "TS": lambda bounds, spread: _sum(_within(bounds, spread)),
    "WM": _winsorized,
    "PR": lambda bounds, spread: 100 * sum(count for _, count in _within(bounds, spread)) / _count(spread),
}
