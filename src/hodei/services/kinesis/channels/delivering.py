"""Delivery, when the oldest record that waits is as old as the channel's data freshness.

A timer is set with the first record that waits, in its batch. While it delivers, the timer stands for the next attempt:
so whatever ends the attempt, it is made again. What was delivered is noted after it: each record arrives at least once.
"""

from __future__ import annotations

import logging
from typing import Any

import msgspec

from hodei.kernel.arns import Arn
from hodei.kernel.context import Context, service_principal
from hodei.kernel.errors import AwsError
from hodei.services.kinesis import numbers
from hodei.services.kinesis.channels import batches, framing, telling, templates
from hodei.services.kinesis.channels.batches import Batch
from hodei.services.kinesis.channels.state import Channel, channels
from hodei.services.kinesis.memory import memory
from hodei.services.kinesis.service import kinesis
from hodei.services.kinesis.state import Stream, shard_id, streams

log = logging.getLogger("hodei.kinesis")

SERVICE = "kinesis.amazonaws.com"
SESSION = "Channel-Session-For-Cx-Role"  # of every channel's role, as AWS's agent toolkit says
TIMER = "channel-deliver"
AGAIN = 60.0  # seconds
WRONG = {
    "JSON": ("InvalidJson", "The record is not a valid JSON payload."),
    "STRING": ("InvalidString", "The record is not a valid UTF-8 string."),
}


def acting_for(where: Context, channel: Channel) -> Context:
    """The place of a channel as its role. Raises: AccessDenied if it does not let Kinesis assume it."""
    import hodei.services.sts.api as sts  # loaded where a role is needed

    by = service_principal(SERVICE, where.account, channel.arn(where))
    return where.by(sts.become(where, channel.role, SESSION, by))


def is_delivering(channel: Channel) -> bool:
    return channel.status in ("ACTIVE", "UPDATING")


def plan(where: Context, stream: Stream) -> None:
    """A record was written to a stream that has a channel."""
    if where.timers.due(where, TIMER, stream.channel) is None:
        channel = channels.get(where, stream.channel)
        if channel and is_delivering(channel):
            where.timers.set(where, TIMER, where.now + channel.freshness, channel.id)


def plan_next(where: Context, channel: Channel) -> None:
    """When what waits now is to be delivered, if anything does."""
    stream = streams.get(where, channel.stream)
    since = batches.waiting_since(where, channel, stream) if stream else None
    if since is None:
        where.timers.cancel(where, TIMER, channel.id)
    else:
        where.timers.set(where, TIMER, max(where.now, since + channel.freshness), channel.id)


@kinesis.timer(TIMER)
def deliver(ctx: Context, id: str) -> None:
    channel = channels.get(ctx, id)
    if channel is None or not is_delivering(channel):
        return
    ctx.timers.set(ctx, TIMER, ctx.now + AGAIN, id)
    running = memory(ctx).deliveries
    if id not in running:
        running[id] = attempt = object()
        ctx.timers.spawn(_attempt(ctx, id, attempt))


def _current(ctx: Context, id: str, attempt: object) -> Channel | None:
    """The channel as it is now; None if this attempt is of a cloud that is no more, or the channel is to stop."""
    channel = channels.get(ctx, id) if memory(ctx).deliveries.get(id) is attempt else None
    return channel if channel and is_delivering(channel) else None


async def _attempt(ctx: Context, id: str, attempt: object) -> None:
    until = ctx.now
    try:
        while (channel := _current(ctx, id, attempt)) and await _deliver_batch(ctx, channel, attempt, until):
            pass
        if channel:
            plan_next(ctx, channel)
    except AwsError as error:
        _tell_failure(ctx, id, attempt, error)
    finally:
        if memory(ctx).deliveries.get(id) is attempt:
            del memory(ctx).deliveries[id]


