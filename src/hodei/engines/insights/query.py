"""Queries at work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hodei.engines.insights import stages
from hodei.engines.insights.expressions import MESSAGE, UNMASKED
from hodei.engines.insights.lexer import Tokens
from hodei.engines.insights.reading import POINTER, Reader
from hodei.engines.insights.values import Row

EVENT_FIELDS = frozenset({"@timestamp", MESSAGE, "@logStream", "@log", "@ingestionTime", "@now", POINTER, UNMASKED})


class Query(Reader):
    """A query at work: rows go in, what comes of them is at the end.

    `fields` are what it reads of events, in the places 1, 2, ... of rows of `width`; `early` is how many of its first
    stages need but what all events have. `needles` stand in all messages that it looks at, `escaped` too, unless they
    are written with escapes. `source` are the groups that it names itself, `indexed` fields that groups must have an
    index of. `nested` are to run before it, and `tables` to be filled.
    """

    def __init__(self, text: str | Tokens, most: int | None) -> None:
        super().__init__(text, most)
        self.matched = 0  # rows that the filters at the beginning have let through
        self._results: list[Row] = []

    # what it wants of events

    @property
    def fields(self) -> dict[str, int]:
        """Those that come of events, and their places."""
        return self._first.read

    @property
    def width(self) -> int:
        return self._first.width

    @property
    def early(self) -> int:
        """How many stages at the beginning are filters of nothing but what all events have."""
        count = 0
        for one in self._filters:
            if not one.fields <= EVENT_FIELDS:
                break
            count += 1
        return count

    @property
    def needles(self) -> tuple[str, ...]:
        return tuple(needle for one in self._filters for needle in one.needles)

    @property
    def escaped(self) -> tuple[str, ...]:
        return tuple(needle for one in self._filters for needle in one.escaped)

    @property
    def unmasked(self) -> bool:
        """Whether it asks for messages that nothing is hidden in."""
        return UNMASKED in self.fields

    @property
    def newest(self) -> bool:
        """Whether nothing is wanted but the newest events, with no filter."""
        first = self._stages[0] if self._stages else None
        return isinstance(first, stages.Sort) and first.newest

    @property
    def clues(self) -> tuple[str, ...]:
        """Expressions that are found in all messages that it looks at."""
        return tuple(one.clue for one in self._filters if one.clue)

    # rows

    def recent(self, times: Sequence[int], wanted: Sequence[int]) -> Sequence[int]:
        """Of a query for the newest events, those positions whose times (ms) may be among them; all have matched."""
        first = self._stages[0] if self._stages else None
        if not (isinstance(first, stages.Sort) and first.newest and first.oldest):
            return wanted
        oldest = first.oldest[0]
        kept = [at for at in wanted if times[at] >= oldest]
        self.matched += len(wanted) - len(kept)
        return kept

    def sift(self, rows: list[Row]) -> list[Row]:
        """What the early stages leave of rows that have only what all events have."""
        for stage in self._stages[: self.early]:
            rows = stage.push(rows)
        return rows

    def push(self, rows: list[Row]) -> None:
        self._through(rows, self.early)

    def _through(self, rows: list[Row], start: int) -> None:
        for at in range(start, len(self._stages)):
            if not rows:
                return
            if at == len(self._filters):
                self.matched += len(rows)
            rows = self._stages[at].push(rows)
        self._results += rows

    def finish(self) -> list[list[tuple[str, Any]]]:
        """The results: fields that have a value, and that."""
        for at, stage in enumerate(self._stages):
            self._through(stage.finish(), at + 1)
        shown = [(name, self._scope.places[name]) for name in self._names() if name in self._scope.places]
        return [[(name, row[at]) for name, at in shown if row[at] is not None] for row in self._results]
