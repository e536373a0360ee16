"""What goes through an environment: an event, what has come of it, and the report of its invoke."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field
from typing import Any

from hodei.services.lambda_.runtime.apis.answering import Stream
from hodei.services.lambda_.runtime.journal import milliseconds


@dataclass
class Invocation:
    """An event on its way through an environment. `deadline` is in real epoch seconds; `early` tells of an outcome that
    is there while extensions go on."""

    id: str
    event: bytes
    arn: str  # as the function was invoked
    deadline: float = 0.0
    trace: str = ""
    client_context: str = ""
    identity: str = ""
    execution: str = ""  # the id of the durable execution that it is of
    stream: Stream | None = None  # where its answer goes, if not whole into the outcome
    outcome: asyncio.Future[Outcome] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    early: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    @property
    def qualifier(self) -> str:
        """By which the function was invoked; "" if by none."""
        return ":".join(self.arn.split(":")[7:])

    @property
    def produced(self) -> int:
        """The bytes of its answer, when that is over."""
        return len(self.outcome.result().payload) + (self.stream.size if self.stream else 0)

    def settle(self, outcome: Outcome) -> None:
        """What came first stands."""
        if not self.outcome.done():
            self.outcome.set_result(outcome)


@dataclass(frozen=True)
class Outcome:
    """What has come of an invocation: the handler's answer, or an error (`error` is its type) as JSON."""

    payload: bytes
    error: str = ""


@dataclass
class Report:
    """Of one invoke; seconds, and bytes. It has failed if its `status` is "timeout" or "error", of a type."""

    seconds: float = 0.0
    init_seconds: float | None = None  # of an environment that was started for it
    restore_seconds: float | None = None  # of one that began with a snapshot
    peak: int = 0
    status: str = "success"
    error: str = ""
    after: float | None = None  # for which extensions went on after the runtime

    @property
    def billed(self) -> float:
        """Seconds: what runs, with what starts it."""
        return self.seconds + (self.init_seconds or 0.0) + (self.restore_seconds or 0.0)

    def record(self, id: str, memory: int) -> dict[str, Any]:
        """Its platform.report, of a function with so many MB."""
        metrics = {
            "durationMs": milliseconds(self.seconds),
            "billedDurationMs": math.ceil(self.billed * 1000),
            "memorySizeMB": memory,
            "maxMemoryUsedMB": max(math.ceil(self.peak / 2**20), 1),
        }
        if self.init_seconds is not None:
            metrics["initDurationMs"] = milliseconds(self.init_seconds)
        if self.restore_seconds is not None:
            metrics["restoreDurationMs"] = milliseconds(self.restore_seconds)
            metrics["billedRestoreDurationMs"] = math.ceil(self.restore_seconds * 1000)
        status = {"status": self.status, **({"errorType": self.error} if self.error else {})}
        return {"requestId": id, "metrics": metrics, **status}
