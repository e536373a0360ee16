"""Commands for which the order of rows counts, or that add up what is in them."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

from hodei.engines.insights.expressions import Evaluate, Scope
from hodei.engines.insights.stages import Stage, widened
from hodei.engines.insights.values import Row, Time, number


class Accumulate(Stage):
    """The sum of a field in all rows up to each one; rows without a number in it have none."""

    def __init__(self, value: Evaluate, place: int) -> None:
        self._value = value
        self._place = place
        self._sum = 0.0

    def push(self, rows: list[Row]) -> list[Row]:
        for row in rows:
            found = number(self._value(row))
            if found is not None:
                self._sum += found
                row[self._place] = self._sum
        return rows


class Lag(Stage):
    """Gives rows what a field was in rows before: so many before, to go there."""

    def __init__(self, value: Evaluate, lags: Sequence[tuple[int, int]]) -> None:
        self._value = value
        self._lags = lags
        self._before: deque[Any] = deque(maxlen=max(lag for lag, _ in lags))

    def push(self, rows: list[Row]) -> list[Row]:
        for row in rows:
            for lag, at in self._lags:
                row[at] = self._before[-lag] if lag <= len(self._before) else None
            self._before.append(self._value(row))
        return rows


class FillDown(Stage):
    """Gives rows that lack fields the last values of these."""

    def __init__(self, places: Sequence[int]) -> None:
        self._last: dict[int, Any] = dict.fromkeys(places)

    def push(self, rows: list[Row]) -> list[Row]:
        for row in rows:
            for at, last in self._last.items():
                if row[at] is None:
                    row[at] = last
                else:
                    self._last[at] = row[at]
        return rows


class Totals(Stage):
    """The sum of the fields of each row, to go to `total`; and a row at the end with the sums of each field."""

    def __init__(self, places: Sequence[int], scope: Scope, *, total: int | None, columns: bool) -> None:
        self._sums: dict[int, float] = {}
        self._places = places
        self._scope = scope
        self._total = total
        self._columns = columns

    def push(self, rows: list[Row]) -> list[Row]:
        for row in rows:
            numbers = {at: found for at in self._places if (found := _amount(row[at])) is not None}
            for at, found in numbers.items():
                self._sums[at] = self._sums.get(at, 0) + found
            if self._total is not None and numbers:
                row[self._total] = sum(numbers.values())
        return rows

    def finish(self) -> list[Row]:
        if not self._columns:
            return []
        row = widened([(0,)], self._scope)
        for at, found in self._sums.items():
            row[at] = found
        if self._total is not None and self._sums:
            row[self._total] = sum(self._sums.values())
        return [row]


def _amount(value: Any) -> float | None:
    return None if isinstance(value, Time | bool) else number(value)
