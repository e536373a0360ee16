"""Consumers: registered, deregistered, listed, described."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import islice
from typing import Any

import msgspec

from hodei.kernel.context import Context
from hodei.services.kinesis import changing, errors, quotas, tagging
from hodei.services.kinesis.find import find, find_consumer
from hodei.services.kinesis.service import kinesis
from hodei.services.kinesis.shards.listing import check_created, make_token, read_token
from hodei.services.kinesis.state import Consumer, consumers, streams

PAGE = 100
MAKING = 5  # that may be CREATING at a time
SECONDS = 10.0  # about what AWS takes
EMPTY: Mapping[str, str] = {}

replace = msgspec.structs.replace


def status(where: Context, consumer: Consumer) -> str:
    if consumer.leaving:
        return "DELETING"
    return "ACTIVE" if where.now >= consumer.ready else "CREATING"


@kinesis.operation("RegisterStreamConsumer")
def register_stream_consumer(
    ctx: Context, *, StreamARN: str, ConsumerName: str, Tags: Mapping[str, str] = EMPTY
) -> dict[str, Any]:
    where, stream = find(ctx, "", StreamARN)
    tagging.check(Tags)
    if consumers.get(where, stream.id, ConsumerName):
        raise errors.ResourceInUseException(
            reason=f"Consumer {ConsumerName} under stream {stream.name} already exists for account {where.account}."
        )
    there = list(consumers.scan(where, stream.id))
    if len(there) >= (limit := quotas.most_consumers(where, stream)):
        raise errors.LimitExceededException(
            reason=f"Stream {stream.name} under account {where.account} already has {limit} registered consumers, "
            "which is the most that is allowed."
        )
    if sum(status(where, one) == "CREATING" for one in there) >= MAKING:
        raise errors.LimitExceededException(
            reason=f"Stream {stream.name} under account {where.account} already has {MAKING} consumers in the CREATING "
            "status."
        )
    consumer = Consumer(
        stream=stream.id,
        stream_name=stream.name,
        name=ConsumerName,
        created=where.now,
        ready=where.now + (SECONDS if changing.slow(where) else 0.0),
    )
    consumers.put(where, consumer)
    where.tags.set(where, consumer.arn(where), Tags)
    return {"Consumer": {**_described(where, consumer), "ConsumerStatus": "CREATING"}}


@kinesis.operation("DeregisterStreamConsumer")
def deregister_stream_consumer(
    ctx: Context, *, StreamARN: str = "", ConsumerName: str = "", ConsumerARN: str = ""
) -> None:
    where, stream, consumer = find_consumer(ctx, ConsumerARN, StreamARN, ConsumerName)
    if changing.slow(where):
        consumers.put(where, replace(consumer, leaving=True))
        where.timers.set(where, "leave", where.now + SECONDS, stream.name, consumer.name, str(consumer.created))
    else:
        _drop(where, consumer)


@kinesis.timer("leave")
def leave(ctx: Context, stream_name: str, name: str, created: str) -> None:
    stream = streams.get(ctx, stream_name)
    consumer = consumers.get(ctx, stream.id, name) if stream else None
    if consumer and str(consumer.created) == created:
        _drop(ctx, consumer)


def _drop(where: Context, consumer: Consumer) -> None:
    where.tags.set(where, consumer.arn(where), {})
    consumers.delete(where, consumer.stream, consumer.name)


@kinesis.operation("DescribeStreamConsumer")
def describe_stream_consumer(
    ctx: Context, *, StreamARN: str = "", ConsumerName: str = "", ConsumerARN: str = ""
) -> dict[str, Any]:
    where, stream, consumer = find_consumer(ctx, ConsumerARN, StreamARN, ConsumerName)
    return {"ConsumerDescription": {**_described(where, consumer), "StreamARN": stream.arn(where)}}


@kinesis.operation("ListStreamConsumers")
def list_stream_consumers(
    ctx: Context,
    *,
    StreamARN: str,
    NextToken: str = "",
    MaxResults: int = PAGE,
    StreamCreationTimestamp: datetime | None = None,
) -> dict[str, Any]:
    where, stream = find(ctx, "", StreamARN)
    check_created(where, stream, StreamCreationTimestamp)
    after = None
    if NextToken:
        after = (read_token(where, NextToken, "consumers")[0],)
    page = list(islice(consumers.scan(where, stream.id, after=after), MaxResults + 1))
    found = page[:MaxResults]
    answer: dict[str, Any] = {"Consumers": [_described(where, consumer) for consumer in found]}
    return {**answer, "NextToken": make_token(where, "consumers", found[-1].name)} if len(page) > MaxResults else answer


def _described(where: Context, consumer: Consumer) -> dict[str, Any]:
    return {
        "ConsumerName": consumer.name,
        "ConsumerARN": consumer.arn(where),
        "ConsumerStatus": status(where, consumer),
        "ConsumerCreationTimestamp": int(consumer.created),
    }
