"""Commands that bring rows together with something else: a join, a lookup table, an earlier time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from hodei.engines.insights.expressions import Evaluate, Scope
from hodei.engines.insights.nested import Nested, Table
from hodei.engines.insights.stages import Stage, widened
from hodei.engines.insights.values import Row, text


class Join(Stage):
    """Rows with the fields of those of the right side that have the same keys. `places` are where these go."""

    def __init__(self, right: Nested, keys: Sequence[tuple[Evaluate, str]], *, outer: bool) -> None:
        self._right = right
        self._values = [evaluate for evaluate, _ in keys]
        self._names = [name for _, name in keys]
        self._outer = outer
        self.places: dict[str, int] = {}

    @cached_property
    def _matching(self) -> dict[tuple[str, ...], list[dict[str, Any]]]:
        return self._right.by(self._names)

    def push(self, rows: list[Row]) -> list[Row]:
        found = []
        for row in rows:
            values = [value(row) for value in self._values]
            others = [] if None in values else self._matching.get(tuple(map(text, values)), [])
            for other in others:
                one = row.copy()
                for name, at in self.places.items():
                    one[at] = other.get(name)
                found.append(one)
            if self._outer and not others:
                found.append(row)
        return found


class Lookup(Stage):
    """Gives rows the fields of the line of a table that has their values; `places` are where these go."""

    def __init__(self, table: Table, values: Sequence[Evaluate], places: Sequence[int]) -> None:
        self._table = table
        self._values = values
        self._places = places

    def push(self, rows: list[Row]) -> list[Row]:
        for row in rows:
            values = [value(row) for value in self._values]
            if None not in values and (found := self._table.rows.get(tuple(map(text, values)))):
                for at, value in zip(self._places, found):
                    row[at] = value
        return rows


class Diff(Stage):
    """The patterns of now and those of an earlier time: how many more events each has, and that in words, go to
    `places`. Most changed ones first."""

    def __init__(self, earlier: Nested, scope: Scope, places: Sequence[int]) -> None:
        self._earlier = earlier
        self._scope = scope
        self._places = places
        self._rows: dict[str, Row] = {}

    def push(self, rows: list[Row]) -> list[Row]:
        self._rows |= {row[1]: row for row in rows}
        return []

    def finish(self) -> list[Row]:
        before = {one["@pattern"]: one for one in self._earlier.rows}
        for pattern, one in before.items():
            gone: Row = [(0,), pattern, 0.0, 0, one.get("@severityLabel")]
            self._rows.setdefault(pattern, widened(gone, self._scope))
        difference, description = self._places
        for pattern, row in self._rows.items():
            count, old = row[3], before[pattern]["@sampleCount"] if pattern in before else 0
            row[difference], row[description] = count - old, describe(old, count)
        return sorted(self._rows.values(), key=lambda row: (-abs(row[difference]), row[1]))


def describe(old: int, new: int) -> str:
    """How a count has changed, in words."""
    if old == new:
        return "No change"
    if not old or not new:
        return "New pattern" if new else "Pattern not found"
    return f"{'Increased' if new > old else 'Decreased'} by {text(abs(new - old) / old * 100)}%"
