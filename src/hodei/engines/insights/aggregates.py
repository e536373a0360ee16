"""Functions of many rows: what `stats` knows of a group."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from types import NoneType
from typing import Any

from hodei.engines.insights.expressions import Evaluate
from hodei.engines.insights.values import PLACE, InvalidQuery, Row, number, order, text

PLAIN = frozenset({int, float})  # types of numbers that are what they are


class Aggregate(ABC):
    """What is kept of a group, to which rows are added in batches."""

    @abstractmethod
    def add(self, rows: Sequence[Row]) -> None: ...

    @abstractmethod
    def value(self) -> Any: ...


class Count(Aggregate):
    def __init__(self, value: Evaluate | None) -> None:
        self._value = value
        self.count = 0

    def add(self, rows: Sequence[Row]) -> None:
        value = self._value
        self.count += len(rows) if value is None else sum(found is not None for found in map(value, rows))

    def value(self) -> Any:
        return self.count


class Distinct(Aggregate):
    def __init__(self, value: Evaluate) -> None:
        self._value = value
        self._found: set[str] = set()

    def add(self, rows: Sequence[Row]) -> None:
        values = list(map(self._value, rows))
        if set(map(type, values)) <= {int, str, NoneType}:  # few of them may be many times there
            values = list(set(values))
        self._found.update(text(found) for found in values if found is not None)

    def value(self) -> Any:
        return len(self._found)


class Numbers(Aggregate):
    """Of numbers; `result` is what they come to, None of none at all."""

    def __init__(self, value: Evaluate, result: Callable[[list[float]], Any]) -> None:
        self._value = value
        self._result = result
        self._found: list[float] = []

    def add(self, rows: Sequence[Row]) -> None:
        values = list(map(self._value, rows))
        plain = set(map(type, values)) <= PLAIN
        self._found += values if plain else [found for found in map(number, values) if found is not None]

    def value(self) -> Any:
        return self._result(self._found) if self._found else None


class Extreme(Aggregate):
    """The least or greatest value, as values sort; or that of the row that comes first or last by `by`."""

    def __init__(self, value: Evaluate, *, greatest: bool, by: Evaluate | None = None) -> None:
        self._value = value
        self._by = by
        self._pick: Callable[..., Any] = max if greatest else min
        self._found: list[tuple[Any, Any]] = []

    def add(self, rows: Sequence[Row]) -> None:
        by = self._by
        pairs = [(found, row) for found, row in zip(map(self._value, rows), rows) if found is not None]
        if not pairs:
            return
        keys: list[Any] = [by(row) for _, row in pairs] if by else [found for found, _ in pairs]
        if not set(map(type, keys)) <= PLAIN:
            keys = list(map(order, keys))
        best = self._pick(keys)
        found, row = pairs[keys.index(best)]
        candidates = [(order(by(row) if by else found), found), *self._found]
        self._found = [self._pick(candidates, key=lambda candidate: candidate[0])]

    def value(self) -> Any:
        return self._found[0][1] if self._found else None


def percentile(percent: float) -> Callable[[list[float]], float]:
    """The value below which so many percent of the values are, between the two nearest ones."""

    def result(values: list[float]) -> float:
        values.sort()
        at = (len(values) - 1) * percent / 100
        low = math.floor(at)
        high = min(low + 1, len(values) - 1)
        return values[low] + (values[high] - values[low]) * (at - low)

    return result


def deviation(values: list[float]) -> float:
    mean = math.fsum(values) / len(values)
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / len(values))


def mean(values: list[float]) -> float:
    return math.fsum(values) / len(values)


def total(values: list[float]) -> float:
    found = math.fsum(values)
    return int(found) if found.is_integer() else found


def _at(row: Row) -> Any:
    return row[PLACE][0]


Maker = Callable[[], Aggregate]


def count_all() -> Aggregate:
    """Of count(*), which asks of rows but how many there are."""
    return Count(None)


NUMERIC: dict[str, Callable[[list[float]], Any]] = {
    "avg": mean, "sum": total, "stddev": deviation, "median": percentile(50),
}  # fmt: skip
PERCENTILES = ("pct", "percentile")
NAMES = {
    "count", "count_distinct", "min", "max", "earliest", "latest", "sortsfirst", "sortslast", *NUMERIC, *PERCENTILES,
}  # fmt: skip


def maker(name: str, value: Evaluate | None, percent: float | None) -> Maker:
    """What makes the aggregate of each group. Raises: InvalidQuery."""
    if name == "count":
        return count_all if value is None else lambda: Count(value)
    if value is None or (name in PERCENTILES) != (percent is not None):
        raise InvalidQuery(f"wrong number of arguments of {name}")
    if name in NUMERIC:
        return lambda: Numbers(value, NUMERIC[name])
    if name in PERCENTILES:
        assert percent is not None
        result = percentile(percent)
        return lambda: Numbers(value, result)
    if name == "count_distinct":
        return lambda: Distinct(value)
    by = _at if name in ("earliest", "latest") else None
    greatest = name in ("max", "latest", "sortslast")
    return lambda: Extreme(value, greatest=greatest, by=by)
