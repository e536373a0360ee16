"""The data folder: where everything durable lies, held by one process at a time."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from hodei.kernel.sqlite import DataError


class DataDirUnwritable(DataError):
    """The folder cannot be made or written."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"the data folder {path} cannot be written: {reason}")
        self.path = path


class DataDirHeld(DataError):
    """Another process uses the folder. `pid` is None when it cannot be told which."""

    def __init__(self, path: Path, pid: int | None) -> None:
        super().__init__(f"the data folder {path} is in use by {f'process {pid}' if pid else 'another process'}")
        self.path = path
        self.pid = pid


class DataDir:
    """A data folder that this process holds until `close` (or its death: the lock goes with it)."""

    def __init__(self, path: Path, lock: int) -> None:
        """Use `open`."""
        self.path = path
        self.database = path / "hodei.db"
        self.blobs = path / "blobs"
        self.tls = path / "tls"
        self._lock = lock

    @classmethod
    def open(cls, path: Path) -> DataDir:
        """Takes the folder, making it when missing. Raises DataDirUnwritable, DataDirHeld.

        A folder written by a newer version shows when its store is opened: DataTooNew, as these a DataError.
        """
        path = path.absolute()
        try:
            for folder in (path, path / "blobs", path / "tls"):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise DataDirUnwritable(path, error.strerror or str(error)) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(lock, 0)
            os.pwrite(lock, b"%d\n" % os.getpid(), 0)
        except BlockingIOError:
            pid = os.pread(lock, 32, 0).strip()
            os.close(lock)
            raise DataDirHeld(path, int(pid) if pid.isdigit() else None) from None
        except OSError as error:
            os.close(lock)
            raise DataDirUnwritable(path, error.strerror or str(error)) from error
        return cls(path, lock)

    def close(self) -> None:
        """Lets the folder go."""
        os.ftruncate(self._lock, 0)
        os.close(self._lock)
