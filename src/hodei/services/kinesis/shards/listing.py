"""ListShards, and shards as answers show them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from hodei.kernel.context import Context
from hodei.services.kinesis import errors, numbers
from hodei.services.kinesis.find import expired, find
from hodei.services.kinesis.service import kinesis
from hodei.services.kinesis.shards import ranges
from hodei.services.kinesis.state import Shard, Stream, shard_id, shard_index, shards

PAGE = 1000
TOKEN_LIFE = 300.0
EMPTY: Mapping[str, Any] = {}

Wanted = Callable[[Shard], bool]


@kinesis.operation("ListShards")
def list_shards(
    ctx: Context,
    *,
    StreamName: str = "",
    StreamARN: str = "",
    NextToken: str = "",
    ExclusiveStartShardId: str = "",
    MaxResults: int = PAGE,
    StreamCreationTimestamp: datetime | None = None,
    ShardFilter: Mapping[str, Any] = EMPTY,
) -> dict[str, Any]:
    if NextToken and (StreamName or ExclusiveStartShardId or StreamCreationTimestamp):
        raise errors.InvalidArgumentException(
            reason="NextToken and StreamName cannot be provided together."
            if StreamName
            else "NextToken cannot be provided together with ExclusiveStartShardId or StreamCreationTimestamp."
        )
    after = -1
    if NextToken:
        name, account, region, after = read_token(ctx, NextToken, "shards")
        where, stream = find(ctx.at(account=account, region=region), name, "")
    else:
        where, stream = find(ctx, StreamName, StreamARN)
        check_created(where, stream, StreamCreationTimestamp)
        if ExclusiveStartShardId:
            after = index_of(ExclusiveStartShardId)
    if ShardFilter.get("Type") == "AFTER_SHARD_ID" and not NextToken:
        after = index_of(ShardFilter.get("ShardId", ""))
    found = filter(_wanted(where, stream, ShardFilter), kept(where, stream, after))
    page = list(islice(found, MaxResults + 1))
    answer: dict[str, Any] = {"Shards": [described(stream, shard) for shard in page[:MaxResults]]}
    if len(page) > MaxResults:
        token = make_token(where, "shards", stream.name, where.account, where.region, page[MaxResults - 1].index)
        answer["NextToken"] = token
    return answer


def kept(where: Context, stream: Stream, after: int = -1) -> Iterator[Shard]:
    """The shards that have not expired, in the order of their indexes."""
    found = shards.scan(where, stream.id, after=(after,) if after >= 0 else None)
    return (shard for shard in found if not expired(where, stream, shard))


def index_of(id: str) -> int:
    """Raises: InvalidArgumentException."""
    try:
        return shard_index(id)
    except ValueError:
        raise errors.InvalidArgumentException(reason=f"{id or 'None'} is not a valid shard id.") from None


def described(stream: Stream, shard: Shard) -> dict[str, Any]:
    numbered = {"StartingSequenceNumber": numbers.sequence_number(stream, shard.index, shard.first)}
    if shard.last:
        numbered["EndingSequenceNumber"] = numbers.sequence_number(stream, shard.index, shard.last)
    family = {"ParentShardId": shard.parent, "AdjacentParentShardId": shard.adjacent}
    return {
        "ShardId": shard.id,
        **{name: shard_id(index) for name, index in family.items() if index >= 0},
        "HashKeyRange": hash_key_range(shard),
        "SequenceNumberRange": numbered,
    }


def hash_key_range(shard: Shard) -> dict[str, str]:
    return {"StartingHashKey": ranges.to_text(shard.start), "EndingHashKey": ranges.to_text(shard.end)}


def child_shards(where: Context, shard: Shard) -> list[dict[str, Any]]:
    """What GetRecords and SubscribeToShard tell at the end of a closed shard."""
    return [
        {
            "ShardId": child.id,
            "ParentShards": [shard_id(index) for index in ranges.parents(child)],
            "HashKeyRange": hash_key_range(child),
        }
        for child in ranges.children(where, shard)
    ]


def _wanted(where: Context, stream: Stream, given: Mapping[str, Any]) -> Wanted:
    """A shard is open from its first number to its last."""
    kind = given.get("Type", "FROM_TRIM_HORIZON")
    horizon = numbers.horizon(where, stream)
    if kind in ("AT_TIMESTAMP", "FROM_TIMESTAMP"):
        if "Timestamp" not in given:
            raise errors.InvalidArgumentException(
                reason=f"Timestamp must be provided with the ShardFilter type {kind}."
            )
        at = max(horizon, numbers.of_time(given["Timestamp"].timestamp()))
    else:
        at = max(horizon, numbers.of_time(stream.created))
    match kind:
        case "AT_LATEST":
            return lambda shard: not shard.last
        case "AT_TRIM_HORIZON" | "AT_TIMESTAMP":
            return lambda shard: shard.first <= at and (not shard.last or shard.last >= at)
        case "FROM_TIMESTAMP":
            return lambda shard: not shard.last or shard.last >= at
    return lambda shard: True


def check_created(where: Context, stream: Stream, given: datetime | None) -> None:
    """A StreamCreationTimestamp tells a stream from another that had its name. Raises: ResourceNotFoundException."""
    if given is not None and int(given.timestamp()) != int(stream.created):
        raise errors.StreamNotFound(name=stream.name, account=where.account)


def make_token(ctx: Context, kind: str, *parts: Any) -> str:
    return ctx.token(kind, ctx.now, *parts)


def read_token(ctx: Context, token: str, kind: str) -> list[Any]:
    """Raises: InvalidArgumentException, ExpiredNextTokenException."""
    try:
        of, made, *parts = ctx.read_token(token)
    except ValueError:
        of = made = None
    if of != kind:
        raise errors.InvalidArgumentException(reason="NextToken is invalid.")
    if made is None or ctx.now > made + TOKEN_LIFE:
        raise errors.ExpiredNextTokenException()
    return parts
