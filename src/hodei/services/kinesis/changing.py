"""How streams pass from one status to the next: at once, or at AWS's pace (setting `lifecycle`)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

import msgspec

from hodei.kernel.context import Context
from hodei.services.kinesis.service import kinesis
from hodei.services.kinesis.state import (
    Change,
    Stream,
    consumers,
    data_keys,
    peaks,
    records,
    shards,
    streams,
)

SECONDS = {"CREATING": 10.0, "UPDATING": 15.0, "DELETING": 20.0}  # about what AWS takes
ROWS = 1_000  # that one batch deletes

Apply = Callable[[Context, Stream, Change], Stream]

_kinds: dict[str, Apply] = {}
replace = msgspec.structs.replace


def changes(kind: str) -> Callable[[Apply], Apply]:
    """Register what makes a change: `def f(where, stream, change)`, which returns the stream as it then is."""

    def register(apply: Apply) -> Apply:
        _kinds[kind] = apply
        return apply

    return register


def slow(where: Context) -> bool:
    """Whether changes take as long as on AWS."""
    return bool(where.setting("lifecycle") == "aws")


def begin(where: Context, stream: Stream, change: Change) -> Stream:
    """Send an ACTIVE stream on its way to a change; returns it as it is now."""
    return _start(where, replace(stream, status="UPDATING", change=change))


def create(where: Context, stream: Stream) -> None:
    """Store a new stream, which is CREATING."""
    _start(where, stream)


def delete(where: Context, stream: Stream) -> None:
    _start(where, replace(stream, status="DELETING", change=None))


def _start(where: Context, stream: Stream) -> Stream:
    if not slow(where):
        return _arrive(where, stream)
    streams.put(where, stream)
    where.timers.set(where, "arrive", where.now + SECONDS[stream.status], stream.name, stream.id)
    return stream


@kinesis.timer("arrive")
def arrive(ctx: Context, name: str, id: str) -> None:
    stream = streams.get(ctx, name)
    if stream and stream.id == id:
        _arrive(ctx, stream)


def _arrive(where: Context, stream: Stream) -> Stream:
    if stream.status == "DELETING":
        _drop(where, stream)
        return stream
    if stream.change:
        stream = _kinds[stream.change.kind](where, stream, stream.change)
    stream = replace(stream, status="ACTIVE", change=None)
    streams.put(where, stream)
    return stream


def _drop(where: Context, stream: Stream) -> None:
    """The stream is gone at once; what it had goes bit by bit."""
    streams.delete(where, stream.name)
    where.tags.set(where, stream.arn(where), {})
    for consumer in list(consumers.scan(where, stream.id)):
        where.tags.set(where, consumer.arn(where), {})
        consumers.delete(where, stream.id, consumer.name)
    for shard in shards.scan(where, stream.id):
        where.signal((stream.id, shard.index))
    where.timers.cancel(where, "trim", stream.name, stream.id)
    forget(where, stream.id)


@kinesis.timer("forget")
def forget(ctx: Context, id: str) -> None:
    for table in (records, shards, data_keys, peaks):
        found = list(islice(table.keys(ctx, id), ROWS))
        for key in found:
            table.delete(ctx, *key)
        if len(found) == ROWS:
            ctx.timers.set(ctx, "forget", ctx.now, id)
            return
