"""How much memory programs have, and what becomes of those that take more than they may.

The kernel charges files in a tmpfs to the control group of whoever writes them, and takes no limit for the rest alone.
So a group has room for both, and the memory in it is watched; where there are no groups, that of the processes.
"""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from typing import ClassVar

from hodei.engines.sandbox.cgroups import Cgroup
from hodei.engines.sandbox.trees import Programs, Tree, resident

SPEED = 4 << 30  # bytes a second that programs can come to have: looks are so close that they meet what is too much
SOONEST, LATEST = 0.01, 0.25  # seconds between two looks
LOOKS = 2000  # a second at most, at all that is watched
RESTING = 1.0  # the same, while programs have nothing to do


class Watch:
    """Over the memory of the programs in a group, of which they may have `limit` bytes."""

    _busy: ClassVar[set[Watch]] = set()

    def __init__(self, group: Cgroup, limit: int) -> None:
        self._group = group
        self._limit = limit
        self._programs: Programs | None = None
        self._source: Cgroup | Tree = group
        self._timer: asyncio.TimerHandle | None = None
        self._victim = 0
        self._most = 0
        self._aside = 0  # the most that there was of files

    def begin(self, programs: Programs) -> None:
        self._programs = programs
        self._source = self._group if self._group.counts else Tree(programs, self._limit)
        self.hurry()

    def hurry(self) -> None:
        """They have something to do from now on."""
        self._busy.add(self)
        self._next(SOONEST)

    def rest(self) -> None:
        """They have nothing to do for now."""
        self._busy.discard(self)

    def end(self) -> None:
        self.rest()
        if self._timer:
            self._timer.cancel()

    def peak(self) -> int:
        """The most that they have had at a time, in bytes. What came and went between two looks follows from the most
        that they have had together with their files."""
        self._used()
        return min(max(self._most, self._source.peak() - self._aside), self._limit)

    @property
    def starved(self) -> bool:
        """Whether any of them was killed for want of memory."""
        return self._victim > 0 or self._group.starved

    def _next(self, seconds: float) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._look)

    def _look(self) -> None:
        left = self._limit - self._used()
        if left < 0:
            self._kill()
        soonest = max(SOONEST, len(self._busy) / LOOKS)
        self._next(max(soonest, min(left / SPEED, LATEST)) if self in self._busy else RESTING)

    def _used(self) -> int:
        held = self._source.held()
        used = held.anonymous + max(held.shared - self._stored(), 0)
        self._most = max(self._most, used)
        self._aside = max(self._aside, held.anonymous + held.files - used)
        return used

    def _stored(self) -> int:
        """Bytes of files in the temporary folder."""
        if self._programs and self._programs.sandbox:
            with suppress(OSError):
                found = os.statvfs(f"/proc/{self._programs.sandbox}/root/tmp")
                return (found.f_blocks - found.f_bfree) * found.f_frsize
        return 0

    def _kill(self) -> None:
        """The largest, as the kernel does, and no other before that is gone."""
        pids = self._source.pids()
        if pids and not (self._victim in pids and resident(self._victim)):
            self._victim = max(pids, key=resident)
            with suppress(OSError):
                os.kill(self._victim, signal.SIGKILL)
