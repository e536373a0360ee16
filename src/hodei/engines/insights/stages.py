"""What commands do with rows: some with each as it comes, some when they have seen all."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from itertools import compress, repeat
from operator import itemgetter
from typing import Any

from hodei.engines.insights.aggregates import Aggregate, Count, Maker, count_all
from hodei.engines.insights.expressions import Evaluate, Scope
from hodei.engines.insights.parsing import Take
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
    """Gives fields what is taken out of a value, as (number of what is taken, place); None where it is not there."""

    def __init__(self, value: Evaluate, take: Take, places: Sequence[tuple[int, int]]) -> None:
        self._value = value
        self._take = take
        self._places = places

    def push(self, rows: list[Row]) -> list[Row]:
        take, places = self._take, self._places
        for row, value in zip(rows, map(self._value, rows)):
            if value is not None and (found := take(value if isinstance(value, str) else text(value))):
                for number, at in places:
                    row[at] = found[number]
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
        self._worst: Any = None  # of the first key, in what is wanted

    @property
    def newest(self) -> bool:
        """Whether it is the newest that are wanted."""
        return self.most is not None and not self._keys

    def push(self, rows: list[Row]) -> list[Row]:
        if self.oldest is not None:
            rows = [row for row in rows if row[PLACE] > self.oldest]
        elif self._worst is not None:
            rows = self._good(rows)
        self._rows += rows
        if self.most is not None and len(self._rows) > PRUNED * (self.most + 1000):
            self._rows = self.finish()
            if self.newest:
                self.oldest = self._rows[-1][PLACE]
            elif self._rows:
                self._worst = order(self._keys[0][0](self._rows[-1]))
        return []

    def _good(self, rows: list[Row]) -> list[Row]:
        """Those of rows that may be wanted, by their first key."""
        (evaluate, descending), worst = self._keys[0], self._worst
        keys = map(order, map(evaluate, rows))
        return list(compress(rows, map(worst.__le__ if descending else worst.__ge__, keys)))

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
        self._kept: dict[tuple[str | None, ...], tuple[Sequence[Any], list[Aggregate]]] = {}

    def push(self, rows: list[Row]) -> list[Row]:
        columns = [list(map(group, rows)) for group in self._groups]
        try:
            if columns and self._only_counts:
                self._count(Counter(zip(*columns)))
            else:
                self._add(columns, rows)
        except TypeError:  # there are values like maps
            self._add([list(map(_as_key, column)) for column in columns], rows)
        return []

    def _count(self, counts: Counter[tuple[Any, ...]]) -> None:
        for values, count in counts.items():
            for aggregate in self._of(values):
                assert isinstance(aggregate, Count)
                aggregate.count += count

    def _add(self, columns: list[list[Any]], rows: list[Row]) -> None:
        found: defaultdict[Any, list[Row]] = defaultdict(list)
        for key, row in zip(columns[0] if len(columns) == 1 else zip(*columns) if columns else repeat(()), rows):
            found[key].append(row)
        for of_group in found.values():
            for aggregate in self._of([group(of_group[0]) for group in self._groups]):
                aggregate.add(of_group)

    def _of(self, values: Sequence[Any]) -> list[Aggregate]:
        key = tuple(map(_as_key, values))
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


def _as_key(value: Any) -> str | None:
    return None if value is None else text(value)


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
