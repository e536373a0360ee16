"""Queues as sources of events.

https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

import hodei.services.sqs.api as sqs
from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.kernel.deliver import Retry, insist
from hodei.kernel.errors import AwsError
from hodei.services.lambda_.invoking import tracing
from hodei.services.lambda_.mappings import matching, sealing
from hodei.services.lambda_.polling import batches
from hodei.services.lambda_.polling.loops import Loop
from hodei.services.lambda_.state import EventSource, mappings

log = logging.getLogger("hodei.lambda")

WAIT = 20  # seconds of a long poll
IDLE = 3600.0  # seconds for which a queue that stays empty is not asked again; AWS asks it all the time, and bills that
DELETING = Retry(attempts=8, first=0.5, longest=5.0)  # as long as messages are hidden, if nobody says otherwise
AT_ONCE = 10  # messages that one call can have
OF_A_POLLER = 10  # batches at a time, of one that is provisioned
POLLERS, MOST_POLLERS = 2, 200  # provisioned, if nothing is said

Message = dict[str, Any]


class Pace(NamedTuple):
    """How many batches may be under way: at first, how many more a second while there is something to do, at most."""

    first: int
    growth: float
    most: int

    def room(self, busy: float) -> float:
        """After so many seconds."""
        return min(self.first + self.growth * busy, self.most)

    def time_for(self, count: int) -> float:
        """After how many seconds there is room for so many, with a millisecond for rounding."""
        return max(count - self.first, 0) / self.growth + 0.001 if count <= self.most else float("inf")


def _pace(mapping: EventSource) -> Pace:
    """https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html"""
    if config := mapping.settings.get("ProvisionedPollerConfig"):
        least, most = config.get("MinimumPollers", POLLERS), config.get("MaximumPollers", MOST_POLLERS)
        return Pace(OF_A_POLLER * least, 1000 / 60, OF_A_POLLER * most)
    most = mapping.settings.get("ScalingConfig", {}).get("MaximumConcurrency", 1250)
    return Pace(min(5, most), 300 / 60, most)


async def poll(ctx: Context, uuid: str, loop: Loop) -> None:
    """As long as the mapping is enabled."""
    under_way: set[asyncio.Task[None]] = set()
    busy_since, refused, channel = ctx.now, 0, ("lambda-room", uuid)

    def over(task: asyncio.Task[None]) -> None:
        under_way.discard(task)
        ctx.signal(channel)

    while not loop.over and (mapping := mappings.get(ctx, uuid)) and mapping.state == "Enabled":
        try:
            if not (messages := await _gathered(ctx, mapping)):
                await sqs.arrival(ctx, _url(ctx, mapping), ctx.now + IDLE)
        except AwsError as error:
            refused += 1
            log.warning("the queue of event source mapping %s: %s", uuid, error)
            await ctx.wait(batches.channel(uuid), ctx.now + batches.pause(refused))
            continue
        refused = 0
        if not messages:
            busy_since = ctx.now
            continue
        task = ctx.timers.spawn(_process(ctx, mapping, messages))
        under_way.add(task)
        task.add_done_callback(over)
        pace = _pace(mapping)
        while len(under_way) + 1 > pace.room(ctx.now - busy_since):
            await ctx.wait(channel, busy_since + pace.time_for(len(under_way) + 1))


async def _gathered(ctx: Context, mapping: EventSource) -> list[Message]:
    """The messages of a batch: up to its size, of up to its window's time."""
    settings = mapping.settings
    size, window = settings["BatchSize"], settings["MaximumBatchingWindowInSeconds"]
    messages = await _received(ctx, mapping, size, WAIT)
    until = ctx.now + window
    while messages and len(messages) < size and (left := until - ctx.now) > 0:
        try:
            messages += await _received(ctx, mapping, size - len(messages), min(int(left) + 1, WAIT))
        except AwsError as error:
            log.info("event source mapping %s: %s", mapping.uuid, error)
            break  # what has been received counts as received
    return messages


async def _received(ctx: Context, mapping: EventSource, most: int, wait: int) -> list[Message]:
    answer = await batches.acting(ctx, mapping).call(
        "sqs",
        "ReceiveMessage",
        QueueUrl=_url(ctx, mapping),
        MaxNumberOfMessages=min(most, AT_ONCE),
        WaitTimeSeconds=wait,
        AttributeNames=["All"],
        MessageAttributeNames=["All"],
    )
    return list(answer.get("Messages", ()))


