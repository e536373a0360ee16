"""What a function prints, line by line."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

CHUNK = 1 << 16
LONGEST = 256 * 1024  # bytes of a line, as of an event of CloudWatch Logs


class Output:
    """The reading end of a pipe. `told` is called with each line; what is printed without an end never blocks anybody:
    it is read as fast as it comes, a chunk at a time."""

    def __init__(self, told: Callable[[str], None]) -> None:
        self._told = told
        self._rest = b""
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
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._tell(line)
        if len(self._rest) > LONGEST:
            self._end_line()
        return True

    def drain(self) -> None:
        """Take all that has been printed so far, within reason."""
        for _ in range(64):
            if not self._read():
                break
        self._end_line()

    def _end_line(self) -> None:
        rest, self._rest = self._rest, b""
        if rest:
            self._tell(rest)

    def _tell(self, line: bytes) -> None:
        self.last = line.decode(errors="replace")
        self._told(self.last)

    def started(self) -> None:
        """The program has its end of the pipe; ours of it goes."""
        os.close(self.writing)
        self.writing = -1

    def close(self) -> None:
        self._loop.remove_reader(self._reading)
        self.drain()
        os.close(self._reading)
        if self.writing >= 0:
            os.close(self.writing)
