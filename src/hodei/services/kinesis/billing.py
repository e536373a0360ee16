"""What Kinesis bills: streams and shards by the hour, and what goes in and out.

https://aws.amazon.com/kinesis/data-streams/pricing/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.ledger.meter import Stock
from hodei.kernel.store import Store
from hodei.kernel.tables import Place
from hodei.services.kinesis.find import find
from hodei.services.kinesis.records import iterators
from hodei.services.kinesis.service import kinesis
from hodei.services.kinesis.state import consumers, streams

UNIT = 25 * 1024  # bytes of a PUT payload unit
KIB = 1024
STANDARD, EXTENDED = 24, 168  # hours of retention


@kinesis.meters("PutRecord", "PutRecords")
def put(ctx: Context, params: Mapping[str, Any], result: Mapping[str, Any], error: Exception | None) -> None:
    """Each record is rounded up: to units of 25 KB, or to 1 KB on demand."""
    if error is not None:
        return
    where, stream = find(ctx, params.get("StreamName", ""), params.get("StreamARN", ""))
    given: Sequence[Mapping[str, Any]] = params.get("Records", (params,))
    answers: Sequence[Mapping[str, Any]] = result.get("Records", (result,))
    sizes = [_size(one) for one, answer in zip(given, answers) if "ErrorCode" not in answer]
    if stream.on_demand:
        where.meter("on-demand-in", sum(-(-size // KIB) * KIB for size in sizes), stream.arn(where))
    else:
        where.meter("put-units", sum(-(-size // UNIT) or 1 for size in sizes), stream.arn(where))


def _size(record: Mapping[str, Any]) -> int:
    return len(record["Data"]) + len(record.get("PartitionKey", "").encode())


@kinesis.meters("GetRecords")
def got(ctx: Context, params: Mapping[str, Any], result: Mapping[str, Any], error: Exception | None) -> None:
    if error is None and result["Records"]:
        place = iterators.read(ctx, params["ShardIterator"])
        where, stream = find(ctx.at(account=place.account, region=place.region), place.name, "")
        if stream.on_demand:
            where.meter("on-demand-out", sum(map(_size, result["Records"])), stream.arn(where))


@kinesis.stocks
def kept(store: Store) -> Iterator[Stock]:
    for account, region, stream in streams.all(store):
        arn = f"arn:aws:kinesis:{region}:{account}:stream/{stream.name}"
        if stream.on_demand:
            yield Stock(account, region, "on-demand-streams", 1, arn)
        else:
            yield Stock(account, region, "shards", stream.open, arn)
            if stream.retention > STANDARD:
                yield Stock(account, region, "extended", stream.open, arn)
            fans = sum(1 for _ in consumers.keys(Place(store, account, region), stream.id))
            if fans:
                yield Stock(account, region, "consumer-shards", fans * stream.open, arn)
