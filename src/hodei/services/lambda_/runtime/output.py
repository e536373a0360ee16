"""What a function prints, line by line."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

CHUNK = 1 << 16
MOST = 4 << 20  # bytes that are kept between two drains (of an invoke)
OF_A_LINE = 64  # bytes that a line counts for besides its own
PAUSE = 0.02  # seconds between two chunks of what is not kept
LONGEST = 256 * 1024 - 1  # bytes of a line: with its end one of CloudWatch Logs' events


class Output:
    """The reading end of a pipe. `told` is called with each line. What is printed without an end fills no memory and
    keeps nobody waiting but the program: of one invoke so much is kept, and the rest is read slowly and counted."""

    def __init__(self, told: Callable[[str], None]) -> None:
        self._told = told
        self._rest = b""
        self._kept = self._dropped = 0  # bytes since the last drain
        self._pause: asyncio.TimerHandle | None = None
        self.last = ""  # line
        self._reading, self.writing = os.pipe()
        os.set_blocking(self._reading, False)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._reading, self._read)

    def _read(self) -> bool:
        """Take what is there, at most a chunk; whether there was any."""
        try:
            data = os.read(self._reading, CHUNK)
        except BlockingIOError:
            return False
        if not data:
            self._loop.remove_reader(self._reading)
            return False
        if self._kept > MOST:
            self._drop(len(data))
            return True
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._tell(line)
        if len(self._rest) > LONGEST:
            self._tell(self._rest[:LONGEST])
            self._rest = self._rest[LONGEST:]
        return True

    def _drop(self, size: int) -> None:
        """Count what is not kept, and read no more for a moment."""
        self._dropped += size
        if self._pause is None:
            self._loop.remove_reader(self._reading)
            self._pause = self._loop.call_later(PAUSE, self._resume)

    def _resume(self) -> None:
        self._pause = None
        self._loop.add_reader(self._reading, self._read)

    def drain(self) -> None:
        """Take all that has been printed so far, within reason. What comes then counts anew."""
        for _ in range(64):
            if not self._read():
                break
        self._end_line()
        if self._dropped:
            self._tell(b"[%d bytes of output were dropped]" % self._dropped)
        self._kept = self._dropped = 0

    def _end_line(self) -> None:
        rest, self._rest = self._rest, b""
        if rest:
            self._tell(rest)

    def _tell(self, line: bytes) -> None:
        self._kept += len(line) + OF_A_LINE
        for start in range(0, max(len(line), 1), LONGEST):
            self.last = line[start : start + LONGEST].decode(errors="replace")
            self._told(self.last)

    def started(self) -> None:
        """The program has its end of the pipe; ours of it goes."""
        os.close(self.writing)
        self.writing = -1

    def close(self) -> None:
        self.drain()
        if self._pause:
            self._pause.cancel()
        self._loop.remove_reader(self._reading)
        os.close(self._reading)
        if self.writing >= 0:
            os.close(self.writing)
