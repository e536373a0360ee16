"""Events sent on to Lambda functions and Kinesis streams.

A delivery goes to the subscription itself, and from here to its destination: as the service, to functions, whose policy
must let it invoke them; as the role of the subscription, to streams.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
"""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any, NamedTuple

import msgspec

from hodei.engines.filterpatterns import compile_pattern
from hodei.kernel.arns import Arn
from hodei.kernel.context import Context, Principal, service_principal
from hodei.kernel.deliver import Delivery, Retry
from hodei.kernel.errors import AwsError
from hodei.services.logs.events.chunks import Event
from hodei.services.logs.service import logs
from hodei.services.logs.state import Group, Stream

NAMESPACE = "AWS/Logs"
SESSION = "CWLogs"
MOST_BYTES = 1_000_000  # of a payload, as Lambda and Kinesis take it
RETRY = Retry(attempts=10_000, max_age=86400.0)


class Target(NamedTuple):
    """Where a subscription sends to: `role` is that of the subscription or destination."""

    arn: str
    role: str = ""
    random: bool = False


class Filter(NamedTuple):
    """Who has subscribed, to what, where to; `transformed`: to events as the group's transformer makes them."""

    name: str
    pattern: str
    target: Target
    transformed: bool = False


class Sent(msgspec.Struct):
    """What a delivery carries: the message, compressed, and where it goes."""

    target: str
    role: str
    key: str  # the partition key, for streams
    body: bytes
    group: str  # name
    filter: str
    source: str = ""  # ARN of the group
    count: int = 0


def subscribed(
    ctx: Context,
    group: Group,
    stream: Stream,
    events: list[Event],
    one: Filter,
) -> None:
    """Send the events to a filter, those that it matches."""
    pattern = compile_pattern(one.pattern)
    wanted = [event for event in events if pattern.matches(event.message)]
    if wanted:
        delimited = one.pattern.startswith("[")
        views = [_view(event, pattern.extract(event.message) if delimited else {}) for event in wanted]
        _send(ctx, group, stream, one.name, one.target, views)


def _view(event: Event, extracted: dict[str, str]) -> dict[str, Any]:
    fields = {"extractedFields": {name.removeprefix("$"): value for name, value in extracted.items()}}
    return {"id": event.id, "timestamp": event.time, "message": event.message} | (fields if extracted else {})


def _send(ctx: Context, group: Group, stream: Stream, name: str, target: Target, events: list[dict[str, Any]]) -> None:
    body = packed(ctx.account, group.name, stream.name, [name], events)
    if len(body) * 4 > MOST_BYTES * 3 and len(events) > 1:
        half = len(events) // 2
        _send(ctx, group, stream, name, target, events[:half])
        _send(ctx, group, stream, name, target, events[half:])
        return
    sent = Sent(
        target=target.arn,
        role=target.role,
        key=ctx.ids.hex(32) if target.random else stream.id,
        body=body,
        group=group.name,
        filter=name,
        source=f"{group.arn(ctx)}:*",
        count=len(events),
    )
    # What is kept for a group with a KMS key is ciphertext; what waits to be sent lies here for moments only.
    ctx.deliver(
        ctx.arn(f"log-group:{group.name}:subscription-filter:{name}"),
        msgspec.msgpack.encode(sent),
        source="logs.amazonaws.com",
        source_arn=sent.source,
        retry=RETRY,
    )


def packed(
    owner: str, group: str, stream: str, filters: list[str], events: list[dict[str, Any]], kind: str = "DATA"
) -> bytes:
    """A message as subscribers get it, compressed."""
    message = {
        "messageType": f"{kind}_MESSAGE",
        "owner": owner,
        "logGroup": group,
        "logStream": stream,
        "subscriptionFilters": filters,
        "logEvents": events,
    }
    return gzip.compress(json.dumps(message, ensure_ascii=False).encode(), 1, mtime=0)


@logs.delivers
async def receive(ctx: Context, arn: Arn, delivery: Delivery) -> None:
    sent = msgspec.msgpack.decode(delivery.payload, type=Sent)
    place = Arn.parse(sent.target)
    dimensions = {
        "LogGroupName": sent.group,
        "DestinationType": "Lambda" if place.service == "lambda" else "Kinesis Stream",
        "FilterName": sent.filter,
    }
    try:
        await transmit(ctx, Target(sent.target, sent.role), sent.body, sent.key, sent.source)
    except AwsError:
        ctx.metric(NAMESPACE, "DeliveryErrors", 1, "None", **dimensions)
        raise
    ctx.metric(NAMESPACE, "ForwardedLogEvents", sent.count, "None", **dimensions)
    ctx.metric(NAMESPACE, "ForwardedBytes", len(sent.body), "Bytes", **dimensions)


async def transmit(ctx: Context, target: Target, body: bytes, key: str, source: str) -> None:
    """Raises: errors of the destination, and of STS where the role cannot be assumed."""
    place = Arn.parse(target.arn)
    if place.service == "lambda":
        data = {"awslogs": {"data": base64.b64encode(body).decode()}}
        await invoke(ctx, target.arn, json.dumps(data).encode(), source)
        return
    from hodei.services.sts.api import become

    by = service_principal("logs.amazonaws.com", ctx.account, source)
    there = ctx.at(region=place.region).by(become(ctx, target.role, SESSION, by))
    await there.call("kinesis", "PutRecord", StreamARN=target.arn, Data=body, PartitionKey=key)


async def invoke(ctx: Context, arn: str, payload: bytes, source: str, kind: str = "Event") -> None:
    """Functions name the service in their policies with the region or without it."""
    for name in ("logs.amazonaws.com", f"logs.{ctx.region}.amazonaws.com"):
        caller: Principal = service_principal(name, ctx.account, source)
        try:
            await ctx.by(caller).call("lambda", "Invoke", FunctionName=arn, InvocationType=kind, Payload=payload)
            return
        except AwsError as error:
            if error.code != "AccessDeniedException" or name != "logs.amazonaws.com":
                raise