def _tell_failure(ctx: Context, id: str, attempt: object, error: AwsError) -> None:
    """What hinders delivery is no fault of the records: they wait for the next attempt."""
    if (channel := _current(ctx, id, attempt)) is None:
        return
    log.warning("channel %s cannot deliver: %s", channel.name, error)
    telling.metric(ctx, channel, "DeliverySuccess", 0)
    stream = streams.get(ctx, channel.stream)
    since = batches.waiting_since(ctx, channel, stream) if stream else None
    if since is not None:
        telling.metric(ctx, channel, "DataFreshness", ctx.now - since, "Seconds")
    try:
        acting = acting_for(ctx, channel)
    except AwsError:
        return
    telling.note(acting, channel, error.code, error.message)


async def _deliver_batch(ctx: Context, channel: Channel, attempt: object, until: float) -> bool:
    """One object; whether there was anything to be delivered. Raises: AwsError."""
    acting, stream = acting_for(ctx, channel), streams.get(ctx, channel.stream)
    assert stream, "a stream that has a channel is not deleted"
    batch = await batches.gather(acting, channel, stream, until)
    if not batch.count:
        return False
    size = 0
    if batch.count > len(batch.bad):
        storage, key = channel.storage, templates.key(channel, batch.oldest, batch.suffix)
        body = await acting.offload(framing.packed, storage.compression, batch.bodies)
        size = len(body)
        await _put(acting, channel, storage.bucket, storage.owner, key, body, StorageClass=storage.storage_class)
    if batch.bad:
        letters, key = channel.dead_letters, _error_key(channel, batch)
        await _put(acting, channel, letters.bucket, letters.owner, key, _dead_letters(acting, stream, batch))
    if _current(ctx, channel.id, attempt) is None:
        return False
    batches.done(ctx, batch)
    _tell(acting, channel, batch, size)
    return True


async def _put(acting: Context, channel: Channel, bucket: str, owner: str, key: str, body: bytes, **more: Any) -> None:
    if channel.key:
        more |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": channel.key}
    name = Arn.parse(bucket).resource
    await acting.call("s3", "PutObject", Bucket=name, Key=key, Body=body, ExpectedBucketOwner=owner, **more)


def _error_key(channel: Channel, batch: Batch) -> str:
    return templates.error_key(channel, batch.oldest, batch.suffix)


def _dead_letters(where: Context, stream: Stream, batch: Batch) -> bytes:
    """Which records were not delivered and why, a line each; not what they hold."""
    code, message = WRONG[batch.channel.format]
    return b"".join(
        msgspec.json.encode(
            {
                "streamARN": stream.arn(where),
                "shardId": shard_id(record.shard),
                "sequenceNumber": numbers.sequence_number(stream, record.shard, record.number),
                "approximateArrivalTimestamp": int(numbers.time_of(record.number) * 1000),
                "errorCode": code,
                "errorMessage": message,
            }
        )
        + b"\n"
        for record in batch.bad
    )


def _tell(acting: Context, channel: Channel, batch: Batch, size: int) -> None:
    """`size`: bytes of the object."""
    good, bad = batch.count - len(batch.bad), len(batch.bad)
    telling.metric(acting, channel, "DataFreshness", acting.now - batch.oldest, "Seconds")
    telling.metric(acting, channel, "BytesIn", batch.bytes, "Bytes")
    telling.metric(acting, channel, "BytesProcessed", sum(map(len, batch.bodies)), "Bytes")
    telling.metric(acting, channel, "BytesOut", size, "Bytes")
    telling.metric(acting, channel, "RecordCount", batch.count)
    telling.metric(acting, channel, "SuccessfulRecordCount", good)
    telling.metric(acting, channel, "FailedRecordCount", bad)
    telling.metric(acting, channel, "DeliverySuccess", 1)
    if good:
        key = templates.key(channel, batch.oldest, batch.suffix)
        telling.note(acting, channel, "Delivered", f"{good} records were delivered.", key=key)
    if bad:
        telling.metric(acting, channel, "DLQDeliverySuccess", bad)
        code, message = WRONG[channel.format]
        telling.note(acting, channel, code, message, records=bad, key=_error_key(channel, batch))
