"""The one clock of the cloud. Virtual time is a piecewise linear function of real time."""

from __future__ import annotations

import time
from typing import NamedTuple

import msgspec

from hodei.kernel import keys
from hodei.kernel.store import Store

KEY = keys.pack(("", "", "kernel", "clock"))


def ticks() -> float:
    """Seconds of real time from some moment on, for durations: those of uvloop's `time()` are whole milliseconds."""
    return time.monotonic()


class Segment(NamedTuple):
    """From `real` on, virtual time starts at `virtual` and runs `rate` times as fast (0: frozen). Epoch seconds."""

    real: float
    virtual: float
    rate: float


class Clock:
    """`now()` is what every service calls the time.

    The segments are kept in the store, so that a restart (or a rewind to a snapshot) finds the cloud's time again.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._segments = [Segment(0.0, 0.0, 1.0)]
        self.load()

    def load(self) -> None:
        """Take the time from the store, as after a restart: real time has passed meanwhile."""
        data = self._store.get(KEY)
        self._segments = msgspec.msgpack.decode(data, type=list[Segment]) if data else [Segment(0.0, 0.0, 1.0)]

    def rewind(self) -> None:
        """Go on from the time at which the store's state was saved (by `mark`), as after loading a snapshot."""
        self.load()
        last = self._segments[-1]
        self._append(last._replace(real=self.real()))

    def mark(self) -> None:
        """Note the present moment in the store, for `rewind`."""
        self._append(Segment(self.real(), self.now(), self.rate))

    @staticmethod
    def real() -> float:
        """Real time, for what the world outside decides: signatures, the HTTP Date header."""
        return time.time()

    def now(self) -> float:
        real, virtual, rate = self._segments[-1]
        return virtual + (time.time() - real) * rate

    @property
    def rate(self) -> float:
        return self._segments[-1].rate

    def virtual_at(self, real: float) -> float:
        """What this clock showed at the real moment `real`: how old a signature is follows from it."""
        segment = next((s for s in reversed(self._segments) if s.real <= real), self._segments[0])
        return segment.virtual + (real - segment.real) * segment.rate

    def set(self, virtual: float) -> None:
        self._append(Segment(self.real(), virtual, self.rate))

    def run(self, rate: float) -> None:
        """Let time run `rate` times as fast as real time; 0 freezes it."""
        self._append(Segment(self.real(), self.now(), rate))

    def real_delay(self, until: float) -> float | None:
        """Real seconds from now until the clock shows `until`; None while it is frozen short of it."""
        left = until - self.now()
        if left <= 0:
            return 0.0
        return left / self.rate if self.rate > 0 else None

    def _append(self, segment: Segment) -> None:
        self._segments = [*self._segments[-99:], segment]
        with self._store.batch():
            self._store.put(KEY, msgspec.msgpack.encode(self._segments))
