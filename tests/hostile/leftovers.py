"""What programs leave behind on the machine: processes, control groups, mounts, folders, file descriptors."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path


def descendants(pid: int) -> set[int]:
    """The processes that one has started, and those that they have started."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(stat.parent.name))
    found: set[int] = set()
    left = [pid]
    while left:
        new = children.get(left.pop(), [])
        found.update(new)
        left += new
    return found


def cgroups(pid: int) -> set[Path]:
    """The control groups that a process has made."""
    root = Path("/sys/fs/cgroup")
    return {*root.glob(f"hodei-{pid}-*"), *root.glob(f"*/hodei-{pid}-*")}


def mounts() -> int:
    return len(Path("/proc/self/mounts").read_text().splitlines())


def folders(pid: int) -> set[Path]:
    """The scratch folders of a process whose clouds keep everything in memory."""
    return set(Path("/var/tmp").glob(f"hodei-{pid}-*"))


def files(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def soon(wanted: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Whether it comes true in time."""
    until = time.monotonic() + seconds
    while not wanted():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True
