"""What is older than the retention period is never read; here its rows go, and those of shards that have expired."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from hodei.kernel.context import Context
from hodei.services.kinesis import numbers
from hodei.services.kinesis.memory import memory
from hodei.services.kinesis.service import kinesis
from hodei.services.kinesis.state import Stream, data_keys, records, shards, streams

SLACK = 600.0  # seconds in which rows gather that go together
ROWS = 1_000  # that one batch deletes


def plan(where: Context, stream: Stream) -> None:
    """There is something in the stream that will be too old."""
    known = memory(where).trimming
    if stream.id in known:
        return
    if where.timers.due(where, "trim", stream.name, stream.id) is None:
        _set(where, stream, where.now)
    where.store.when_durable(lambda: known.add(stream.id))


def again(where: Context, stream: Stream) -> None:
    """The retention period is shorter now."""
    where.timers.set(where, "trim", where.now, stream.name, stream.id)


def _set(where: Context, stream: Stream, oldest: float) -> None:
    due = max(where.now, oldest + stream.retention * 3600) + SLACK
    where.timers.set(where, "trim", due, stream.name, stream.id)


@kinesis.timer("trim")
def trim(ctx: Context, name: str, id: str) -> None:
    stream = streams.get(ctx, name)
    if stream is None or stream.id != id:
        return
    horizon, left = numbers.horizon(ctx, stream), ROWS
    for shard in list(shards.scan(ctx, id)):
        old = list(islice(records.keys(ctx, id, shard.index, end=(horizon,)), left))
        for key in old:
            records.delete(ctx, *key)
        left -= len(old)
        if left == 0:
            ctx.timers.set(ctx, "trim", ctx.now, name, id)
            return
        if shard.last and shard.last < horizon:
            shards.delete(ctx, id, shard.index)
    oldest = min(_oldest(ctx, id), default=None)
    _forget_keys(ctx, id, numbers.time_of(oldest) if oldest is not None else ctx.now)
    if oldest is not None:
        _set(ctx, stream, numbers.time_of(oldest))
    else:
        memory(ctx).trimming.discard(id)


def _oldest(ctx: Context, id: str) -> Iterator[int]:
    """Of each shard that has anything that will expire, when that was written."""
    for shard in shards.scan(ctx, id):
        first = next((number for *_, number in records.keys(ctx, id, shard.index)), None)
        if first is not None:
            yield first
        elif shard.last:
            yield shard.last


def _forget_keys(ctx: Context, id: str, oldest: float) -> None:
    """Data keys with which nothing is sealed any more: they are used for less than an hour."""
    for key in list(data_keys.scan(ctx, id)):
        if key.created < oldest - 3600:
            data_keys.delete(ctx, id, key.id)
