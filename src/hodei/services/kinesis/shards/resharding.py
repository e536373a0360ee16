"""SplitShard, MergeShards, UpdateShardCount."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

import msgspec

from hodei.kernel.context import Context
from hodei.services.kinesis import changing, errors, quotas
from hodei.services.kinesis.find import active, shard_of
from hodei.services.kinesis.records import trimming
from hodei.services.kinesis.service import kinesis
from hodei.services.kinesis.shards import ranges
from hodei.services.kinesis.state import Change, Shard, Stream, shards

DAY = 86400.0
MOST_SCALED = 10  # times in a day
MOST_SHARDS = 10_000  # that UpdateShardCount scales to

replace = msgspec.structs.replace


@kinesis.operation("SplitShard")
def split_shard(
    ctx: Context, *, ShardToSplit: str, NewStartingHashKey: str, StreamName: str = "", StreamARN: str = ""
) -> None:
    where, stream = _provisioned(ctx, StreamName, StreamARN)
    shard = _open_one(where, stream, ShardToSplit)
    low, high, at = int.from_bytes(shard.start), int.from_bytes(shard.end), int(NewStartingHashKey)
    if not low + 1 < at < high:
        raise errors.InvalidArgumentException(
            reason=f"NewStartingHashKey {at} used in SplitShard() on shard {shard.id} in stream {stream.name} under "
            f"account {where.account} is not both greater than one plus the shard's StartingHashKey {low} and less "
            f"than the shard's EndingHashKey {high}."
        )
    quotas.check_shards(where, 1)
    changing.begin(where, stream, Change(kind="split", shards=(shard.index,), at=ranges.to_bytes(at)))


@changing.changes("split")
def _split(where: Context, stream: Stream, change: Change) -> Stream:
    trimming.plan(where, stream)
    stream, *_ = ranges.split(where, stream, _existing(where, stream, change.shards[0]), change.at)
    return stream


@kinesis.operation("MergeShards")
def merge_shards(
    ctx: Context, *, ShardToMerge: str, AdjacentShardToMerge: str, StreamName: str = "", StreamARN: str = ""
) -> None:
    where, stream = _provisioned(ctx, StreamName, StreamARN)
    one, other = _open_one(where, stream, ShardToMerge), _open_one(where, stream, AdjacentShardToMerge)
    if not (_follows(one, other) or _follows(other, one)):
        raise errors.InvalidArgumentException(
            reason=f"Shards {one.id} and {other.id} in stream {stream.name} under account {where.account} are not an "
            "adjacent pair of shards eligible for merging"
        )
    changing.begin(where, stream, Change(kind="merge", shards=(one.index, other.index)))


@changing.changes("merge")
def _merge(where: Context, stream: Stream, change: Change) -> Stream:
    trimming.plan(where, stream)
    one, other = (_existing(where, stream, index) for index in change.shards)
    stream, _ = ranges.merge(where, stream, one, other)
    return stream


@kinesis.operation("UpdateShardCount")
def update_shard_count(
    ctx: Context, *, TargetShardCount: int, ScalingType: str, StreamName: str = "", StreamARN: str = ""
) -> dict[str, Any]:
    """Also what does not change the count makes the shards uniform."""
    where, stream = _provisioned(ctx, StreamName, StreamARN)
    current = stream.open
    if not current <= 2 * TargetShardCount or not TargetShardCount <= 2 * current:
        kind = "more than twice" if TargetShardCount > current else "less than half"
        raise errors.InvalidArgumentException(
            reason=f"UpdateShardCount cannot scale the stream {stream.name} under account {where.account} to {kind} "
            f"its current open shard count. Current count: {current}, target count: {TargetShardCount}."
        )
    if TargetShardCount > MOST_SHARDS:
        raise errors.LimitExceededException(reason=f"A stream cannot be scaled to more than {MOST_SHARDS} shards.")
    scaled = tuple(at for at in stream.scaled if at > where.now - DAY)
    if len(scaled) >= MOST_SCALED:
        raise errors.LimitExceededException(
            reason=f"The stream {stream.name} under account {where.account} was scaled {MOST_SCALED} times in the last "
            "24 hours, which is the most that is allowed."
        )
    quotas.check_shards(where, max(0, TargetShardCount - current))
    change = Change(kind="scale", number=TargetShardCount)
    changing.begin(where, replace(stream, scaled=(*scaled, where.now)), change)
    counts = {"CurrentShardCount": current, "TargetShardCount": TargetShardCount}
    return {"StreamName": stream.name, "StreamARN": stream.arn(where), **counts}


@changing.changes("scale")
def _scale(where: Context, stream: Stream, change: Change) -> Stream:
    return scale(where, stream, change.number)


def scale(where: Context, stream: Stream, count: int) -> Stream:
    """Make the shards so many, of equal size: by splits at each new boundary, then by merges of what lies between two.

    That is how AWS does it, and leaves short-lived shards where the boundaries do not coincide.
    """
    trimming.plan(where, stream)
    starts = [ranges.to_bytes(start) for start in ranges.uniform(count)]
    stream, pieces = _cut(where, stream, starts)
    joined: list[Shard] = []
    for shard in pieces:
        if joined and bisect_right(starts, joined[-1].start) == bisect_right(starts, shard.start):
            stream, joined[-1] = ranges.merge(where, stream, joined[-1], shard)
        else:
            joined.append(shard)
    return stream


def _cut(where: Context, stream: Stream, starts: list[bytes]) -> tuple[Stream, list[Shard]]:
    """Split the open shards wherever one of the hash keys lies in them; returns all that there then are, in order."""
    pieces: list[Shard] = []
    for shard in sorted(ranges.open_shards(where, stream), key=lambda one: one.start):
        rest = shard
        for start in starts[bisect_right(starts, shard.start) : bisect_right(starts, shard.end)]:
            stream, low, rest = ranges.split(where, stream, rest, start)
            pieces.append(low)
        pieces.append(rest)
    return stream, pieces


def _provisioned(ctx: Context, name: str, arn: str) -> tuple[Context, Stream]:
    where, stream = active(ctx, name, arn)
    if stream.on_demand:
        raise errors.OnlyProvisioned(name=stream.name, account=where.account)
    return where, stream


def _open_one(where: Context, stream: Stream, id: str) -> Shard:
    shard = shard_of(where, stream, id)
    if shard.last:
        raise errors.InvalidArgumentException(
            reason=f"Shard {shard.id} in stream {stream.name} under account {where.account} has already been merged or "
            "split, and thus is not eligible for merging or splitting."
        )
    return shard


def _existing(where: Context, stream: Stream, index: int) -> Shard:
    shard = shards.get(where, stream.id, index)
    assert shard, "the stream was UPDATING since it was looked at"
    return shard


def _follows(one: Shard, other: Shard) -> bool:
    return int.from_bytes(one.end) + 1 == int.from_bytes(other.start)