def _url(ctx: Context, mapping: EventSource) -> str:
    arn = Arn.parse(mapping.source)
    return f"{ctx.world.url}/{arn.account}/{arn.resource}"


async def _process(ctx: Context, mapping: EventSource, messages: Sequence[Message]) -> None:
    """Invoke the function with those that pass the filters; what it has done, and what nobody wants, is deleted."""
    wanted: list[Message] = []
    done: list[Message] = []
    batches.count(ctx, mapping, "Polled", len(messages))
    try:
        patterns = matching.patterns(sealing.of_lambda(ctx, mapping))
        for message in messages:
            (wanted if matching.passes(patterns, _for_filters(message), "body") else done).append(message)
        batches.count(ctx, mapping, "FilteredOut", len(done))
        for part in _parts(mapping, wanted):
            done += await _invoked(ctx, mapping, *part)
    except AwsError as error:
        log.info("event source mapping %s: %s", mapping.uuid, error)  # the messages come back
    if done:
        await _delete(ctx, mapping, done)


def _parts(mapping: EventSource, messages: Sequence[Message]) -> Iterator[tuple[list[Message], list[msgspec.Raw]]]:
    """Messages, and what is told of them, as many at a time as one event can have."""
    part: list[Message] = []
    records: list[msgspec.Raw] = []
    size = 0
    for message in messages:
        record = msgspec.Raw(msgspec.json.encode(_record(mapping, message)))
        size += len(record) + 1
        if part and size > batches.LARGEST:
            yield part, records
            part, records, size = [], [], len(record) + 1
        part.append(message)
        records.append(record)
    if part:
        yield part, records


async def _invoked(
    ctx: Context, mapping: EventSource, messages: Sequence[Message], records: Sequence[msgspec.Raw]
) -> list[Message]:
    """Those that were done."""
    trace = tracing.deepest(message["Attributes"].get("AWSTraceHeader", "") for message in messages)
    outcome = (await batches.invoke(ctx, mapping, msgspec.json.encode({"Records": records}), trace)).outcome
    ids = {message["MessageId"] for message in messages}
    failed: set[str] | None = set()
    if outcome.error:
        failed = None
    elif batches.reports(mapping):
        failed = batches.reported(outcome, ids)
    bad = ids if failed is None else failed
    batches.count(ctx, mapping, "Invoked", len(messages))
    batches.count(ctx, mapping, "FailedInvoke", len(bad))
    return [message for message in messages if message["MessageId"] not in bad]


async def _delete(ctx: Context, mapping: EventSource, messages: Sequence[Message]) -> None:
    for start in range(0, len(messages), AT_ONCE):
        entries = [
            {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
            for number, message in enumerate(messages[start : start + AT_ONCE])
        ]
        try:
            acting = batches.acting(ctx, mapping)
            named = {"QueueUrl": _url(ctx, mapping), "Entries": entries}
            answer = await insist(acting, "sqs", "DeleteMessageBatch", DELETING, **named)
            batches.count(ctx, mapping, "Deleted", len(answer["Successful"]))
        except AwsError as error:
            log.warning("event source mapping %s cannot delete messages: %s", mapping.uuid, error)


def _record(mapping: EventSource, message: Message) -> dict[str, Any]:
    record = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": dict(_attributes(message.get("MessageAttributes", {}))),
        "md5OfBody": hashlib.md5(message["Body"].encode(), usedforsecurity=False).hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": mapping.source,
        "awsRegion": Arn.parse(mapping.source).region,
    }
    if "MD5OfMessageAttributes" in message:
        record["md5OfMessageAttributes"] = message["MD5OfMessageAttributes"]
    return record


def _attributes(given: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, value in given.items():
        told: dict[str, Any] = {"stringListValues": [], "binaryListValues": [], "dataType": value["DataType"]}
        if "StringValue" in value:
            told["stringValue"] = value["StringValue"]
        if "BinaryValue" in value:
            told["binaryValue"] = base64.b64encode(value["BinaryValue"]).decode()
        yield name, told


def _for_filters(message: Message) -> dict[str, Any]:
    return {
        "messageId": message["MessageId"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": dict(_attributes(message.get("MessageAttributes", {}))),
    }
