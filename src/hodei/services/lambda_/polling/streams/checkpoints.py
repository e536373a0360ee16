"""How far the shards of streams have been processed: kept, so that polling goes on there after whatever happens."""

from __future__ import annotations

import msgspec

from hodei.kernel.context import Context
from hodei.kernel.tables import Record
from hodei.services.lambda_.service import lambda_

Position = tuple[int, int]  # the number of a record in its shard, and which one it is of those aggregated in it


class Progress(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a lane is: all that is its own and lies before `position` is done."""

    position: Position
    failed: int = 0  # how many records from there are a batch that has failed
    retries: int = 0  # of that batch, those that count
    invokes: int = 0


class Window(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A tumbling window that is open, with what the function has made of it so far, as JSON."""

    start: float
    state: bytes = b"{}"


class Checkpoint(Record):
    """How far a shard has been processed for an event source mapping, `done` at the end of a closed one."""

    mapping: str
    shard: str
    lanes: tuple[Progress, ...]
    done: bool = False
    window: Window | None = None

    @property
    def position(self) -> Position:
        """Before which everything is done."""
        return min(lane.position for lane in self.lanes)


checkpoints = lambda_.table("checkpoints", Checkpoint, key=("mapping", "shard"))


def forget(ctx: Context, uuid: str) -> None:
    """The mapping is gone."""
    checkpoints.delete_all(ctx, uuid)
