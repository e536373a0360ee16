"""Programs as processes, with all that they have started: what they have of memory."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple, Protocol


class Programs(Protocol):
    """What runs, and what has started it."""

    @property
    def pids(self) -> list[int]:
        """The processes that were started, and run."""

    @property
    def sandbox(self) -> int:
        """The first process of the tree that they are in, whose /tmp has files that are no memory; 0 without one."""


class Held(NamedTuple):
    """Bytes of memory: the processes' own, of files (as far as they are in it), and those of the latter that are in no
    other place: a tmpfs, and what processes share without a file."""

    anonymous: int
    files: int
    shared: int


class Tree:
    """The processes of programs. What leaves their tree, where that is possible, is not seen."""

    def __init__(self, programs: Programs, limit: int) -> None:
        """What takes more than `limit` bytes is looked at closely: pages that a program shares with its forks are
        counted once then."""
        self._programs = programs
        self._limit = limit

    def pids(self) -> list[int]:
        found: dict[int, None] = {}
        left = [*self._programs.pids, *_children(self._programs.sandbox)]
        while left:
            pid = left.pop()
            found[pid] = None
            left += _children(pid)
        return list(found)

    def held(self) -> Held:
        pids = self.pids()
        held = _sum([_held(_numbers(pid, "status"), "Rss{}") for pid in pids])
        if held.anonymous + held.shared <= self._limit:
            return held
        return _sum([_held(_numbers(pid, "smaps_rollup"), "Pss_{}") for pid in pids])

    def peak(self) -> int:
        """The most bytes that they have had at a time, files and all, as far as the system knows."""
        numbers = [_numbers(pid, "status") for pid in self.pids()]
        now = [one.get("VmRSS", 0) for one in numbers]
        more = [one.get("VmHWM", 0) - one.get("VmRSS", 0) for one in numbers]
        return sum(now) + max(more, default=0)


def resident(pid: int) -> int:
    """Pages of memory; 0 if the process has ended."""
    with suppress(OSError), open(f"/proc/{pid}/statm", "rb") as file:
        return int(file.read().split()[1])
    return 0


def _children(pid: int) -> list[int]:
    found: list[int] = []
    with suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", "rb") as file:
                found += map(int, file.read().split())
    return found


def _numbers(pid: int, name: str) -> dict[str, int]:
    """Bytes, of the lines that tell kilobytes."""
    found = {}
    with suppress(OSError), open(f"/proc/{pid}/{name}", "rb") as file:
        for line in file.read().decode(errors="replace").splitlines():
            if line.endswith(" kB"):
                key, value, _ = line.split()
                found[key.rstrip(":")] = int(value) << 10
    return found


def _held(numbers: dict[str, int], name: str) -> Held:
    anonymous, files, shared = (numbers.get(name.format(kind), 0) for kind in ("Anon", "File", "Shmem"))
    return Held(anonymous, files + shared, shared)


def _sum(parts: Sequence[Held]) -> Held:
    return Held(*(sum(column) for column in zip(*parts, strict=True))) if parts else Held(0, 0, 0)
