"""A stream from its first record to the last one that is forgotten.

Every four hours a stream's open shards are closed and each gets a child, or more where the table has grown: as AWS does
it now and then. What a shard holds stays for a day after it is closed.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import msgspec

from hodei.kernel.context import Context
from hodei.services.dynamodb.capacity import GIGABYTE
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import Table, stats, tables
from hodei.services.dynamodb.streams import numbers
from hodei.services.dynamodb.streams.state import Shard, Stream, shards, stream_records, streams

HOUR = 3600.0
ROLLED = 4 * HOUR  # how long a shard is open
KEPT = 24 * HOUR
ROWS = 1_000  # that one batch deletes
SWITCHING = 10.0  # seconds in which a stream is ENABLING or DISABLING, at AWS's pace
PARTITION_BYTES, PARTITION_READ, PARTITION_WRITE = 10 * GIGABYTE, 3000, 1000

replace = msgspec.structs.replace


def begin(ctx: Context, table: Table, view: str) -> Table:
    """Start a new stream of a table; returns the table with it."""
    stream = Stream(
        table=table.name,
        label=_label(ctx, table.name),
        key=table.key,
        view=view,
        created=ctx.now,
        ready=ctx.now + _switching(ctx),
    )
    _open(ctx, stream, table, numbers.of_time(ctx.now))
    return replace(table, stream_view=view, stream_label=stream.label)


def end(ctx: Context, table: Table) -> Table:
    """The table's stream gets no more records; those it has can be read for a day. Returns the table without it."""
    if stream := streams.get(ctx, table.name, table.stream_label):
        _close(ctx, stream)
        streams.put(ctx, replace(stream, disabled=ctx.now, settled=ctx.now + _switching(ctx), shards=()))
        ctx.timers.cancel(ctx, "roll", stream.table, stream.label)
        ctx.timers.set(ctx, "forget_stream", ctx.now + KEPT, stream.table, stream.label)
    return replace(table, stream_view="")


def status(ctx: Context, stream: Stream) -> str:
    if stream.disabled:
        return "DISABLED" if ctx.now >= stream.settled else "DISABLING"
    return "ENABLED" if ctx.now >= stream.ready else "ENABLING"


def horizon(ctx: Context) -> int:
    """The number before which all records are trimmed."""
    return numbers.of_time(ctx.now - KEPT)


@dynamodb.timer("roll")
def roll(ctx: Context, name: str, label: str) -> None:
    stream, table = streams.get(ctx, name, label), tables.get(ctx, name)
    if stream is None or stream.disabled or table is None:
        return
    _open(ctx, stream, table, _close(ctx, stream))
    for shard in shards.scan(ctx, name, label):
        if shard.last and shard.last < horizon(ctx):
            shards.delete(ctx, name, label, shard.id)
            forget_shard(ctx, shard.id)


@dynamodb.timer("forget_stream")
def forget_stream(ctx: Context, name: str, label: str) -> None:
    streams.delete(ctx, name, label)
    for shard in shards.scan(ctx, name, label):
        shards.delete(ctx, name, label, shard.id)
        forget_shard(ctx, shard.id)


@dynamodb.timer("forget_shard")
def forget_shard(ctx: Context, shard_id: str) -> None:
    """Delete the records of a shard, bit by bit."""
    keys: list[tuple[Any, ...]] = list(islice(stream_records.keys(ctx, shard_id), ROWS))
    for key in keys:
        stream_records.delete(ctx, *key)
    if len(keys) == ROWS:
        ctx.timers.set(ctx, "forget_shard", ctx.now, shard_id)


def _label(ctx: Context, table: str) -> str:
    """Of a stream that starts now: 2024-11-18T14:36:44.149. A table has no two of one label."""
    at = datetime.fromtimestamp(ctx.now, UTC).replace(tzinfo=None)
    while streams.get(ctx, table, label := at.isoformat(timespec="milliseconds")):
        at += timedelta(milliseconds=1)
    return label


def _switching(ctx: Context) -> float:
    return SWITCHING if ctx.setting("lifecycle") == "aws" else 0.0


def _open(ctx: Context, stream: Stream, table: Table, first: int) -> None:
    """New shards that hold what is written from a number on; those that are closed now are their parents."""
    count = max(_partitions(ctx, table), len(stream.shards))
    opened = []
    for position in range(count):
        parent = stream.shards[position * len(stream.shards) // count] if stream.shards else ""
        id = f"shardId-{int(ctx.now * 1000):020}-{ctx.ids.hex(8)}"
        shards.put(ctx, Shard(table=stream.table, label=stream.label, id=id, parent=parent, first=first))
        opened.append(id)
    streams.put(ctx, replace(stream, opened=first, shards=tuple(opened)))
    ctx.timers.set(ctx, "roll", ctx.now + ROLLED, stream.table, stream.label)


def _close(ctx: Context, stream: Stream) -> int:
    """Close the open shards; returns the number with which their children begin."""
    last = numbers.following(ctx, stream)
    for id in stream.shards:
        if shard := shards.get(ctx, stream.table, stream.label, id):
            shards.put(ctx, replace(shard, last=last))
            ctx.signal(numbers.channel(id))
    return last + 1


def _partitions(ctx: Context, table: Table) -> int:
    """In how many parts AWS would keep a table: by its size and by what it is to bear.

    A power of two, so that a shard's children have a part of its keys each. An on-demand table is taken for as small as
    it can be unless its warm throughput was set.
    """
    counted = stats.get(ctx, table.id, "")
    read, write = table.throughput.read, table.throughput.write
    read = max(read, table.warm.get("ReadUnitsPerSecond", 0))
    write = max(write, table.warm.get("WriteUnitsPerSecond", 0))
    by_size = -(-(counted.size if counted else 0) // PARTITION_BYTES)
    by_throughput = -(-(read * PARTITION_WRITE + write * PARTITION_READ) // (PARTITION_READ * PARTITION_WRITE))
    return 1 << (max(1, by_size, by_throughput) - 1).bit_length()
