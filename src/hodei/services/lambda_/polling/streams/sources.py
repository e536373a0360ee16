"""Streams as pollers see them: Kinesis' and DynamoDB's alike. Records are read by the services' own operations, as the
function's role."""

from __future__ import annotations

import abc
from collections.abc import Hashable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import hodei.services.dynamodb.api as dynamodb
import hodei.services.kinesis.api as kinesis
from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.lambda_ import errors, find
from hodei.services.lambda_.functions import roles
from hodei.services.lambda_.mappings.sources import stream_of
from hodei.services.lambda_.polling import batches
from hodei.services.lambda_.polling.streams import items
from hodei.services.lambda_.polling.streams.items import Item, Wire
from hodei.services.lambda_.state import EventSource

ITERATOR_LIFE = 240.0  # seconds for which an iterator is used: Kinesis' live for five minutes, DynamoDB's for fifteen
DAY = 86400.0


class Part(NamedTuple):
    """A shard. `first` is the number with which it begins."""

    id: str
    parents: Sequence[str]
    first: int


class Page(NamedTuple):
    """Records, and the number with which reading goes on; `ended`: the shard is closed, and that was all it had."""

    items: list[Item]
    next: int
    ended: bool


class _Iterator(NamedTuple):
    number: int
    text: str
    until: float


class Source(abc.ABC):
    """The stream of an event source mapping."""

    info: str  # what records of discarded batches call what they tell of the stream
    service: str
    arn_member: str
    sequence_member: str

    def __init__(self, ctx: Context, mapping: EventSource) -> None:
        self.ctx = ctx
        self.mapping = mapping
        self.arn = mapping.source
        self.stream_arn = stream_of(mapping.source)
        self._iterators: dict[str, _Iterator] = {}
        self._channels: dict[str, Hashable] = {}  # on which readers of shards wait

    @abc.abstractmethod
    def parts(self) -> list[Part]:
        """The shards that have not expired. Raises: AwsError."""

    @abc.abstractmethod
    def start(self, part: Part, kind: str, at: float | None) -> int:
        """The number of the first record from a StartingPosition on."""

    @abc.abstractmethod
    async def wait(self, part: Part, number: int) -> None:
        """Until there may be something at or after a number, or the shard is closed, or somebody calls `wake`."""

    def wake(self, part: Part) -> None:
        """Also when the cloud is another one, in which there is no such shard."""
        if channel := self._channels.get(part.id):
            self.ctx.signal(channel)

    @abc.abstractmethod
    def kept(self) -> float:
        """Seconds for which the stream keeps records."""

    @abc.abstractmethod
    def timestamp(self, at: float) -> str:
        """As records of discarded batches have it."""

    @abc.abstractmethod
    def _sequence(self, part: Part, number: int) -> str: ...

    @abc.abstractmethod
    def _items(self, part: Part, records: Sequence[Wire]) -> list[Item]: ...

    async def read(self, part: Part, number: int) -> Page:
        """Raises: AwsError."""
        acting = batches.acting(self.ctx, self.mapping)
        iterator = self._iterators.pop(part.id, None)
        if iterator is None or iterator.number != number or iterator.until < self.ctx.now:
            iterator = await self._iterator(acting, part, number)
        answer = await acting.call(self.service, "GetRecords", ShardIterator=iterator.text)
        found = self._items(part, answer["Records"])
        following = found[-1].position[0] + 1 if found else number
        if text := answer.get("NextShardIterator"):
            self._iterators[part.id] = _Iterator(following, text, self.ctx.now + ITERATOR_LIFE)
        return Page(found, following, ended=not text)

    async def _iterator(self, acting: Context, part: Part, number: int) -> _Iterator:
        given = {
            self.arn_member: self.stream_arn,
            "ShardId": part.id,
            "ShardIteratorType": "AT_SEQUENCE_NUMBER",
            self.sequence_member: self._sequence(part, number),
        }
        answer = await acting.call(self.service, "GetShardIterator", **given)
        return _Iterator(number, answer["ShardIterator"], self.ctx.now + ITERATOR_LIFE)


