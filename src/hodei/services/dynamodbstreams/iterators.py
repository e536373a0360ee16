"""Shard iterators: a place in a shard, for fifteen minutes.

They look as AWS's do: the stream's ARN, a number, and what only the service understands.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any, NamedTuple

import hodei.services.dynamodb.api as api
from hodei.kernel.context import Context
from hodei.services.dynamodbstreams import errors
from hodei.services.dynamodbstreams.service import dynamodbstreams
from hodei.services.dynamodbstreams.streams import found

LIFE = 15 * 60


class Iterator(NamedTuple):
    """`number` is that of the first record it gives."""

    stream: str  # its ARN
    shard: str
    number: int

    def text(self, ctx: Context) -> str:
        return f"{self.stream}|1|{ctx.token(self.shard, self.number, ctx.now)}"


def stream_of(text: str) -> str:
    """The ARN of the stream that an iterator is of; "" of what is none."""
    return text.rpartition("|1|")[0]


def read_iterator(ctx: Context, text: str) -> Iterator:
    """Raises: ValidationException for what is no iterator, ExpiredIteratorException."""
    arn, _, token = text.rpartition("|1|")
    try:
        shard, number, created = ctx.read_token(token)
    except ValueError:
        raise errors.ValidationException("Invalid ShardIterator") from None
    if ctx.now > created + LIFE:
        raise errors.ExpiredIteratorException()
    return Iterator(arn, shard, number)


@dynamodbstreams.operation("GetShardIterator")
def get_shard_iterator(
    ctx: Context,
    *,
    StreamArn: str,
    ShardId: str,
    ShardIteratorType: str,
    SequenceNumber: str = "",
    Timestamp: datetime | None = None,
) -> dict[str, Any]:
    where, stream = found(ctx, StreamArn)
    if (shard := api.shard_of(where, stream, ShardId)) is None:
        raise errors.ResourceNotFoundException(what="Shard does not exist")
    horizon = max(shard.first, api.horizon(where))
    match ShardIteratorType:
        case "TRIM_HORIZON":
            number = horizon
        case "LATEST":
            number = api.end_of(shard, where)
        case "AT_TIMESTAMP":
            number = max(horizon, _moment(ctx, Timestamp))
        case _:
            number = _number(SequenceNumber, ShardIteratorType)
            if number < horizon:
                raise errors.TrimmedDataAccessException()
            number += ShardIteratorType == "AFTER_SEQUENCE_NUMBER"
    return {"ShardIterator": Iterator(StreamArn, ShardId, number).text(ctx)}


def _moment(ctx: Context, given: datetime | None) -> int:
    """Its precision is that of milliseconds."""
    if given is None:
        raise errors.ValidationException("Timestamp must be specified for ShardIteratorType AT_TIMESTAMP")
    if given.timestamp() > ctx.now:
        raise errors.ValidationException("Timestamp must not be in the future")
    return api.of_time(math.floor(given.timestamp() * 1000) / 1000)


def _number(given: str, kind: str) -> int:
    if not given:
        raise errors.ValidationException(f"SequenceNumber must be specified for ShardIteratorType {kind}")
    try:
        return api.of_sequence(given)
    except ValueError:
        raise errors.ValidationException(f"Invalid SequenceNumber: {given}") from None
