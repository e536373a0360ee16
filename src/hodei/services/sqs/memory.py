"""What a process remembers of a world's queues, to be fast. All of it can be read again from the store."""

from __future__ import annotations

from typing import NamedTuple

from hodei.kernel.context import Context


class KnownKey(NamedTuple):
    """A data key, plain and wrapped, that may be used without asking KMS until then."""

    key: bytes
    wrapped: bytes
    until: float


class Memory:
    def __init__(self) -> None:
        self.totals: dict[str, int] = {}  # mailbox -> how many messages it has
        self.last: dict[str, int] = {}  # mailbox -> the highest sequence given out
        self.planned: set[tuple[str, str]] = set()  # (timer, queue id): timers known to be set
        self.in_flight: dict[str, int] = {}  # mailbox -> no fewer than are in flight
        self.waiting: dict[str, dict[int, None]] = {}  # queue id -> the tickets of waiting receives, in order
        self.tickets = 0
        # (queue id, KMS key to seal under or wrapped data key to open, requester) -> data key
        self.data_keys: dict[tuple[str, str | bytes, str], KnownKey] = {}

    def forget(self) -> None:
        """The store shows another state: what was read from it no longer holds. Who waits, still waits."""
        self.totals.clear()
        self.last.clear()
        self.planned.clear()
        self.in_flight.clear()
        self.data_keys.clear()


def memory(ctx: Context) -> Memory:
    return ctx.world.memory(Memory)