class KinesisSource(Source):
    info = "KinesisBatchInfo"
    service = "kinesis"
    arn_member = "StreamARN"
    sequence_member = "StartingSequenceNumber"

    def _shard(self, part: Part, acting: Context | None = None) -> tuple[Context, kinesis.Stream, kinesis.Shard]:
        """As it is now. Raises: AwsError, if it or its stream is gone."""
        there, stream = kinesis.open_stream(acting or self.ctx, self.stream_arn)
        if (shard := kinesis.shard_of(there, stream, kinesis.shard_index(part.id))) is None:
            raise errors.ResourceNotFoundException(reason=f"Shard {part.id} of {self.arn} not found")
        return there, stream, shard

    def parts(self) -> list[Part]:
        there, stream = kinesis.open_stream(self.ctx, self.stream_arn)
        return [
            Part(shard.id, [kinesis.shard_id(parent) for parent in kinesis.parents(shard)], shard.first)
            for shard in kinesis.shards_of(there, stream)
        ]

    def start(self, part: Part, kind: str, at: float | None) -> int:
        there, stream, shard = self._shard(part)
        moment = None if at is None else datetime.fromtimestamp(at, UTC)
        return kinesis.start(there, stream, shard, kind, timestamp=moment)

    async def wait(self, part: Part, number: int) -> None:
        try:
            there, _, shard = self._shard(part)
        except AwsError:
            return  # which reading tells
        if not shard.last:
            self._channels[part.id] = kinesis.channel(shard)
            await kinesis.wait(there, shard, number, float("inf"))

    def kept(self) -> float:
        _, stream = kinesis.open_stream(self.ctx, self.stream_arn)
        return stream.retention * 3600.0

    def timestamp(self, at: float) -> str:
        return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S}.{int(at * 1000) % 1000:03}Z"

    def _sequence(self, part: Part, number: int) -> str:
        _, stream, shard = self._shard(part)
        return kinesis.sequence_number(stream, shard.index, number)

    def _items(self, part: Part, records: Sequence[Wire]) -> list[Item]:
        _, stream = kinesis.open_stream(self.ctx, self.stream_arn)
        role, region = find.describe(self.ctx, self.mapping.function).version.role, Arn.parse(self.arn).region
        return [
            item
            for record in records
            for item in items.of_kinesis(
                kinesis.number_of(stream, record["SequenceNumber"])[1], record, part.id, self.arn, role, region
            )
        ]


class Consumer(KinesisSource):
    """A registered consumer of a stream, with a throughput of its own."""

    async def read(self, part: Part, number: int) -> Page:
        found = find.describe(self.ctx, self.mapping.function)
        if not roles.may(found.ctx, found.version.function, found.version.role, "kinesis:SubscribeToShard", self.arn):
            raise errors.AccessDeniedException(reason=f"The role may not call SubscribeToShard on {self.arn}.")
        there, _, shard = self._shard(part, batches.acting(self.ctx, self.mapping))
        pushed = kinesis.push(there, self.arn, shard, number)
        if pushed.pause:
            await self.ctx.wait(("lambda-pushed", self.arn), self.ctx.now + pushed.pause)
        return Page(self._items(part, pushed.records), pushed.next, pushed.ended)


class DynamoDBSource(Source):
    info = "DDBStreamBatchInfo"
    service = "dynamodbstreams"
    arn_member = "StreamArn"
    sequence_member = "SequenceNumber"

    def _stream(self) -> tuple[Context, dynamodb.Stream]:
        """Raises: AwsError."""
        names = dynamodb.names_in(self.arn, dynamodb.at_home(self.ctx))
        stream = dynamodb.streams.get(*names) if names else None
        if names is None or stream is None:
            raise errors.ResourceNotFoundException(reason=f"Stream not found: {self.arn}")
        return names[0], stream

    def parts(self) -> list[Part]:
        there, stream = self._stream()
        return [
            Part(shard.id, [shard.parent] if shard.parent else [], shard.first)
            for shard in dynamodb.shards_of(there, stream)
        ]

    def start(self, part: Part, kind: str, at: float | None) -> int:
        there, stream = self._stream()
        shard = dynamodb.shard_of(there, stream, part.id)
        return dynamodb.end_of(shard, there) if shard and kind == "LATEST" else part.first

    async def wait(self, part: Part, number: int) -> None:
        try:
            there, stream = self._stream()
        except AwsError:
            return  # which reading tells
        self._channels[part.id] = dynamodb.channel(part.id)
        await dynamodb.wait(there, stream, part.id, number, float("inf"))

    def kept(self) -> float:
        return DAY

    def timestamp(self, at: float) -> str:
        return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S}Z"

    def _sequence(self, part: Part, number: int) -> str:
        there, _ = self._stream()
        return dynamodb.sequence_number(max(number, dynamodb.horizon(there)))

    def _items(self, part: Part, records: Sequence[Wire]) -> list[Item]:
        found = []
        for record in records:
            number = dynamodb.of_sequence(record["dynamodb"]["SequenceNumber"])
            found.append(items.of_dynamodb(number, record, self.arn, dynamodb.time_of(number)))
        return found


def source_of(ctx: Context, mapping: EventSource) -> Source:
    if "/consumer/" in mapping.source:
        return Consumer(ctx, mapping)
    return (
        KinesisSource(ctx, mapping) if Arn.parse(mapping.source).service == "kinesis" else DynamoDBSource(ctx, mapping)
    )
