"""Shards by hash key: which one a record goes to, how they are made and closed."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterator
from itertools import pairwise

import msgspec

from hodei.kernel.context import Context
from hodei.services.kinesis import numbers
from hodei.services.kinesis.memory import Route, memory
from hodei.services.kinesis.state import Shard, Stream, shards

KEY_BYTES = 16
KEYS = 1 << 8 * KEY_BYTES

replace = msgspec.structs.replace


def hash_of(partition_key: str) -> bytes:
    return hashlib.md5(partition_key.encode(), usedforsecurity=False).digest()


def to_bytes(hash_key: int) -> bytes:
    """Raises: OverflowError above 2**128 - 1."""
    return hash_key.to_bytes(KEY_BYTES)


def to_text(hash_key: bytes) -> str:
    return str(int.from_bytes(hash_key))


def uniform(count: int) -> list[int]:
    """The first hash keys of so many ranges of equal size."""
    size = KEYS // count
    return [number * size for number in range(count)]


def route(where: Context, stream: Stream) -> Route:
    known = memory(where).routes.get(stream.id)
    if known is None or known.version != stream.version:
        found = sorted((shard.start, shard.index) for shard in open_shards(where, stream))
        known = Route(stream.version, [start for start, _ in found], [index for _, index in found])
        memory(where).routes[stream.id] = known
    return known


def holding(where: Context, stream: Stream, hash_key: bytes) -> Shard:
    """The open shard that takes a hash key."""
    found = route(where, stream)
    shard = shards.get(where, stream.id, found.indexes[bisect_right(found.starts, hash_key) - 1])
    assert shard, "the shards of a stream take all hash keys"
    return shard


def open_shards(where: Context, stream: Stream) -> Iterator[Shard]:
    """In the order of their indexes."""
    return (shard for shard in shards.scan(where, stream.id) if not shard.last)


def open_first(where: Context, stream: Stream, count: int) -> Stream:
    """Give a new stream its shards; returns it with them."""
    first = numbers.of_time(stream.created)
    starts = [*uniform(count), KEYS]
    for start, end in pairwise(starts):
        stream, _ = _open(where, stream, to_bytes(start), to_bytes(end - 1), first)
    return stream


def split(where: Context, stream: Stream, shard: Shard, at: bytes) -> tuple[Stream, Shard, Shard]:
    """Close an open shard. Returns the stream with its children: what lies below a hash key, and the rest."""
    stream, first = _close(where, stream, shard, (stream.shards, stream.shards + 1))
    below = to_bytes(int.from_bytes(at) - 1)
    stream, low = _open(where, stream, shard.start, below, first, parent=shard.index)
    stream, high = _open(where, stream, at, shard.end, first, parent=shard.index)
    return stream, low, high


def merge(where: Context, stream: Stream, one: Shard, other: Shard) -> tuple[Stream, Shard]:
    """Close two adjacent open shards. Returns the stream with their child, which has the range of both."""
    child = (stream.shards,)
    stream, first = _close(where, stream, one, child)
    stream, second = _close(where, stream, other, child)
    start, end = min(one.start, other.start), max(one.end, other.end)
    return _open(where, stream, start, end, max(first, second), parent=one.index, adjacent=other.index)


def _open(
    where: Context, stream: Stream, start: bytes, end: bytes, first: int, *, parent: int = -1, adjacent: int = -1
) -> tuple[Stream, Shard]:
    index = stream.shards
    shard = Shard(stream=stream.id, index=index, start=start, end=end, first=first, parent=parent, adjacent=adjacent)
    shards.put(where, shard)
    return replace(stream, shards=index + 1, open=stream.open + 1, version=stream.version + 1), shard


def _close(where: Context, stream: Stream, shard: Shard, children: tuple[int, ...]) -> tuple[Stream, int]:
    """Returns also the number with which its children begin."""
    last = numbers.following(where, shard)
    shards.put(where, replace(shard, last=last, children=children))
    where.signal((stream.id, shard.index))
    return replace(stream, open=stream.open - 1, version=stream.version + 1), last + 1


def children(where: Context, shard: Shard) -> list[Shard]:
    """Of a closed shard."""
    found = (shards.get(where, shard.stream, index) for index in shard.children)
    return [child for child in found if child]


def parents(shard: Shard) -> list[int]:
    return [index for index in (shard.parent, shard.adjacent) if index >= 0]
