"""What other services use of Kinesis: the shards of a stream, its records from a place on, and writing in-process.

`ctx` is that of the other service, whose principal KMS asks for the keys of encrypted streams; nothing here asks IAM. A
place in a shard is a number: a record's own, or one from `start`. All functions raise Kinesis' own errors:
ResourceNotFoundException, InvalidArgumentException, ExpiredIteratorException, those of KMS.

    there, stream = kinesis.open_stream(ctx, arn)
    for shard in kinesis.shards_of(there, stream): ...
    page = kinesis.read(there, stream, shard, number, limit=100)    # .records, .next, .behind, .ended
    await kinesis.wait(there, shard, page.next, until=there.now + 60)
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.services.kinesis import throttling
from hodei.services.kinesis.consumers import subscribing
from hodei.services.kinesis.find import find_consumer, usable
from hodei.services.kinesis.numbers import latest, sequence_number, time_of
from hodei.services.kinesis.numbers import read as number_of
from hodei.services.kinesis.records import putting, reading, writing
from hodei.services.kinesis.records.reading import Page
from hodei.services.kinesis.shards.listing import kept
from hodei.services.kinesis.shards.ranges import children, parents
from hodei.services.kinesis.state import DataRecord, Shard, Stream, shard_id, shard_index, shards

__all__ = [
    "DataRecord",
    "Page",
    "Push",
    "Put",
    "Shard",
    "Stream",
    "channel",
    "children",
    "latest",
    "number_of",
    "open_stream",
    "parents",
    "push",
    "put_records",
    "read",
    "sequence_number",
    "shard_id",
    "shard_index",
    "shard_of",
    "shards_of",
    "start",
    "time_of",
    "wait",
]


class Put(NamedTuple):
    """A record to be written."""

    key: str
    data: bytes
    explicit_hash_key: str = ""


class Push(NamedTuple):
    """Records as GetRecords has them, and where reading goes on, in how many seconds at the earliest."""

    records: list[dict[str, Any]]
    next: int
    ended: bool
    pause: float


def open_stream(ctx: Context, arn: str) -> tuple[Context, Stream]:
    """A stream and the place where it is, in which all else here works; look it up anew after every wait."""
    place = Arn.parse(arn)
    there = ctx.world.context(
        "kinesis",
        account=place.account,
        region=place.region,
        principal=ctx.principal,
        request_id=ctx.request_id,
        operation="",
        request=ctx.request,
        via=ctx.via,
    )
    return usable(there, "", arn)


def shards_of(there: Context, stream: Stream) -> list[Shard]:
    """Those that have not expired, parents before their children."""
    return list(kept(there, stream))


def shard_of(there: Context, stream: Stream, index: int) -> Shard | None:
    """A shard by its index, as it is now."""
    return shards.get(there, stream.id, index)


def start(
    there: Context, stream: Stream, shard: Shard, kind: str, *, sequence: str = "", timestamp: datetime | None = None
) -> int:
    """The number at which a ShardIteratorType ("TRIM_HORIZON", "LATEST", "AT_TIMESTAMP", ...) begins."""
    return reading.position(there, stream, shard, kind, sequence, timestamp)


def read(
    there: Context, stream: Stream, shard: Shard, number: int, *, limit: int = 10_000, most: int = reading.PAGE_BYTES
) -> Page:
    """Up to `limit` records, of at most `most` bytes together but one at least, from a number on."""
    return reading.page(there, stream, shard, number, limit, most)


def channel(shard: Shard) -> tuple[str, int]:
    """What is signalled when a record is written to a shard, and when it is closed or its stream deleted."""
    return shard.stream, shard.index


async def wait(there: Context, shard: Shard, number: int, until: float) -> None:
    """Until there may be something in an open shard at or after a number, or a moment of the cloud's clock."""
    if latest(there, shard) < number:
        await there.wait(channel(shard), until)


def push(there: Context, arn: str, shard: Shard, number: int) -> Push:
    """What a registered consumer (its ARN) gets of a shard from a number on, in one event of SubscribeToShard."""
    _, stream, consumer = find_consumer(there, arn)
    page = subscribing.page_of(there, stream, consumer, shard, number)
    pause = page.size / throttling.FANOUT if throttling.enforced(there) else 0.0
    return Push([reading.answered(stream, record) for record in page.records], page.next, page.ended, pause)


def put_records(there: Context, stream: Stream, records: Sequence[Put]) -> list[dict[str, Any]]:
    """Write records in the open batch; what PutRecords answers of each: some may have failed for want of throughput."""
    drafts = [writing.drafted(stream, "data", one.data, one.key, one.explicit_hash_key) for one in records]
    return putting.put_all(there, stream, drafts)
