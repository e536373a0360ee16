"""The writes of one operation before they are applied: an overlay on the store, with nesting by undo logs."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable
from typing import Any, Final

Waiting = tuple[Callable[[], None], Callable[[Exception], None] | None]

_ABSENT: Final[Any] = object()


class Batch:
    """Key -> value, or None for a deleted key. `waiting` are the callbacks for when the batch is durable."""

    __slots__ = ("_levels", "_order", "_undo", "values", "waiting")

    def __init__(self) -> None:
        self.values: dict[bytes, bytes | None] = {}
        self.waiting: list[Waiting] = []
        self._order: list[bytes] | None = None  # the keys sorted, from the first scan on
        self._undo: dict[bytes, bytes | None] | None = None  # what the innermost nested batch has replaced
        self._levels: list[tuple[dict[bytes, bytes | None] | None, int]] = []

    def set(self, key: bytes, value: bytes | None) -> None:
        """Puts, or with None deletes."""
        values = self.values
        if self._undo is not None and key not in self._undo:
            self._undo[key] = values.get(key, _ABSENT)
        if self._order is not None and key not in values:
            insort(self._order, key)
        values[key] = value

    @property
    def nested(self) -> bool:
        """Whether a batch is open inside this one."""
        return self._undo is not None

    def begin(self) -> None:
        """Opens a nested batch."""
        self._levels.append((self._undo, len(self.waiting)))
        self._undo = {}

    def commit(self) -> None:
        """Closes the nested batch and keeps its writes."""
        inner = self._undo
        self._undo, _ = self._levels.pop()
        if self._undo is not None and inner is not None:
            self._undo = inner | self._undo

    def rollback(self) -> None:
        """Closes the nested batch and takes its writes back."""
        for key, value in (self._undo or {}).items():
            if value is _ABSENT:
                del self.values[key]
            else:
                self.values[key] = value
        self._undo, waiting = self._levels.pop()
        del self.waiting[waiting:]
        self._order = None

    def between(self, start: bytes, end: bytes, limit: int, reverse: bool) -> tuple[list[bytes], bool]:
        """The first (in reverse: last) keys of [start, end), and whether there are more than the limit."""
        if self._order is None:
            self._order = sorted(self.values)
        low, high = bisect_left(self._order, start), bisect_left(self._order, end)
        if high - low <= limit:
            return self._order[low:high], False
        return (self._order[high - limit : high] if reverse else self._order[low : low + limit]), True
