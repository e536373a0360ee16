"""GetRecords."""

from __future__ import annotations

import hashlib
import math
from typing import Any

import hodei.services.dynamodb.api as api
from hodei.kernel.context import Context
from hodei.services.dynamodbstreams import errors
from hodei.services.dynamodbstreams.iterators import read_iterator
from hodei.services.dynamodbstreams.service import dynamodbstreams
from hodei.services.dynamodbstreams.streams import check_limit, found

MOST = 1000
TIME_TO_LIVE = {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}


@dynamodbstreams.operation("GetRecords")
def get_records(ctx: Context, *, ShardIterator: str, Limit: int = MOST) -> dict[str, Any]:
    """There is no NextShardIterator at the end of a closed shard."""
    check_limit(Limit, MOST)
    iterator = read_iterator(ctx, ShardIterator)
    where, stream = found(ctx, iterator.stream)
    if (shard := api.shard_of(where, stream, iterator.shard)) is None:
        raise errors.TrimmedDataAccessException()
    records, all_of_them = api.page(where, shard, iterator.number, Limit)
    if records and records[0].number < api.horizon(where):
        raise errors.TrimmedDataAccessException()
    answer: dict[str, Any] = {"Records": [_record(where, stream, record) for record in records]}
    if not (shard.last and all_of_them):
        following = records[-1].number + 1 if records else iterator.number
        answer["NextShardIterator"] = iterator._replace(number=following).text(ctx)
    return answer


def _record(ctx: Context, stream: api.Stream, record: api.StreamRecord) -> dict[str, Any]:
    change: dict[str, Any] = {
        "ApproximateCreationDateTime": math.floor(api.time_of(record.number)),
        "Keys": record.keys,
        "SequenceNumber": api.sequence_number(record.number),
        "SizeBytes": record.size,
        "StreamViewType": stream.view,
    }
    if record.new is not None:
        change["NewImage"] = record.new
    if record.old is not None:
        change["OldImage"] = record.old
    answer = {
        "eventID": hashlib.md5(f"{record.shard}/{record.number}".encode(), usedforsecurity=False).hexdigest(),
        "eventName": record.name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": ctx.region,
        "dynamodb": change,
    }
    return {**answer, "userIdentity": TIME_TO_LIVE} if record.expired else answer
