"""The SQLite connection under the store, and the checkpoints of its write-ahead log."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from pathlib import Path
from typing import Final

from hodei.kernel.redo import RedoLog

FORMAT: Final = 1
"""The number of the layout of the file: raised by a change that older versions could not read."""

_PAGE_SIZE: Final = 8192  # so that an object of S3's with a body of 1 KiB fits, not one overflow page each
_CACHE_KB: Final = 8 * 1024
_CHECKPOINT_AT: Final = 16 << 20  # bytes, estimated, written to the log since the last checkpoint
_LOG_LIMIT: Final = 64 << 20  # bytes of log from which the loop itself helps to empty it


class DataError(Exception):
    """The stored data cannot be used. The message is one line for a person."""


class DataTooNew(DataError):
    """The data was written by a newer version."""

    def __init__(self, what: str, found: int, known: int) -> None:
        super().__init__(f"{what} was written by a newer version of Hodei (format {found}, this one knows {known})")
        self.found = found
        self.known = known


def connect(path: Path | None) -> sqlite3.Connection:
    """A connection to the file, made when missing, with its `meta` table. Raises DataError, DataTooNew."""
    try:
        db = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False, cached_statements=256)
        db.execute(f"PRAGMA page_size = {_PAGE_SIZE}")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute("PRAGMA wal_autocheckpoint = 0")
        db.execute(f"PRAGMA journal_size_limit = {_CHECKPOINT_AT}")
        db.execute(f"PRAGMA cache_size = -{_CACHE_KB}")
        db.execute("PRAGMA cache_spill = OFF")  # what does not fit shows when it is committed, not before
        db.execute("CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID")
        db.execute("INSERT OR IGNORE INTO meta VALUES ('format', ?)", (FORMAT,))
        db.execute("INSERT OR IGNORE INTO meta VALUES ('epoch', zeroblob(8))")
        found = db.execute("SELECT value FROM meta WHERE name = 'format'").fetchone()[0]
    except sqlite3.Error as error:
        raise DataError(f"{path} cannot be opened: {error}") from error
    if found > FORMAT:
        db.close()
        raise DataTooNew(str(path), found, FORMAT)
    return db


def open_log(path: Path, db: sqlite3.Connection) -> RedoLog:
    """The redo log beside the file of a store. Raises DataError."""
    epoch = db.execute("SELECT value FROM meta WHERE name = 'epoch'").fetchone()[0]
    try:
        return RedoLog(path.with_name(f"{path.name}-redo"), epoch)
    except OSError as error:
        db.close()
        raise DataError(f"the log of {path} cannot be opened: {error.strerror}") from error


class Checkpointer:
    """Copies the write-ahead log into the database in a thread, so that the loop never waits for the disk."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread: threading.Thread | None = None
        self._written = 0
        self._behind = False  # the log is long: no pause let it start anew

    def wrote(self, rows: int, size: int) -> None:
        """Counts what goes to the log: at worst every row dirties a page."""
        self._written += rows * _PAGE_SIZE + size

    def committed(self, db: sqlite3.Connection) -> None:
        """Called after each commit: starts a checkpoint when it is time."""
        if self._written < _CHECKPOINT_AT and not self._behind:
            return
        if self._thread is not None and self._thread.is_alive():
            return
        if self._behind:
            # The log starts anew only once all of it is copied, which commits that never pause prevent. The thread
            # has just copied nearly all, so the rest is little.
            self._behind = False
            with contextlib.suppress(sqlite3.Error):  # what is committed stays so without it
                db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            return
        self._written = 0
        self._thread = threading.Thread(target=self._run, name="hodei-checkpoint", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Waits for a running checkpoint."""
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        db = sqlite3.connect(self._path, isolation_level=None)
        try:
            _, logged, _ = db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            self._behind = logged * _PAGE_SIZE > _LOG_LIMIT
        except sqlite3.Error:  # the next one tries again; a broken disk shows in the commits
            pass
        finally:
            db.close()
