"""What commands do with rows: some with each as it comes, some when they have seen all."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

from hodei.engines.insights.aggregates import Aggregate, Count, Maker, count_all
from hodei.engines.insights.expressions import Evaluate, Scope
from hodei.engines.insights.values import PLACE, Row, order, text

PRUNED = 4  # times as many rows as are wanted are kept before the others are dropped


class Stage:
    """Takes rows and gives on what comes of them; `finish` gives what it has kept back."""

    def push(self, rows: list[Row]) -> list[Row]:
        return rows

    def finish(self) -> list[Row]:
        return []


class Filter(Stage):
    def __init__(self, test: Evaluate) -> None:
        self._test = test

    def push(self, rows: list[Row]) -> list[Row]:
        test = self._test
        return [row for row in rows if test(row)]


class Assign(Stage):
    """Gives fields their values."""

    def __init__(self, made: Sequence[tuple[int, Evaluate]]) -> None:
        self._made = made

    def push(self, rows: list[Row]) -> list[Row]:
        for at, evaluate in self._made:
            for row in rows:
                row[at] = evaluate(row)
        return rows


class Parse(Stage):
    """Gives fields the groups (number, place) of an expression that is searched for; None where it is not found."""

    def __init__(self, value: Evaluate, expression: re.Pattern[str], places: Sequence[tuple[int, int]]) -> None:
        self._value = value
        self._search = expression.search
        self._places = places

    def push(self, rows: list[Row]) -> list[Row]:
        for row in rows:
            value = self._value(row)
            if value is not None and (found := self._search(text(value))):
                for group, at in self._places:
                    row[at] = found[group]
        return rows


class Unnest(Stage):
    """A row for each element of a list; what is no list counts as one of one element."""

    def __init__(self, value: Evaluate, place: int) -> None:
        self._value = value
        self._place = place

    def push(self, rows: list[Row]) -> list[Row]:
        found = []
        for row in rows:
            value = self._value(row)
            for element in value if isinstance(value, list) else [value]:
                one = row.copy()
                one[self._place] = element
                found.append(one)
        return found


class Sort(Stage):
    """By values, each up or down; rows that are alike, and all without keys, the newest first. `most` are wanted."""

    def __init__(self, keys: Sequence[tuple[Evaluate, bool]] = ()) -> None:
        self._keys = keys
        self.most: int | None = None
        self._rows: list[Row] = []
        self.oldest: tuple[Any, ...] | None = None  # of the newest that are wanted: what is older does not count

    @property
    def newest(self) -> bool:
        """Whether it is the newest that are wanted."""
        return self.most is not None and not self._keys

    def push(self, rows: list[Row]) -> list[Row]:
        if self.oldest is not None:
            rows = [row for row in rows if row[PLACE] > self.oldest]
        self._rows += rows
        if self.most is not None and len(self._rows) > PRUNED * (self.most + 1000):
            self._rows = self.finish()
            if self.newest:
                self.oldest = self._rows[-1][PLACE]
        return []

    def finish(self) -> list[Row]:
        rows = self._rows
        rows.sort(key=itemgetter(PLACE), reverse=True)
        for evaluate, descending in reversed(self._keys):
            rows.sort(key=_key(evaluate), reverse=descending)
        return rows if self.most is None else rows[: self.most]


def _key(evaluate: Evaluate) -> Callable[[Row], Any]:
    return lambda row: order(evaluate(row))


class Limit(Stage):
    def __init__(self, most: int) -> None:
        self._left = most

    def push(self, rows: list[Row]) -> list[Row]:
        taken = rows[: self._left]
        self._left -= len(taken)
        return taken


class Dedup(Stage):
    """The first of the rows that have the same values; rows without one of them all stay."""

    def __init__(self, values: Sequence[Evaluate]) -> None:
        self._values = values
        self._seen: set[tuple[str, ...]] = set()

    def push(self, rows: list[Row]) -> list[Row]:
        kept = []
        for row in rows:
            values = [value(row) for value in self._values]
            key = None if None in values else tuple(map(text, values))
            if key is None or key not in self._seen:
                kept.append(row)
                if key is not None:
                    self._seen.add(key)
        return kept


class Stats(Stage):
    """A row for each group: its values, then those of the aggregates, then what is made of them."""

    def __init__(
        self, groups: Sequence[Evaluate], makers: Sequence[Maker], made: Sequence[Evaluate], scope: Scope
    ) -> None:
        self._scope = scope
        self._groups = groups
        self._makers = makers
        self._made = made
        self._only_counts = all(make is count_all for make in makers)
        self._kept: dict[Any, tuple[list[Any], list[Aggregate]]] = {}

    def push(self, rows: list[Row]) -> list[Row]:
        if len(self._groups) == 1 and self._only_counts and self._count(rows):
            return []
        found: dict[Any, tuple[list[Any], list[Row]]] = {}
        if not self._groups:
            found[()] = ([], rows)
        elif len(self._groups) == 1:
            (group,) = self._groups
            for row in rows:
                value = group(row)
                key = value if isinstance(value, str | int | None) else text(value)
                if (known := found.get(key)) is None:
                    known = found[key] = ([value], [])
                known[1].append(row)
        else:
            for row in rows:
                values = [group(row) for group in self._groups]
                whole = tuple(text(value) if value is not None else None for value in values)
                found.setdefault(whole, (values, []))[1].append(row)
        for key, (values, of_group) in found.items():
            for aggregate in self._of(key, values):
                aggregate.add(of_group)
        return []

    def _count(self, rows: list[Row]) -> bool:
        """Count how often there is each value, where nothing else is asked for; False for values like maps."""
        try:
            counts = Counter(map(self._groups[0], rows))
        except TypeError:
            return False
        for value, count in counts.items():
            key = value if isinstance(value, str | int | None) else text(value)
            for aggregate in self._of(key, [value]):
                assert isinstance(aggregate, Count)
                aggregate.count += count
        return True

    def _of(self, key: Any, values: list[Any]) -> list[Aggregate]:
        if (kept := self._kept.get(key)) is None:
            kept = self._kept[key] = (values, [make() for make in self._makers])
        return kept[1]

    def finish(self) -> list[Row]:
        rows = []
        for values, aggregates in self._kept.values():
            row = [(0,), *values, *(aggregate.value() for aggregate in aggregates)]
            first = len(row)
            rows.append(widened(row, self._scope))
            for at, evaluate in enumerate(self._made, first):
                row[at] = evaluate(row)
        return rows


def widened(row: Row, scope: Scope) -> Row:
    """A row that was made anew, with room for what the commands after that add."""
    row += [None] * (scope.width - len(row))
    return row


VARIABLE = re.compile(
    r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b|\b\d+(?:\.\d+){3}\b|\b(?:0x)?[0-9a-fA-F]*\d[\w.:-]*"
)
SEVERITY = re.compile(r"\b(FATAL|ERROR|WARN|INFO|DEBUG)", re.I)


class Patterns(Stage):
    """What the values have in common, where what changes (numbers, ids, addresses) is left out: most frequent first.
    How severe they are is the first word for that in them."""

    def __init__(self, value: Evaluate, scope: Scope) -> None:
        self._value = value
        self._scope = scope
        self._counts: dict[str, int] = {}
        self._total = 0

    def push(self, rows: list[Row]) -> list[Row]:
        for row in rows:
            if (value := self._value(row)) is not None:
                pattern = VARIABLE.sub("<*>", text(value))
                self._counts[pattern] = self._counts.get(pattern, 0) + 1
                self._total += 1
        return []

    def finish(self) -> list[Row]:
        counted = sorted(self._counts.items(), key=lambda pair: (-pair[1], pair[0]))
        return [
            widened([(0,), pattern, count / self._total, count, _severity(pattern)], self._scope)
            for pattern, count in counted
        ]


def _severity(pattern: str) -> str | None:
    found = SEVERITY.search(pattern)
    return found[1].upper() if found else None
