"""`kill -9` under writers of events: every acknowledged event is there once, in order, whatever was being folded."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hostile.killing import SEED, Load, rounds
from hostile.process import Process

pytestmark = [pytest.mark.socket, pytest.mark.slow]
GROUP = "app"
HINT = f"HODEI_KILL_SEED={SEED}"


class Writer(Load):
    """Puts events into its own stream, one or many at once. `known` were acknowledged."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.known: list[str] = []

    def connect(self, process: Process) -> None:
        self.logs = process.client("logs")

    def step(self) -> None:
        labels = [self.label() for _ in range(self.random.choice([1, 1, 1, 5, 200]))]
        now = int(time.time() * 1000)
        events = [{"timestamp": now, "message": f"{label} {'x' * self.random.randrange(300)}"} for label in labels]
        self.logs.put_log_events(logGroupName=GROUP, logStreamName=self.name, logEvents=events)
        self.known += labels
        self.acknowledged += 1

    def check(self) -> None:
        found = [event["message"].partition(" ")[0] for event in read(self.logs, self.name)]
        assert len(found) == len(set(found)), HINT
        assert not set(self.known) - set(found), HINT


def read(logs: Any, stream: str) -> Iterator[Any]:
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=GROUP, logStreamNames=[stream])
    for page in pages:
        yield from page["events"]


@pytest.mark.feature("logs.groups-streams")
def test_no_event_is_lost_or_doubled(tmp_path: Path) -> None:
    writers = [Writer("ann"), Writer("bob")]

    def create(process: Process) -> None:
        logs = process.client("logs")
        logs.create_log_group(logGroupName=GROUP)
        for writer in writers:
            logs.create_log_stream(logGroupName=GROUP, logStreamName=writer.name)

    process = rounds(tmp_path / "data", tmp_path / "log", writers, create)
    process.stop()
    assert all(writer.acknowledged for writer in writers)
