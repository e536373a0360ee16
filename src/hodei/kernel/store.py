"""The store: one ordered space of byte keys, in SQLite.

One operation is one batch; the batches of one tick of the event loop become durable together, as one record of the redo
log. SQLite has them in a transaction that stays open over many ticks, so reads see them. A write is acknowledged from
`when_durable`: from then on it survives `kill -9` (a power cut may take the last ticks, and leaves the ones before them
whole: SQLite's WAL has synchronous=NORMAL, the redo log is not synced).

The interface asks nothing of SQLite and could stand on any ordered engine with transactions.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from hodei.kernel.batch import Batch, Waiting
from hodei.kernel.layers import Layer, Layers
from hodei.kernel.redo import RedoLog, Writes
from hodei.kernel.sqlite import Checkpointer, DataError, DataTooNew, connect, open_log

__all__ = ["DataError", "DataTooNew", "Store", "StoreFailed"]

_FIRST_PAGE: Final = 16  # rows a scan fetches at first: most take few
_PAGE: Final = 256
_CACHED: Final = 8192  # objects in the cache
_TIDY_ROWS: Final = 200
_TIDY_PAUSE: Final = 0.02  # seconds between two slices

log = logging.getLogger(__name__)


class StoreFailed(Exception):
    """The engine refused a write (the disk is full, say): everything not yet durable is lost."""


class Store:
    """One ordered key space of bytes. All calls come from the thread of the loop."""

    def __init__(self, db: sqlite3.Connection, log: RedoLog | None, checkpointer: Checkpointer | None) -> None:
        """Use `open`."""
        self.generation = 0
        """Counts the times the content changed otherwise than by writes: a snapshot was loaded, a tick was lost."""
        self._db = db
        self._log = log  # None: in memory
        self._checkpointer = checkpointer
        self._layers = Layers(db)
        self._sql = self._layers.sql
        self._batch: Batch | None = None
        self._tick: Writes = {}  # of the batches that are committed and not yet durable
        self._dirty = False  # there are such batches
        self._failing = False
        self._acknowledge: list[Waiting] = []
        self._writes = 0  # moves on whenever a running scan has to look again
        self._objects: dict[bytes, Any] = {}
        self._on_switch: list[Callable[[], None]] = []
        self._before_flush: list[Callable[[], None]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tidying: asyncio.TimerHandle | None = None
        self._recover()

    @classmethod
    def open(cls, path: Path | None) -> Store:
        """Opens the store in a file, which is made when missing; without a path, one in memory.

        Raises DataTooNew for a file of a newer format and DataError when it cannot be opened or is no store.
        """
        db = connect(path)
        return cls(db, open_log(path, db), Checkpointer(path)) if path else cls(db, None, None)

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """From now on the first write of a tick schedules `flush`; without a loop each outermost commit flushes."""
        self.flush()
        self._stop_tidying()
        self._loop = loop
        self._tidy_soon()

    def close(self) -> None:
        """Makes durable what is committed, drops an open batch, and closes the file."""
        self._batch = None
        self.flush()
        self._stop_tidying()
        with suppress(sqlite3.Error):  # the log has it: the next start tries again
            self._settle()
        if self._checkpointer:
            self._checkpointer.close()
        if self._log:
            self._log.close()
        self._db.close()

    # reading

    def get(self, key: bytes) -> bytes | None:
        """The value under a key; None when there is none."""
        batch = self._batch
        if batch is not None and key in batch.values:
            return batch.values[key]
        row = self._db.execute(self._sql.get, (key,)).fetchone()
        return row[0] if row is not None else None

    def scan(self, start: bytes, end: bytes, *, reverse: bool = False) -> Iterator[tuple[bytes, bytes]]:
        """The rows of [start, end) in order. Writes made meanwhile are seen as far as they lie ahead."""
        return self._walk(False, start, end, reverse)

    def keys(self, start: bytes, end: bytes, *, reverse: bool = False) -> Iterator[bytes]:
        """The keys of [start, end) in order, as `scan`, without reading the values."""
        return (key for key, _ in self._walk(True, start, end, reverse))

    def count(self, start: bytes, end: bytes) -> int:
        """How many keys lie in [start, end). Time grows with their number."""
        stored: int = self._db.execute(self._sql.count, (start, end)).fetchone()[0] or 0
        if self._batch is None:
            return stored
        values = self._batch.values
        for key in self._batch.between(start, end, len(values), False)[0]:
            before = self._db.execute(self._sql.get, (key,)).fetchone()
            stored += (values[key] is not None) - (before is not None and before[0] is not None)
        return stored

    def _walk(self, bare: bool, start: bytes, end: bytes, reverse: bool) -> Iterator[tuple[bytes, Any]]:
        limit = _FIRST_PAGE
        while True:
            writes = self._writes
            rows, edge = self._page(bare, start, end, reverse, limit)
            limit = _PAGE
            for row in rows:
                yield row
                if self._writes != writes:
                    edge, limit = row[0], _FIRST_PAGE
                    break
            if edge is None:
                return
            if reverse:
                end = edge
            else:
                start = edge + b"\0"

    def _page(
        self, bare: bool, start: bytes, end: bytes, reverse: bool, limit: int
    ) -> tuple[list[tuple[bytes, Any]], bytes | None]:
        """The next rows of a scan, and the key up to which they are all there is; None when that is the end."""
        sql = self._sql
        if bare:
            text = sql.keys_back if reverse else sql.keys
        else:
            text = sql.rows_back if reverse else sql.rows
        rows = self._db.execute(text, (start, end, limit)).fetchall()
        edge = rows[-1][0] if len(rows) == limit else None
        if sql.layered:
            top: dict[bytes, Any] = {}
            for key, value, _ in rows:
                top.setdefault(key, value)
            rows = [row for row in top.items() if row[1] is not None]
        if self._batch is not None and self._batch.values:
            return self._overlay(self._batch, rows, edge, start, end, reverse, limit)
        return rows, edge

    @staticmethod
    def _overlay(
        batch: Batch,
        rows: list[tuple[bytes, Any]],
        edge: bytes | None,
        start: bytes,
        end: bytes,
        reverse: bool,
        limit: int,
    ) -> tuple[list[tuple[bytes, Any]], bytes | None]:
        """The rows of a page with those of the batch merged in."""
        if edge is not None:
            start, end = (edge, end) if reverse else (start, edge + b"\0")
        keys, cut = batch.between(start, end, limit, reverse)
        if not keys:
            return rows, edge
        merged = dict(rows)
        merged.update((key, batch.values[key]) for key in keys)
        if cut:
            edge = keys[0] if reverse else keys[-1]
            merged = {key: merged[key] for key in merged if (key >= edge if reverse else key <= edge)}
        return [(key, merged[key]) for key in sorted(merged, reverse=reverse) if merged[key] is not None], edge

    # writing

    def put(self, key: bytes, value: bytes) -> None:
        """Sets a value. Raises RuntimeError outside a batch."""
        self._set(key, value)

    def delete(self, key: bytes) -> None:
        """Removes a key, if it is there. Raises RuntimeError outside a batch."""
        self._set(key, None)

    def delete_range(self, start: bytes, end: bytes) -> int:
        """Removes the keys of [start, end); returns how many there were."""
        keys = list(self.keys(start, end))
        for key in keys:
            self._set(key, None)
        return len(keys)

    def _set(self, key: bytes, value: bytes | None) -> None:
        if self._batch is None:
            raise RuntimeError("writes need a batch")
        self._batch.set(key, value)
        self._writes += 1
        if key in self._objects:
            del self._objects[key]

    def begin(self) -> None:
        """Opens a batch, or one nested in the open one."""
        if self._batch is None:
            self._batch = Batch()
        else:
            self._batch.begin()

    def commit(self) -> None:
        """Commits the innermost batch. Raises StoreFailed when the engine refuses; the batch is then dropped."""
        batch = self._open_batch()
        if batch.nested:
            batch.commit()
            return
        self._batch = None
        if batch.values:
            self._apply(batch)
        self._acknowledge += batch.waiting
        if not self._dirty:
            self._release()
        elif self._loop is None and (failure := self._flush()):
            raise failure

    def rollback(self) -> None:
        """Drops the innermost batch: its writes, and the callbacks waiting for it."""
        batch = self._open_batch()
        self._writes += 1
        if batch.nested:
            batch.rollback()
        else:
            self._batch = None

    @contextmanager
    def batch(self) -> Iterator[None]:
        """A batch that is committed at the end and rolled back by an exception."""
        self.begin()
        try:
            yield
        except BaseException:
            self.rollback()
            raise
        self.commit()

    @contextmanager
    def apart(self) -> Iterator[None]:
        """A batch beside the open one, not in it: what is written here stays when that one is rolled back."""
        outer, self._batch = self._batch, None
        try:
            with self.batch():
                yield
        finally:
            self._batch = outer
            self._writes += 1

    def _open_batch(self) -> Batch:
        if self._batch is None:
            raise RuntimeError("no batch is open")
        return self._batch

    def _apply(self, batch: Batch) -> None:
        if not self._dirty:
            self._dirty = True
            if self._loop is not None:
                self._loop.call_soon(self.flush)
        try:
            self._write(batch.values)
        except sqlite3.Error as error:
            self._acknowledge += batch.waiting
            raise self._fail(error) from error
        self._tick.update(batch.values)

    def _write(self, writes: Writes) -> None:
        puts = [row for row in writes.items() if row[1] is not None]
        if puts:
            self._db.executemany(self._sql.put, puts)
        if len(puts) < len(writes):
            self._db.executemany(self._sql.delete, [(key,) for key, value in writes.items() if value is None])
        if self._checkpointer is not None:
            self._checkpointer.wrote(len(writes), sum(map(len, filter(None, writes.values()))))

    # durability

    def when_durable(self, callback: Callable[[], None], on_error: Callable[[Exception], None] | None = None) -> None:
        """Calls back once all that is written so far is durable: at once when it is.

        In a batch the callback belongs to it: a rollback forgets it. When the commit fails, `on_error` is called with
        StoreFailed instead, and everything written since the last flush is gone.
        """
        if self._batch is not None:
            self._batch.waiting.append((callback, on_error))
        elif self._dirty:
            self._acknowledge.append((callback, on_error))
        else:
            callback()

    def flush(self) -> None:
        """Makes the committed batches durable, then calls those who wait for that. Errors go to `on_error`."""
        self._flush()

    def before_flush(self, callback: Callable[[], None]) -> None:
        """Calls back when a tick is about to become durable: what it writes, by `apart`, goes with it."""
        self._before_flush.append(callback)

    def _flush(self) -> StoreFailed | None:
        if self._dirty:
            for callback in self._before_flush:
                _guarded(callback)
        if not self._dirty:
            return None
        try:
            if self._log is None or not self._log.append(self._tick):
                self._settle()
        except (sqlite3.Error, OSError) as error:
            return self._fail(error)
        self._dirty = False
        self._tick = {}
        self._release()
        return None

    def _settle(self) -> None:
        """Has SQLite commit all that the log holds, and this tick. Raises sqlite3.Error."""
        epoch = os.urandom(8)
        if self._log is not None:
            self._db.execute("REPLACE INTO meta VALUES ('epoch', ?)", (epoch,))
        self._db.execute("COMMIT")
        if self._log is not None:
            self._log.restart(epoch)
        if self._checkpointer is not None:
            self._checkpointer.committed(self._db)
        self._db.execute("BEGIN")

    def _recover(self) -> None:
        """Goes back to what is durable: SQLite's last commit, and the log."""
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")
        self._db.execute("BEGIN")
        if self._log is not None:
            for writes in self._log.replay():
                self._write(writes)

    def _release(self) -> None:
        waiting, self._acknowledge = self._acknowledge, []
        for callback, _ in waiting:
            _guarded(callback)

    def _fail(self, error: sqlite3.Error | OSError) -> StoreFailed:
        """Drops the whole tick: the engine may have applied part of it."""
        log.error("the store refused a write, what was not yet acknowledged is lost: %s", error)
        self._dirty = False
        self._tick = {}
        try:
            self._recover()
        except sqlite3.Error:
            log.critical("the store cannot be read any more: start anew, what was acknowledged is safe", exc_info=True)
            self._db.close()  # so that nothing overtakes the log
        failure = StoreFailed(str(error))
        waiting, self._acknowledge = self._acknowledge, []
        if not self._failing:  # a callback may write, and fail again
            self._failing = True
            _guarded(self._switched)
            self._failing = False
        for _, on_error in waiting:
            if on_error is not None:
                _guarded(on_error, failure)
        return failure

    # decoded objects

    def recall(self, key: bytes) -> Any:
        """The object remembered for a key; None when none is or the key was written since."""
        return self._objects.get(key)

    def remember(self, key: bytes, decoded: Any) -> None:
        """Keeps the decoded form of the value just read under a key, unless an open batch has written it."""
        if self._batch is not None and key in self._batch.values:
            return
        if len(self._objects) >= _CACHED:
            del self._objects[next(iter(self._objects))]
        self._objects[key] = decoded

    # layers and snapshots

    def on_switch(self, callback: Callable[[], None]) -> None:
        """Calls back whenever `generation` has moved on: what was derived from the content must be made anew.

        What the callback raises goes to the caller of `switch`, `reset` or `load_snapshot`.
        """
        self._on_switch.append(callback)

    def freeze(self) -> int:
        """Freezes the content as it is and goes on above it; returns the frozen layer, held until `drop`."""
        with self._restack():
            return self._layers.freeze(hold=True)

    def switch(self, layer: int) -> None:
        """Goes on from a frozen layer; the head's own writes are dropped. Raises KeyError when it does not live."""
        with self._restack():
            self._layers.switch(layer)
        self._switched()

    def reset(self) -> None:
        """Goes on from nothing. Snapshots stay."""
        with self._restack():
            self._layers.switch(None)
        self._switched()

    def drop(self, layer: int) -> None:
        """Lets go of a frozen layer: it vanishes once no name and no other layer needs it. Raises KeyError."""
        with self._restack():
            self._layers.release(layer)

    def layers(self) -> list[Layer]:
        """The layers that live, oldest first."""
        return self._layers.living()

    def changed(self, layer: int) -> Iterator[bytes]:
        """The keys whose values differ between a frozen layer and now. Reads only what was written apart."""
        return (key for key in self._layers.touched(layer) if self._layers.get_from(layer, key) != self.get(key))

    def anywhere(self, key: bytes) -> bool:
        """Whether a key has a value now, in a snapshot or in a layer that is held."""
        if self._batch is not None and self._batch.values.get(key) is not None:
            return True
        return self._layers.anywhere(key)

    def save_snapshot(self, name: str) -> None:
        """Names the content as it is; a snapshot of that name is replaced."""
        with self._restack():
            self._layers.freeze(name=name)

    def load_snapshot(self, name: str) -> None:
        """Goes back to a snapshot, which stays. Raises KeyError for an unknown name."""
        self.switch(self._layers.names[name])

    def list_snapshots(self) -> list[str]:
        """The names of the snapshots, sorted."""
        return list(self._layers.names)

    def delete_snapshot(self, name: str) -> None:
        """Takes a snapshot away. Raises KeyError for an unknown name."""
        with self._restack():
            self._layers.forget(name)

    def compact(self, budget_rows: int = _TIDY_ROWS) -> bool:
        """Tidies up to so many rows of layers nobody needs; returns whether more are left. A loop does it by itself."""
        with self._restack():
            return self._layers.tidy(budget_rows)

    @contextmanager
    def _restack(self) -> Iterator[None]:
        if self._batch is not None:
            raise RuntimeError("layers change only outside a batch")
        if failure := self._flush():
            raise failure
        try:
            self._settle()
            self._db.execute("COMMIT")
            yield
        except sqlite3.Error as error:
            raise StoreFailed(str(error)) from error
        finally:
            self._sql = self._layers.sql
            if not self._db.in_transaction:
                self._db.execute("BEGIN")
        self._tidy_soon()

    def _switched(self) -> None:
        self.generation += 1
        self._writes += 1
        self._objects.clear()
        for callback in self._on_switch:
            callback()

    def _tidy_soon(self) -> None:
        if self._loop is not None and self._tidying is None and self._layers.untidy:
            self._tidying = self._loop.call_later(_TIDY_PAUSE, self._tidy)

    def _stop_tidying(self) -> None:
        if self._tidying is not None:
            self._tidying.cancel()
            self._tidying = None

    def _tidy(self) -> None:
        self._tidying = None
        if self._batch is None:
            self.compact()
        else:
            self._tidy_soon()


def _guarded(callback: Callable[..., None], *arguments: Any) -> None:
    try:
        callback(*arguments)
    except Exception:
        log.exception("a callback of the store failed")
