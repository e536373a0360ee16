"""Clients at work under whose hands the server is killed, again and again.

HODEI_KILL_ROUNDS raises the number of rounds. A failure names the seed; HODEI_KILL_SEED takes it.
"""

from __future__ import annotations

import itertools
import os
import random
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from botocore.exceptions import ConnectionError as NoConnection
from botocore.exceptions import HTTPClientError, ReadTimeoutError

from hostile.process import Process

ROUNDS = int(os.environ.get("HODEI_KILL_ROUNDS", "4"))
SEED = int(os.environ.get("HODEI_KILL_SEED", "0")) or random.randrange(10**9)
NOBODY = (HTTPClientError, NoConnection)  # what a client sees when the server dies


class Load:
    """What one client thread does, and what it knows. `step` does one thing; a dying server ends the round."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.random = random.Random(f"{SEED}{name}")
        self.numbers = itertools.count()
        self.acknowledged = 0

    def connect(self, process: Process) -> None:
        """To the server of this round."""
        raise NotImplementedError

    def label(self) -> str:
        return f"{self.name}-{next(self.numbers)}"

    def step(self) -> None:
        raise NotImplementedError

    def check(self) -> None:
        """After each restart."""

    def check_end(self) -> None:
        """After the last one."""


def rounds(data: Path, log: Path, loads: Sequence[Load], create: Callable[[Process], None]) -> Process:
    """Kill after kill, in between all that each load knows is checked; the server of after the last one."""
    moments = random.Random(SEED)
    process = Process(data, log)
    create(process)
    for _ in range(ROUNDS):
        for load in loads:
            load.connect(process)
        before = [load.acknowledged for load in loads]
        run_and_kill(process, loads, moments.uniform(0.4, 1.3))
        assert all(load.acknowledged > old for load, old in zip(loads, before)), "a client got nowhere"
        check_database(data, data.with_name("copy"))
        process = Process(data, log)
        for load in loads:
            load.connect(process)
            load.check()
    return process


def run_and_kill(process: Process, loads: Sequence[Load], seconds: float) -> None:
    """All clients work until the server is killed under their hands."""
    broken: list[BaseException] = []

    def work(load: Load) -> None:
        try:
            while True:
                load.step()
        except BaseException as error:
            if isinstance(error, ReadTimeoutError) or not isinstance(error, NOBODY):
                broken.append(error)

    threads = [threading.Thread(target=work, args=(load,)) for load in loads]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    process.kill()
    for thread in threads:
        thread.join()
    if broken:
        raise broken[0]


def check_database(data: Path, copy: Path) -> None:
    """As the kill left it; looked at in a copy, so that the recovery is the server's own."""
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    for name in ("hodei.db", "hodei.db-wal"):
        if (data / name).exists():
            shutil.copy(data / name, copy / name)
    with sqlite3.connect(copy / "hodei.db") as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    db.close()
