"""Control groups, versions 1 and 2: how much memory and time programs may have, as far as the machine lets us say."""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from hodei.engines.sandbox.trees import Held

ROOT = Path("/sys/fs/cgroup")
PERIOD = 100_000  # microseconds
PROCESSES = 1024  # and threads
SHARE = 0.1  # of a processor that all want, beside what one process has: ours go first
PATIENCE, PAUSE = 10.0, 0.02  # seconds for groups to become empty, and between two looks
_numbers = itertools.count(1)


class Cgroup:
    """A group for programs with all that they start. `folders` is where they join; none, if there are no groups."""

    def __init__(self, memory: int) -> None:
        """`memory` in bytes: more than that is not to be had, files in a tmpfs included."""
        name = f"hodei-{os.getpid()}-{next(_numbers)}"
        self._memory: Path | None = None
        self._cpu: Path | None = None
        self.folders: list[Path] = []
        self._peak, self._kills = "memory.max_usage_in_bytes", "memory.oom_control"
        if (ROOT / "cgroup.controllers").exists():
            self._peak, self._kills = "memory.peak", "memory.events"
            limits = {"memory.max": memory, "memory.swap.max": 0, "pids.max": PROCESSES}
            limits["cpu.weight"] = int(100 * SHARE)
            self._memory = self._cpu = self._make(ROOT / name, limits)
        else:
            swap = "memory.memsw.limit_in_bytes"
            self._memory = self._make(ROOT / "memory" / name, {"memory.limit_in_bytes": memory, swap: memory})
            self._cpu = self._make(ROOT / "cpu" / name, {"cpu.shares": int(1024 * SHARE)})
            self._make(ROOT / "pids" / name, {"pids.max": PROCESSES})

    def _make(self, folder: Path, limits: Mapping[str, object]) -> Path | None:
        try:
            folder.mkdir()
        except OSError:
            return None
        self.folders.append(folder)
        for file, limit in limits.items():
            with suppress(OSError):
                (folder / file).write_text(str(limit))
        return folder

    def slow(self, cpus: float) -> None:
        """Let it have no more than so much of a processor from now on."""
        if self._cpu is None:
            return
        with suppress(OSError):
            if (whole := self._cpu / "cpu.max").exists():
                whole.write_text(f"{int(cpus * PERIOD)} {PERIOD}")
            else:
                (self._cpu / "cpu.cfs_period_us").write_text(str(PERIOD))
                (self._cpu / "cpu.cfs_quota_us").write_text(str(int(cpus * PERIOD)))

    @property
    def counts(self) -> bool:
        """Whether it knows of memory; a group of version 2 does where the one above lets it."""
        return self._memory is not None and (self._memory / "memory.stat").exists()

    def held(self) -> Held:
        """What it is charged for now."""
        found = {}
        if self._memory is not None:
            with suppress(OSError), open(self._memory / "memory.stat", "rb") as file:
                found = {name: int(count) for name, count in map(bytes.split, file)}
        anonymous, files = found.get(b"anon", found.get(b"rss", 0)), found.get(b"file", found.get(b"cache", 0))
        return Held(anonymous, files, found.get(b"shmem", 0))

    def pids(self) -> list[int]:
        """The processes in it."""
        if self._memory is not None:
            with suppress(OSError):
                return [int(pid) for pid in (self._memory / "cgroup.procs").read_text().split()]
        return []

    def peak(self) -> int:
        """The most that it was charged for at a time, in bytes; 0 if that is not known."""
        if self._memory is None:
            return 0
        with suppress(OSError, ValueError):
            return int((self._memory / self._peak).read_text())
        return 0

    @property
    def starved(self) -> bool:
        """Whether any of it was killed for want of memory."""
        return any(name == "oom_kill" and int(count) > 0 for name, count in self._counts())

    def _counts(self) -> Iterator[tuple[str, str]]:
        if self._memory is None:
            return
        with suppress(OSError):
            for line in (self._memory / self._kills).read_text().splitlines():
                name, _, count = line.partition(" ")
                if count.isdigit():
                    yield name, count

    def remove(self) -> bool:
        """When nothing of it runs any more; False while Linux still counts something in that has been waited for."""
        for folder in self.folders:
            with suppress(OSError):
                folder.rmdir()
        return not any(folder.exists() for folder in self.folders)

    async def removed(self) -> None:
        """Remove it, as soon as that can be."""
        until = asyncio.get_running_loop().time() + PATIENCE
        while not self.remove() and asyncio.get_running_loop().time() < until:  # noqa: ASYNC110  # nothing tells
            await asyncio.sleep(PAUSE)


def sweep() -> None:
    """Remove the groups of processes that are gone."""
    for folder in [*ROOT.glob("hodei-*"), *ROOT.glob("*/hodei-*")]:
        owner = folder.name.split("-")[1]
        if owner.isdigit() and not Path(f"/proc/{owner}").exists():
            with suppress(OSError):
                folder.rmdir()
