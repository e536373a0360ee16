"""GetRecords."""

from __future__ import annotations

from typing import Any

from hodei.kernel.context import Context
from hodei.services.kinesis import errors, metrics, throttling
from hodei.services.kinesis.find import usable
from hodei.services.kinesis.records import iterators, reading
from hodei.services.kinesis.service import kinesis
from hodei.services.kinesis.shards.listing import child_shards
from hodei.services.kinesis.state import shard_id, shards


@kinesis.operation("GetRecords")
def get_records(
    ctx: Context, *, ShardIterator: str, Limit: int = reading.PAGE, StreamARN: str = "", DryRun: bool = False
) -> dict[str, Any]:
    """At the end of a closed shard there are its children instead of a NextShardIterator."""
    iterator = iterators.read(ctx, ShardIterator)
    where, stream = usable(ctx.at(account=iterator.account, region=iterator.region), iterator.name, "")
    if StreamARN not in ("", stream.arn(where)):
        raise errors.InvalidArgumentException(reason=f"The ShardIterator is not one of the stream {StreamARN}.")
    if stream.id != iterator.stream:
        raise errors.StreamNotFound(name=iterator.name, account=where.account)
    if (shard := shards.get(where, stream.id, iterator.shard)) is None:
        raise errors.ShardNotFound(shard=shard_id(iterator.shard), name=stream.name, account=where.account)
    if DryRun:
        raise errors.DryRunOperationException()
    enforced = throttling.enforced(where)
    if enforced:
        throttling.read(where, stream, shard)
    page = reading.page(where, stream, shard, iterator.number, Limit)
    if enforced:
        throttling.spend_read(where, stream, shard, page.size)
    metrics.get_records(where, stream, shard, page)
    answer: dict[str, Any] = {
        "Records": [reading.answered(stream, record) for record in page.records],
        "MillisBehindLatest": page.behind,
    }
    if page.ended:
        answer["ChildShards"] = child_shards(where, shard)
    else:
        answer["NextShardIterator"] = iterators.make(where, stream, shard, page.next)
    return answer
