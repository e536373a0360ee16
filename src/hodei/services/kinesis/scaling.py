"""On-demand streams grow with their traffic: they take double the highest write throughput of the last 30 days.

https://docs.aws.amazon.com/streams/latest/dev/how-do-i-size-a-stream.html. What is written in a minute is counted in
memory; a minute that asks for more shards gets them at its end, and when a peak is forgotten shards are merged.
"""

from __future__ import annotations

import math

from hodei.kernel.context import Context
from hodei.services.kinesis import changing, errors, quotas
from hodei.services.kinesis.memory import Traffic, memory
from hodei.services.kinesis.service import kinesis
from hodei.services.kinesis.shards import resharding
from hodei.services.kinesis.state import Change, Peak, Stream, peaks, streams

DEFAULT_SHARDS = 4
MINUTE, DAY = 60, 86400
REMEMBERED = 30  # days
SHARD_BYTES, SHARD_RECORDS = float(2**20), 1000.0  # a second


def count(where: Context, stream: Stream, size: int) -> None:
    """A record was written."""
    minute = int(where.now) // MINUTE
    traffic = memory(where).traffic.get(stream.id)
    if traffic is None or traffic.minute != minute:
        traffic = memory(where).traffic[stream.id] = Traffic(minute)
        where.timers.set(where, "measure", (minute + 1) * MINUTE, stream.name, stream.id)
    traffic.bytes += size
    traffic.records += 1


@kinesis.timer("measure")
def measure(ctx: Context, name: str, id: str) -> None:
    """A minute is over."""
    stream, traffic = streams.get(ctx, name), memory(ctx).traffic.pop(id, None)
    if stream is None or stream.id != id or not stream.on_demand or traffic is None:
        return
    rate = max(traffic.bytes / SHARD_BYTES, traffic.records / SHARD_RECORDS) / MINUTE
    wanted, day = math.ceil(2 * rate), traffic.minute * MINUTE // DAY
    peak = peaks.get(ctx, id, day)
    if wanted > DEFAULT_SHARDS and (peak is None or peak.shards < wanted):
        peaks.put(ctx, Peak(stream=id, day=day, shards=wanted))
        if ctx.timers.due(ctx, "shrink", name, id) is None:
            ctx.timers.set(ctx, "shrink", (day + REMEMBERED + 1) * DAY, name, id)
    _scale(ctx, stream, max(wanted, stream.open))


@kinesis.timer("shrink")
def shrink(ctx: Context, name: str, id: str) -> None:
    """A peak is forgotten."""
    stream = streams.get(ctx, name)
    if stream is None or stream.id != id or not stream.on_demand:
        return
    today = int(ctx.now) // DAY
    for peak in list(peaks.scan(ctx, id)):
        if peak.day < today - REMEMBERED:
            peaks.delete(ctx, id, peak.day)
    if first := next(peaks.scan(ctx, id), None):
        ctx.timers.set(ctx, "shrink", (first.day + REMEMBERED + 1) * DAY, name, id)
    _scale(ctx, stream, needed(ctx, stream))


def needed(where: Context, stream: Stream) -> int:
    """How many shards an on-demand stream has at the least."""
    warm = math.ceil(stream.warm * 2**20 / SHARD_BYTES)
    return max(DEFAULT_SHARDS, warm, *(peak.shards for peak in peaks.scan(where, stream.id)))


def most(where: Context) -> int:
    return int(where.quota("on-demand-write-mib"))


def _scale(where: Context, stream: Stream, shards: int) -> None:
    shards = min(shards, most(where))
    if shards != stream.open and stream.status == "ACTIVE":
        changing.begin(where, stream, Change(kind="scale", number=shards))


def check_warm(where: Context, wanted: int) -> None:
    """Raises: ValidationException, LimitExceededException."""
    if not quotas.committed(where):
        raise errors.ValidationException(
            reason="Warm throughput is only supported in accounts that have MinimumThroughputBillingCommitment enabled."
        )
    if wanted > (limit := most(where)):
        raise errors.LimitExceededException(
            reason=f"The warm throughput of an on-demand stream cannot be more than {limit} MiB per second."
        )


def warm(where: Context, stream: Stream) -> Stream:
    """Scale a stream to what its warm throughput asks for; returns it so."""
    return resharding.scale(where, stream, needed(where, stream))


def warm_throughput(stream: Stream) -> dict[str, int]:
    return {"TargetMiBps": stream.warm or stream.open, "CurrentMiBps": stream.open}
