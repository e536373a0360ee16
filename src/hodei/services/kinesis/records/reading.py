"""Records of a shard, from a position on."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from hodei.kernel.context import Context
from hodei.services.kinesis import encryption, errors, numbers
from hodei.services.kinesis.state import DataRecord, Shard, Stream, records, shard_id

PAGE = 10_000
PAGE_BYTES = 10 * 2**20


class Page(NamedTuple):
    """Records, and the number with which reading goes on. `behind`: milliseconds from the tip of the shard."""

    records: list[DataRecord]
    next: int
    behind: int
    ended: bool  # the shard is closed, and that was all it had
    size: int  # bytes


def page(where: Context, stream: Stream, shard: Shard, start: int, limit: int = PAGE, most: int = PAGE_BYTES) -> Page:
    """Up to `limit` records of at most `most` bytes together (but one at least), those that are trimmed left out.

    Raises: KMS's errors, as Kinesis has them.
    """
    start = max(start, numbers.horizon(where, stream))
    found: list[DataRecord] = []
    size, more = 0, False
    for record in records.scan(where, stream.id, shard.index, start=(start,)):
        size += len(record.data) + len(record.key)
        if len(found) == limit or (found and size > most):
            more = True
            size -= len(record.data) + len(record.key)
            break
        found.append(encryption.opened(where, stream, record) if record.sealed else record)
    following = found[-1].number + 1 if found else start
    behind = max(0, int((where.now - numbers.time_of(following - 1)) * 1000)) if more else 0
    return Page(found, following, behind, bool(shard.last) and not more, size)


def position(
    where: Context,
    stream: Stream,
    shard: Shard,
    kind: str,
    sequence: str,
    timestamp: datetime | None,
    operation: str = "GetShardIterator",
) -> int:
    """The number at which a ShardIteratorType begins. Raises: InvalidArgumentException."""
    match kind:
        case "TRIM_HORIZON":
            return max(shard.first, numbers.horizon(where, stream))
        case "LATEST":
            return max(shard.first, numbers.latest(where, shard) + 1, shard.last)
        case "AT_TIMESTAMP":
            return _moment(where, timestamp)
    number = _number(where, stream, shard, sequence, operation)
    return number + (kind == "AFTER_SEQUENCE_NUMBER")


def _moment(where: Context, given: datetime | None) -> int:
    if given is None:
        raise errors.InvalidArgumentException(reason="Timestamp must be specified with the type AT_TIMESTAMP.")
    at, now = round(given.timestamp() * 1000), int(where.now * 1000)
    if at > now:
        raise errors.InvalidArgumentException(
            reason="The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. "
            f"timestampInMillis: {at}, currentTimestampInMillis: {now}"
        )
    return numbers.of_time(at / 1000)


def _number(where: Context, stream: Stream, shard: Shard, given: str, operation: str) -> int:
    if not given:
        raise errors.InvalidArgumentException(
            reason="StartingSequenceNumber must be specified with the types AT_SEQUENCE_NUMBER and "
            "AFTER_SEQUENCE_NUMBER."
        )
    try:
        index, number = numbers.read(stream, given)
    except ValueError:
        raise errors.InvalidArgumentException(
            reason=f"StartingSequenceNumber {given} used in {operation} on shard {shard.id} in stream {stream.name} "
            f"under account {where.account} is invalid because it did not come from this stream."
        ) from None
    if index != shard.index:
        raise errors.InvalidArgumentException(
            reason=f"Invalid StartingSequenceNumber. It encodes {shard_id(index)}, while it was used in a call to a "
            f"shard with {shard.id}"
        )
    return number


def answered(stream: Stream, record: DataRecord) -> dict[str, Any]:
    """A record as answers have it."""
    answer: dict[str, Any] = {
        "SequenceNumber": numbers.sequence_number(stream, record.shard, record.number),
        "ApproximateArrivalTimestamp": numbers.time_of(record.number),
        "Data": record.data,
        "PartitionKey": record.key,
    }
    if record.sealed:
        answer["EncryptionType"] = "KMS"
    return answer
