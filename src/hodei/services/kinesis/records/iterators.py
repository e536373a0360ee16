"""Shard iterators: a place in a shard, for five minutes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

from hodei.kernel.context import Context
from hodei.services.kinesis import errors, throttling
from hodei.services.kinesis.find import shard_of, usable
from hodei.services.kinesis.records.reading import position
from hodei.services.kinesis.service import kinesis
from hodei.services.kinesis.state import Shard, Stream

LIFE = 300.0


class Iterator(NamedTuple):
    """`number` is that of the first record it gives, `stream` an id."""

    account: str
    region: str
    name: str
    stream: str
    shard: int
    number: int


def make(where: Context, stream: Stream, shard: Shard, number: int) -> str:
    place = Iterator(where.account, where.region, stream.name, stream.id, shard.index, number)
    return where.token(where.now, *place)


def read(ctx: Context, text: str) -> Iterator:
    """Raises: InvalidArgumentException, ExpiredIteratorException."""
    try:
        made, *place = ctx.read_token(text)
        found = Iterator(*place)
    except (ValueError, TypeError):
        raise errors.InvalidArgumentException(reason="Invalid ShardIterator.") from None
    if ctx.now > made + LIFE:
        raise errors.ExpiredIteratorException(created=_worded(made), now=_worded(ctx.now), tolerated=int(LIFE * 1000))
    return found


def _worded(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%a %b %d %H:%M:%S UTC %Y")


@kinesis.operation("GetShardIterator")
def get_shard_iterator(
    ctx: Context,
    *,
    ShardId: str,
    ShardIteratorType: str,
    StartingSequenceNumber: str = "",
    Timestamp: datetime | None = None,
    StreamName: str = "",
    StreamARN: str = "",
    DryRun: bool = False,
) -> dict[str, Any]:
    where, stream = usable(ctx, StreamName, StreamARN)
    shard = shard_of(where, stream, ShardId)
    number = position(where, stream, shard, ShardIteratorType, StartingSequenceNumber, Timestamp)
    if DryRun:
        raise errors.DryRunOperationException()
    if throttling.enforced(where):
        throttling.place(where, stream, shard)
    return {"ShardIterator": make(where, stream, shard, number)}
