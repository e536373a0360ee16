"""The numbers of stream records, which rise with time, and the sequence numbers that clients see of them."""

from __future__ import annotations

from hodei.kernel.context import Context
from hodei.services.dynamodb.streams.state import Stream, stream_records

SECOND = 1_000_000
STEP = 100_000  # a sequence number has at least 21 digits, a number 16


def of_time(at: float) -> int:
    return int(at * SECOND)


def time_of(number: int) -> float:
    return number / SECOND


def sequence_number(number: int) -> str:
    return str(number * STEP)


def of_sequence(given: str) -> int:
    """The first number at or after a sequence number. Raises: ValueError if it is none."""
    return -(-int(given) // STEP)


def following(ctx: Context, stream: Stream) -> int:
    """The number of the next record. The last one is only remembered: what is in the stream tells it too."""
    key = f"{ctx.account}/{ctx.region}/{stream.table}/{stream.label}".encode()  # the key of no row
    last = ctx.store.recall(key)
    if last is None:
        last = max([stream.opened, *(latest(ctx, shard) for shard in stream.shards)])
    number: int = max(last + 1, of_time(ctx.now))
    ctx.store.remember(key, number)
    return number


def latest(ctx: Context, shard_id: str) -> int:
    """The number of a shard's last record; 0 if there is none."""
    return next((number for _, number in stream_records.keys(ctx, shard_id, reverse=True)), 0)


def channel(shard_id: str) -> tuple[str, str]:
    """What is signalled when a record is written to a shard, and when it is closed."""
    return ("dynamodb-stream", shard_id)
