"""Streams and their shards: listed and described."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

import hodei.services.dynamodb.api as api
from hodei.kernel.context import Context
from hodei.services.dynamodbstreams import errors
from hodei.services.dynamodbstreams.service import dynamodbstreams

EMPTY: Mapping[str, str] = {}
MOST = 100  # streams or shards on a page


@dynamodbstreams.operation("ListStreams")
def list_streams(
    ctx: Context, *, TableName: str = "", Limit: int = MOST, ExclusiveStartStreamArn: str = ""
) -> dict[str, Any]:
    """Of tables that are gone too, as long as they can be read."""
    check_limit(Limit, MOST)
    here = api.at_home(ctx)
    after: tuple[str, str] | None = None
    if ExclusiveStartStreamArn:
        _, *names = named(here, ExclusiveStartStreamArn)
        after = (names[0], names[1])
    page = list(islice(api.streams_after(here, TableName, after), Limit + 1))
    found = [
        {"StreamArn": api.arn_of(here, stream), "TableName": stream.table, "StreamLabel": stream.label}
        for stream in page[:Limit]
    ]
    more = {"LastEvaluatedStreamArn": found[-1]["StreamArn"]} if len(page) > Limit else {}
    return {"Streams": found, **more}


@dynamodbstreams.operation("DescribeStream")
def describe_stream(
    ctx: Context,
    *,
    StreamArn: str,
    Limit: int = MOST,
    ExclusiveStartShardId: str = "",
    ShardFilter: Mapping[str, str] = EMPTY,
) -> dict[str, Any]:
    """With ShardFilter only the children of a shard."""
    check_limit(Limit, MOST)
    where, stream = found(ctx, StreamArn)
    shards = api.shards_of(where, stream, ExclusiveStartShardId)
    if parent := ShardFilter.get("ShardId"):
        shards = (shard for shard in shards if shard.parent == parent)
    page = list(islice(shards, Limit + 1))
    description = {
        "StreamArn": StreamArn,
        "StreamLabel": stream.label,
        "StreamStatus": api.status(where, stream),
        "StreamViewType": stream.view,
        "CreationRequestDateTime": stream.created,
        "TableName": stream.table,
        "KeySchema": api.key_schema(stream.key),
        "Shards": [_describe(shard) for shard in page[:Limit]],
    }
    if len(page) > Limit:
        description["LastEvaluatedShardId"] = page[Limit - 1].id
    return {"StreamDescription": description}


def named(ctx: Context, arn: str) -> tuple[Context, str, str]:
    """Where the stream of an ARN is, its table and its label. Raises: ValidationException."""
    if (names := api.names_in(arn, ctx)) is None:
        raise errors.ValidationException(f"Invalid StreamArn: {arn}")
    return names


def found(ctx: Context, arn: str) -> tuple[Context, api.Stream]:
    """A stream and where it is. Raises: ValidationException, ResourceNotFoundException."""
    where, table, label = named(api.at_home(ctx), arn)
    if (stream := api.streams.get(where, table, label)) is None:
        raise errors.ResourceNotFoundException(what=f"Stream: {arn} not found")
    return where, stream


def check_limit(given: int, most: int) -> None:
    """Raises: ValidationException for what the model does not bound."""
    if given > most:
        raise errors.ValidationException(
            f"1 validation error detected: Value '{given}' at 'limit' failed to satisfy constraint: "
            f"Member must have value less than or equal to {most}"
        )


def _describe(shard: api.Shard) -> dict[str, Any]:
    numbers = {"StartingSequenceNumber": api.sequence_number(shard.first)}
    if shard.last:
        numbers["EndingSequenceNumber"] = api.sequence_number(shard.last)
    described = {"ShardId": shard.id, "SequenceNumberRange": numbers}
    return {**described, "ParentShardId": shard.parent} if shard.parent else described
