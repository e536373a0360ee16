"""What a process remembers of a world's logs. All of it can be made again from the store, or dies with a connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hodei.kernel.context import Context

if TYPE_CHECKING:
    from hodei.services.logs.events.tail import Session


class KnownKey(NamedTuple):
    """A data key that may be used without asking KMS until then."""

    key: bytes
    until: float


class Memory:
    def __init__(self) -> None:
        self.data_keys: dict[tuple[str, str], KnownKey] = {}  # by group and id
        self.tails: dict[str, list[Session]] = {}  # live tails by the ids of their groups
        self.running: set[str] = set()  # queries and exports at work here

    def forget(self) -> None:
        """The store shows another state."""
        self.data_keys.clear()


def memory(ctx: Context) -> Memory:
    return ctx.world.memory(Memory)
