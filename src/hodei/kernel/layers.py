"""Layers: snapshot, fork and rewind of a whole store at O(1) cost.

The store's content is the *head* on a chain of frozen parents. Writes go to the head; a delete there leaves a
tombstone (a row whose value is NULL), as the key may live in a parent. A frozen layer lives as long as it is held, has
a name or is below a layer that lives. What is left over is tidied in slices: the rows of dead layers are deleted, and a
frozen layer that only one layer stands on takes that layer's rows, so that the chain stays short.

All in SQLite: `kv_<n>(k, v)` is one layer's table, and the row `layers` of `meta` says how they are stacked.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from sqlite3 import Connection
from typing import Final

import msgspec

MAX_DEPTH: Final = 200  # SQLite joins at most 500 SELECTs
_DIFFERENCE_PAGE: Final = 256


class _Node(msgspec.Struct, omit_defaults=True):
    table: int
    parent: int | None = None
    held: bool = False


class _State(msgspec.Struct):
    """The stack as it is stored."""

    nodes: dict[int, _Node]
    head: int
    last: int  # the highest number given to a layer or table so far
    names: dict[str, int]
    dropping: list[int]  # tables of dead layers, whose rows are being deleted

    def chain(self, layer: int) -> list[int]:
        """The layer and what it stands on, down to the root."""
        chain = []
        at: int | None = layer
        while at is not None:
            chain.append(at)
            at = self.nodes[at].parent
        return chain

    def wanted(self) -> list[int]:
        """The layers that are wanted for themselves: the head, those with a name, those held."""
        return [self.head, *self.names.values(), *(number for number, node in self.nodes.items() if node.held)]


@dataclass(frozen=True)
class Layer:
    """One layer as `Store.layers` lists it."""

    id: int
    parent: int | None
    names: tuple[str, ...]
    held: bool
    head: bool


class Statements:
    """The SQL that reads and writes one chain of tables, top first."""

    def __init__(self, tables: list[int]) -> None:
        self.layered = len(tables) > 1
        top = tables[0]
        self.get = _get(tables)
        self.put = f"REPLACE INTO kv_{top} VALUES (?, ?)"
        self.delete = f"REPLACE INTO kv_{top} VALUES (?, NULL)" if self.layered else f"DELETE FROM kv_{top} WHERE k = ?"
        self.rows = self._range(tables, "v", "")
        self.rows_back = self._range(tables, "v", " DESC")
        self.keys = self._range(tables, "nullif(v IS NULL, 1)", "")  # NULL for a tombstone; reads no value
        self.keys_back = self._range(tables, "nullif(v IS NULL, 1)", " DESC")
        arms = self._arms(tables, "v IS NOT NULL")
        self.count = f"SELECT sum(live) FROM (SELECT v AS live, min(depth) FROM ({arms}) GROUP BY k)"
        if not self.layered:
            self.count = f"SELECT count(*) FROM kv_{top} WHERE k >= ?1 AND k < ?2"

    @staticmethod
    def _arms(tables: list[int], value: str) -> str:
        return " UNION ALL ".join(
            f"SELECT k, {value} AS v, {depth} AS depth FROM kv_{n} WHERE k >= ?1 AND k < ?2"
            for depth, n in enumerate(tables)
        )

    def _range(self, tables: list[int], value: str, order: str) -> str:
        if not self.layered:
            return f"SELECT k, {value} FROM kv_{tables[0]} WHERE k >= ?1 AND k < ?2 ORDER BY k{order} LIMIT ?3"
        return f"{self._arms(tables, value)} ORDER BY k{order}, depth LIMIT ?3"


def _get(tables: list[int]) -> str:
    arms = " UNION ALL ".join(f"SELECT v FROM kv_{n} WHERE k = ?1" for n in tables)
    return f"{arms} LIMIT 1"  # the arms run in order, each only when the ones before gave no row


class Layers:
    """The stack of layers in one database. Every change is a transaction of its own: call with none open."""

    def __init__(self, db: Connection) -> None:
        self._db = db
        self._state = _State(nodes={}, head=0, last=0, names={}, dropping=[])
        self.sql: Statements  # for the chain of the head
        if not self.reload():
            with self._change() as state:
                state.head = self._add(None)

    def reload(self) -> bool:
        """Takes the stack as it is stored; False when none is."""
        row = self._db.execute("SELECT value FROM meta WHERE name = 'layers'").fetchone()
        if row is None:
            return False
        self._state = msgspec.msgpack.decode(row[0], type=_State)
        self._compile()
        return True

    @property
    def names(self) -> dict[str, int]:
        """The named snapshots and their layers."""
        return dict(sorted(self._state.names.items()))

    @property
    def untidy(self) -> bool:
        """Whether `tidy` has work."""
        return bool(self._state.dropping) or self._mergeable() is not None

    def living(self) -> list[Layer]:
        """The living layers, oldest first."""
        state = self._state
        return [
            Layer(
                id=number,
                parent=node.parent,
                names=tuple(sorted(name for name, layer in state.names.items() if layer == number)),
                held=node.held,
                head=number == state.head,
            )
            for number, node in sorted(state.nodes.items())
        ]

    def freeze(self, *, hold: bool = False, name: str | None = None) -> int:
        """Freezes the content as it is; returns the frozen layer, which is the parent if nothing was written since."""
        with self._change() as state:
            frozen = state.head
            parent = state.nodes[frozen].parent
            if parent is not None and self._empty(state.nodes[frozen].table):
                frozen = parent
            else:
                state.head = self._add(frozen)
            if hold:
                state.nodes[frozen].held = True
            if name is not None:
                state.names[name] = frozen
                self._collect()
        return frozen

    def switch(self, layer: int | None) -> None:
        """Puts a new head on a frozen layer, or on nothing. Raises KeyError for a layer that does not live."""
        if layer is not None and (layer == self._state.head or layer not in self._state.nodes):
            raise KeyError(layer)
        with self._change() as state:
            state.head = self._add(layer)
            self._collect()

    def release(self, layer: int) -> None:
        """Holds a frozen layer no longer. Raises KeyError for a layer that does not live."""
        self._state.nodes[layer]
        with self._change() as state:
            state.nodes[layer].held = False
            self._collect()

    def forget(self, name: str) -> None:
        """Takes a name away. Raises KeyError for an unknown one."""
        self._state.names[name]
        with self._change() as state:
            del state.names[name]
            self._collect()

    def anywhere(self, key: bytes) -> bool:
        """Whether the head, or anything one can go back to, has a value under the key."""
        state = self._state
        tables = (node.table for node in state.nodes.values())
        if not any(self._db.execute(f"SELECT 1 FROM kv_{n} WHERE k = ?", (key,)).fetchone() for n in tables):
            return False
        return any(self.get_from(layer, key) is not None for layer in state.wanted())

    def touched(self, layer: int) -> Iterator[bytes]:
        """The keys, in order, written in the layers that the head or the given layer has and the other has not."""
        state = self._state
        apart = set(state.chain(state.head)) ^ set(state.chain(layer))
        if not apart:
            return
        arms = " UNION ".join(f"SELECT k FROM kv_{state.nodes[n].table} WHERE k > ?1" for n in sorted(apart))
        after = b""
        while page := self._db.execute(f"{arms} ORDER BY k LIMIT {_DIFFERENCE_PAGE}", (after,)).fetchall():
            yield from (key for (key,) in page)
            after = page[-1][0]

    def get_from(self, layer: int, key: bytes) -> bytes | None:
        """The value that the content frozen in a layer has under a key."""
        tables = [self._state.nodes[number].table for number in self._state.chain(layer)]
        row = self._db.execute(_get(tables), (key,)).fetchone()
        return row[0] if row else None

    def tidy(self, rows: int) -> bool:
        """Deletes or merges up to so many rows of layers nobody needs; returns whether more are left."""
        if self._state.dropping:
            self._drop_slice(rows)
        elif (merge := self._mergeable()) is not None:
            self._merge_slice(*merge, rows)
        return self.untidy

    def _drop_slice(self, rows: int) -> None:
        with self._change() as state:
            table = state.dropping[-1]
            self._db.execute(f"DELETE FROM kv_{table} WHERE k IN (SELECT k FROM kv_{table} LIMIT ?)", (rows,))
            if self._empty(table):
                self._db.execute(f"DROP TABLE kv_{table}")
                state.dropping.pop()

    def _merge_slice(self, lower: int, upper: int, rows: int) -> None:
        """Moves rows of a layer into the one it alone stands on: at no time does what the upper shows change."""
        with self._change() as state:
            below, above = state.nodes[lower], state.nodes[upper]
            source, target = f"kv_{above.table}", f"kv_{below.table}"
            last = self._db.execute(
                f"SELECT max(k) FROM (SELECT k FROM {source} ORDER BY k LIMIT ?)", (rows,)
            ).fetchone()[0]
            if last is not None:
                if below.parent is None:  # nothing below: a tombstone has done its work
                    gone = f"SELECT k FROM {source} WHERE k <= ?1 AND v IS NULL"
                    self._db.execute(f"DELETE FROM {target} WHERE k IN ({gone})", (last,))
                    moved = "v IS NOT NULL"
                else:
                    moved = "TRUE"
                self._db.execute(f"REPLACE INTO {target} SELECT k, v FROM {source} WHERE k <= ? AND {moved}", (last,))
                self._db.execute(f"DELETE FROM {source} WHERE k <= ?", (last,))
            if self._empty(above.table):
                state.dropping.append(above.table)
                above.table, above.parent = below.table, below.parent
                del state.nodes[lower]

    def _mergeable(self) -> tuple[int, int] | None:
        """A frozen layer that nobody holds or names, and the only layer that stands on it."""
        state = self._state
        above: dict[int, list[int]] = {}
        for number, node in state.nodes.items():
            if node.parent is not None:
                above.setdefault(node.parent, []).append(number)
        named = set(state.names.values())
        for lower, upper in above.items():
            if len(upper) == 1 and lower not in named and not state.nodes[lower].held:
                return lower, upper[0]
        return None

    def _add(self, parent: int | None) -> int:
        state = self._state
        state.last += 1
        self._db.execute(f"CREATE TABLE kv_{state.last} (k BLOB PRIMARY KEY, v BLOB) WITHOUT ROWID")
        state.nodes[state.last] = _Node(table=state.last, parent=parent)
        if parent is not None and len(state.chain(state.last)) > MAX_DEPTH:
            raise ValueError(f"at most {MAX_DEPTH} snapshots can stand on each other: delete some first")
        return state.last

    def _collect(self) -> None:
        """Gives up the layers that nothing living stands on."""
        state = self._state
        living: set[int] = set()
        for number in state.wanted():
            living.update(state.chain(number))
        for number in state.nodes.keys() - living:
            state.dropping.append(state.nodes.pop(number).table)

    def _empty(self, table: int) -> bool:
        return self._db.execute(f"SELECT 1 FROM kv_{table} LIMIT 1").fetchone() is None

    @contextmanager
    def _change(self) -> Iterator[_State]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield self._state
            value = msgspec.msgpack.encode(self._state)
            self._db.execute("REPLACE INTO meta VALUES ('layers', ?)", (value,))
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            self.reload()
            raise
        self._compile()

    def _compile(self) -> None:
        state = self._state
        self.sql = Statements([state.nodes[number].table for number in state.chain(state.head)])
