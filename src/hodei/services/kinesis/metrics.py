"""What CloudWatch hears (AWS/Kinesis): of streams always, of shards where enhanced monitoring is on."""

from __future__ import annotations

from collections.abc import Sequence

from hodei.kernel.context import Context
from hodei.services.kinesis.records.reading import Page
from hodei.services.kinesis.state import Shard, Stream

NAMESPACE = "AWS/Kinesis"


def put_record(where: Context, stream: Stream, size: int, shard: Shard) -> None:
    name = stream.name
    where.metric(NAMESPACE, "PutRecord.Bytes", size, "Bytes", StreamName=name)
    where.metric(NAMESPACE, "PutRecord.Success", 1, "Count", StreamName=name)
    _incoming(where, stream, size, 1)
    _incoming_of_shard(where, stream, size, shard)


def put_records(where: Context, stream: Stream, written: Sequence[tuple[int, Shard]], asked: int) -> None:
    """`written`: the size and the shard of each record that was; `asked`: how many were to be."""
    size, count, name = sum(one for one, _ in written), len(written), stream.name
    where.metric(NAMESPACE, "PutRecords.Bytes", size, "Bytes", StreamName=name)
    where.metric(NAMESPACE, "PutRecords.Success", int(count > 0), "Count", StreamName=name)
    where.metric(NAMESPACE, "PutRecords.TotalRecords", asked, "Count", StreamName=name)
    where.metric(NAMESPACE, "PutRecords.SuccessfulRecords", count, "Count", StreamName=name)
    where.metric(NAMESPACE, "PutRecords.ThrottledRecords", asked - count, "Count", StreamName=name)
    if count:
        _incoming(where, stream, size, count)
    for one, shard in written:
        _incoming_of_shard(where, stream, one, shard)


def _incoming(where: Context, stream: Stream, size: int, count: int) -> None:
    where.metric(NAMESPACE, "IncomingBytes", size, "Bytes", StreamName=stream.name)
    where.metric(NAMESPACE, "IncomingRecords", count, "Count", StreamName=stream.name)


def _incoming_of_shard(where: Context, stream: Stream, size: int, shard: Shard) -> None:
    if stream.monitored:
        of_shard(where, stream, shard, "IncomingBytes", size, "Bytes")
        of_shard(where, stream, shard, "IncomingRecords", 1)


def get_records(where: Context, stream: Stream, shard: Shard, page: Page) -> None:
    name, count = stream.name, len(page.records)
    where.metric(NAMESPACE, "GetRecords.Bytes", page.size, "Bytes", StreamName=name)
    where.metric(NAMESPACE, "GetRecords.Records", count, "Count", StreamName=name)
    where.metric(NAMESPACE, "GetRecords.Success", 1, "Count", StreamName=name)
    where.metric(NAMESPACE, "GetRecords.IteratorAgeMilliseconds", page.behind, "Milliseconds", StreamName=name)
    if stream.monitored:
        of_shard(where, stream, shard, "OutgoingBytes", page.size, "Bytes")
        of_shard(where, stream, shard, "OutgoingRecords", count)
        of_shard(where, stream, shard, "IteratorAgeMilliseconds", page.behind, "Milliseconds")


def subscribed(where: Context, stream: Stream, consumer: str, page: Page) -> None:
    """An event of SubscribeToShard."""
    names = {"StreamName": stream.name, "ConsumerName": consumer}
    where.metric(NAMESPACE, "SubscribeToShardEvent.Bytes", page.size, "Bytes", **names)
    where.metric(NAMESPACE, "SubscribeToShardEvent.Records", len(page.records), "Count", **names)
    where.metric(NAMESPACE, "SubscribeToShardEvent.MillisBehindLatest", page.behind, "Milliseconds", **names)
    where.metric(NAMESPACE, "SubscribeToShardEvent.Success", 1, "Count", **names)


def throttled(where: Context, stream: Stream, shard: Shard, kind: str) -> None:
    """`kind`: "Read" or "Write"."""
    where.metric(NAMESPACE, f"{kind}ProvisionedThroughputExceeded", 1, "Count", StreamName=stream.name)
    of_shard(where, stream, shard, f"{kind}ProvisionedThroughputExceeded", 1)


def of_shard(where: Context, stream: Stream, shard: Shard, name: str, value: float, unit: str = "Count") -> None:
    if name in stream.monitored:
        where.metric(NAMESPACE, name, value, unit, StreamName=stream.name, ShardId=shard.id)
