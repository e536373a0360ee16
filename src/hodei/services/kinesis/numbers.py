"""The numbers of records, which rise with time, and the sequence numbers that clients see of them.

A sequence number has 186 bits. The upper two are its version, 2; the lowest four too, and above these is the shard in
32 bits: the Kinesis Client Library reads shard and version out of it (SequenceNumberValidator). What lies between is
AWS's secret, here the second in which the stream was created and the number.
"""

from __future__ import annotations

import math

from hodei.kernel.context import Context
from hodei.services.kinesis.state import Shard, Stream, records

SECOND = 1_000_000
VERSION = 2
_VERSION_AT, _CREATED_AT, _NUMBER_AT, _SHARD_AT = 184, 148, 84, 4
_CREATED, _NUMBER, _SHARD = (1 << 36) - 1, (1 << 64) - 1, (1 << 32) - 1


def of_time(at: float) -> int:
    """The first number of a moment."""
    return max(0, int(at * SECOND))


def time_of(number: int) -> float:
    """When what has the number was written, in milliseconds' precision."""
    return math.floor(number * 1000 / SECOND) / 1000


def sequence_number(stream: Stream, shard: int, number: int) -> str:
    created = int(stream.created) & _CREATED
    parts = VERSION << _VERSION_AT | created << _CREATED_AT | number << _NUMBER_AT | shard << _SHARD_AT | VERSION
    return str(parts)


def read(stream: Stream, text: str) -> tuple[int, int]:
    """(shard, number) of a sequence number. Raises: ValueError if it is not one of this stream."""
    value = int(text)
    ours = value >> _VERSION_AT == VERSION and value & 0xF == VERSION
    if not ours or value >> _CREATED_AT & _CREATED != int(stream.created) & _CREATED:
        raise ValueError(text)
    return value >> _SHARD_AT & _SHARD, value >> _NUMBER_AT & _NUMBER


def following(where: Context, shard: Shard, above: int = 0) -> int:
    """The number of the next record of an open shard, greater than `above`, which is taken by this. The last one is
    only remembered: what is in the shard tells it too."""
    key = f"kinesis/{where.account}/{where.region}/{shard.stream}/{shard.index}".encode()  # the key of no row
    last = where.store.recall(key)
    if last is None:
        last = max(shard.first - 1, latest(where, shard))
    number: int = max(last + 1, of_time(where.now), above + 1)
    where.store.remember(key, number)
    return number


def latest(where: Context, shard: Shard) -> int:
    """The number of a shard's last record; 0 if there is none."""
    return next((number for *_, number in records.keys(where, shard.stream, shard.index, reverse=True)), 0)


def horizon(where: Context, stream: Stream) -> int:
    """The number before which all is trimmed."""
    return of_time(max(stream.trimmed, where.now - stream.retention * 3600))
