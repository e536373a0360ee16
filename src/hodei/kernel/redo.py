"""The redo log in front of SQLite: one small write makes a tick of the loop durable, and SQLite commits many at once.

A record holds the writes of one tick and the epoch, a random mark that SQLite keeps as well and changes with each of
its commits. Then the log begins anew at its start: what is left there of the epoch before is not replayed, nor what a
crash cut off.
"""

from __future__ import annotations

import errno
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

Writes = dict[bytes, bytes | None]

_SIZE: Final = 256 << 10  # bytes of log after which SQLite commits: what a start may have to replay
_LARGEST: Final = 16 << 10  # bytes of a record: writing more twice costs more than a commit
_HEAD: Final = struct.Struct("<8sII")  # epoch, bytes of the body, CRC-32 of the body

_decoder = msgspec.msgpack.Decoder(Writes)


class RedoLog:
    """The writes since SQLite's last commit, key -> value or None for a deletion."""

    def __init__(self, path: Path, epoch: bytes) -> None:
        """Takes up the log of that epoch: `replay` before anything else. Raises OSError."""
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._epoch = epoch
        self._end = 0  # of the records that count

    def append(self, writes: Writes) -> bool:
        """Keeps the writes of a tick; False, and nothing is kept, when it is time for SQLite to commit instead.

        Raises OSError; then nothing is kept either.
        """
        body = msgspec.msgpack.encode(writes)
        size = _HEAD.size + len(body)
        if size > _LARGEST or self._end + size > _SIZE:
            return False
        record = _HEAD.pack(self._epoch, len(body), zlib.crc32(body)) + body
        if os.pwrite(self._file, record, self._end) < size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._end += size
        return True

    def replay(self) -> Iterator[Writes]:
        """The writes of each tick, oldest first, up to the first record that is not whole."""
        log, self._end = os.pread(self._file, _SIZE, 0), 0
        while len(log) - self._end >= _HEAD.size:
            epoch, size, checksum = _HEAD.unpack_from(log, self._end)
            start = self._end + _HEAD.size
            body = log[start : start + size]
            if epoch != self._epoch or len(body) < size or zlib.crc32(body) != checksum:
                return
            self._end = start + size
            yield _decoder.decode(body)

    def restart(self, epoch: bytes) -> None:
        """Begins anew: SQLite has committed, and holds this epoch now."""
        self._epoch, self._end = epoch, 0

    def close(self) -> None:
        os.close(self._file)
