"""What a query must be given before it runs: results of the queries within it, contents of lookup tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hodei.engines.insights.values import InvalidQuery, text

if TYPE_CHECKING:
    from hodei.engines.insights.query import Query

MOST_KEYS = 50_000  # of the right side of a join


class Nested:
    """A query within another one. It is to run first, then `finish`; then the other one has what came of it.

    `earlier` is None, or how much before the time of the other one it looks, for diff: "previousday" and so on,
    or "" for the time just before.
    """

    def __init__(self, query: Query, earlier: str | None = None) -> None:
        self.query = query
        self.earlier = earlier
        self.rows: list[dict[str, Any]] = []
        self._values: dict[str, frozenset[str]] = {}

    def finish(self) -> None:
        self.rows = [dict(row) for row in self.query.finish()]

    def values(self, name: str) -> frozenset[str]:
        """All that a field is."""
        if name not in self._values:
            self._values[name] = frozenset(text(row[name]) for row in self.rows if name in row)
        return self._values[name]

    def by(self, names: Sequence[str]) -> dict[tuple[str, ...], list[dict[str, Any]]]:
        """The rows by the values of fields, without those that lack one. Raises: InvalidQuery for too many."""
        found: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        for row in self.rows:
            if all(name in row for name in names):
                found.setdefault(tuple(text(row[name]) for name in names), []).append(row)
        if len(found) > MOST_KEYS:
            raise InvalidQuery(f"the right side of the join has more than {MOST_KEYS} different keys")
        return found


class Table:
    """A lookup table that a query names, to be filled before the query runs."""

    def __init__(self, name: str, keys: Sequence[str], output: Sequence[str]) -> None:
        self.name = name
        self._keys, self._output = keys, output
        self.rows: dict[tuple[str, ...], tuple[str, ...]] = {}

    def check(self, columns: Sequence[str]) -> None:
        """Raises: InvalidQuery for what the query names and the table has not."""
        for name in (*self._keys, *self._output):
            if name not in columns:
                raise InvalidQuery(f"the lookup table {self.name} has no field {name}")

    def fill(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Of rows with the same key the first one counts."""
        self.check(columns)
        keys = [columns.index(name) for name in self._keys]
        output = [columns.index(name) for name in self._output]
        for row in rows:
            self.rows.setdefault(tuple(row[at] for at in keys), tuple(row[at] for at in output))
