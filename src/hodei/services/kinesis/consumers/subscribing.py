"""SubscribeToShard: records pushed as they come, for five minutes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

from hodei.kernel.atomic import in_batch
from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.kinesis import errors, metrics, numbers, throttling
from hodei.services.kinesis.consumers.registering import status
from hodei.services.kinesis.find import find_consumer, shard_of
from hodei.services.kinesis.memory import Subscription, memory
from hodei.services.kinesis.records import reading
from hodei.services.kinesis.records.reading import Page
from hodei.services.kinesis.service import kinesis
from hodei.services.kinesis.shards.listing import child_shards
from hodei.services.kinesis.state import Consumer, Shard, Stream, shards, streams

LIFE = 300.0
HELD = 5.0  # seconds in which no other call takes a subscription over
QUIET = 5.0  # after which an event without records tells that there are none
EVENT_BYTES = 2 * 2**20
PACE = "kinesis subscriptions"  # a channel that nobody signals
TOLD = frozenset(
    ("ResourceInUseException", "ResourceNotFoundException", *(kind.code for kind in errors.OF_KMS.values()))
)

Event = dict[str, Any]


@kinesis.operation("SubscribeToShard")
def subscribe_to_shard(
    ctx: Context, *, ConsumerARN: str, ShardId: str, StartingPosition: Mapping[str, Any], DryRun: bool = False
) -> dict[str, Any]:
    where, stream, consumer = find_consumer(ctx, ConsumerARN)
    shard = shard_of(where, stream, ShardId)
    if status(where, consumer) != "ACTIVE":
        raise errors.ResourceInUseException(
            reason=f"Consumer {consumer.name} under stream {stream.name} is not ACTIVE."
        )
    start = reading.position(
        where,
        stream,
        shard,
        StartingPosition["Type"],
        StartingPosition.get("SequenceNumber", ""),
        StartingPosition.get("Timestamp"),
        "SubscribeToShard",
    )
    if DryRun:
        raise errors.DryRunOperationException()
    subscription = _taken(where, stream, shard, consumer)
    return {"EventStream": _events(where, stream.name, consumer, shard, start, subscription)}


def _taken(where: Context, stream: Stream, shard: Shard, consumer: Consumer) -> Subscription:
    """Raises: ResourceInUseException while another call is too young to be taken over."""
    active, about = memory(where).subscriptions, (consumer.arn(where), shard.index)
    if old := active.get(about):
        if where.now < old.started + HELD:
            raise errors.ResourceInUseException(
                reason="Another active subscription exists for this consumer: "
                f"{where.account}:{stream.name}:{shard.id}:{consumer.name}"
            )
        old.over = True
        where.signal((stream.id, shard.index))
    active[about] = new = Subscription(where.now)
    return new


async def _events(
    where: Context, name: str, consumer: Consumer, shard: Shard, start: int, subscription: Subscription
) -> AsyncIterator[Event]:
    until, place = subscription.started + LIFE, start
    channel = (shard.stream, shard.index)
    try:
        while where.now < until:
            stream, shard = _still(where, name, consumer, shard, subscription)
            page = in_batch(where.store, page_of, where, stream, consumer, shard, place)
            if page.records:
                await _durable(where)
            yield {"SubscribeToShardEvent": _event(where, stream, shard, page)}
            place = page.next
            if page.ended:
                return
            if throttling.enforced(where) and page.records:
                await where.wait(PACE, min(until, where.now + page.size / throttling.FANOUT))
            if not subscription.over:
                await _more(where, stream, shard, place, channel, min(until, where.now + QUIET))
    except AwsError as error:
        if error.code not in TOLD:
            raise
        yield {error.code: {"message": error.message}}
    finally:
        active, about = memory(where).subscriptions, (consumer.arn(where), shard.index)
        if active.get(about) is subscription:
            del active[about]


async def _more(
    where: Context, stream: Stream, shard: Shard, place: int, channel: tuple[str, int], until: float
) -> None:
    """Wait for what follows, unless it is there."""
    if numbers.latest(where, shard) < place:
        known = shards.get(where, stream.id, shard.index)
        if known and not known.last:
            await where.wait(channel, until)


def _still(
    where: Context, name: str, consumer: Consumer, shard: Shard, subscription: Subscription
) -> tuple[Stream, Shard]:
    """Stream and shard as they are now. Raises: ResourceInUseException if another call has taken over,
    ResourceNotFoundException."""
    if subscription.over:
        raise errors.ResourceInUseException(reason="Another call of SubscribeToShard has taken this subscription over.")
    stream = streams.get(where, name)
    if stream is None or stream.id != consumer.stream:
        raise errors.StreamNotFound(name=name, account=where.account)
    if (current := shards.get(where, stream.id, shard.index)) is None:
        raise errors.ShardNotFound(shard=shard.id, name=name, account=where.account)
    find_consumer(where, consumer.arn(where))
    return stream, current


def page_of(where: Context, stream: Stream, consumer: Consumer, shard: Shard, start: int) -> Page:
    """What an event carries, counted."""
    page = reading.page(where, stream, shard, start, most=EVENT_BYTES)
    metrics.subscribed(where, stream, consumer.name, page)
    where.meter("on-demand-consumer-out" if stream.on_demand else "consumer-out", page.size, stream.arn(where))
    return page


def _event(where: Context, stream: Stream, shard: Shard, page: Page) -> Event:
    """Without a ContinuationSequenceNumber at the end of a closed shard: so the Kinesis Client Library knows it."""
    event: Event = {
        "Records": [reading.answered(stream, record) for record in page.records],
        "MillisBehindLatest": page.behind,
    }
    if page.ended:
        return {**event, "ChildShards": child_shards(where, shard)}
    return {**event, "ContinuationSequenceNumber": numbers.sequence_number(stream, shard.index, page.next - 1)}


async def _durable(where: Context) -> None:
    """Nobody is to have a record that a crash takes back."""
    done = asyncio.Event()
    where.store.when_durable(done.set)
    await done.wait()
