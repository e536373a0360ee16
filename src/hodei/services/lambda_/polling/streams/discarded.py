"""What is told of records that are given up, to the destination of failures.

https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.services.lambda_ import find
from hodei.services.lambda_.find import Found
from hodei.services.lambda_.invoking import destinations
from hodei.services.lambda_.polling import batches
from hodei.services.lambda_.polling.batches import Invoked
from hodei.services.lambda_.polling.streams.items import Item
from hodei.services.lambda_.polling.streams.sources import Source
from hodei.services.lambda_.state import EventSource

Condition = Literal["RetryAttemptsExhausted", "RecordAgeExceeded"]


def give_up(
    ctx: Context,
    mapping: EventSource,
    source: Source,
    shard: str,
    items: Sequence[Item],
    invokes: int,
    invoked: Invoked | None,
) -> None:
    """Records that have been tried as often as they may be (`invoked`: the last time), or are too old.

    Raises: AwsError, if the function is gone.
    """
    arn, found = (
        mapping.settings["DestinationConfig"]["OnFailure"].get("Destination"),
        find.describe(ctx, mapping.function),
    )
    batches.count(ctx, mapping, "Dropped", len(items))
    if not arn:
        return
    record = _record(ctx, found, invokes, invoked) | {source.info: _batch(source, shard, items)}
    key = ""
    if Arn.parse(arn).service == "s3":
        record["payload"] = {"Records": [item.json for item in items]}
        key = destinations.key_of(ctx, f"{mapping.uuid}/{shard}")
    delivered = batches.measured(mapping, "OnFailureDestinationDelivered", len(items))
    destinations.send(ctx, found, arn, record, key, delivered)


def _record(ctx: Context, found: Found, invokes: int, invoked: Invoked | None) -> dict[str, Any]:
    at = datetime.fromtimestamp(ctx.now, UTC)
    condition: Condition = "RetryAttemptsExhausted" if invoked else "RecordAgeExceeded"
    record: dict[str, Any] = {
        "requestContext": {
            "requestId": invoked.id if invoked else ctx.ids.uuid(),
            "functionArn": found.arn,
            "condition": condition,
            "approximateInvokeCount": invokes,
        },
        "version": "1.0",
        "timestamp": f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z",
    }
    if invoked:
        record["responseContext"] = {
            "statusCode": 200,
            "executedVersion": invoked.found.version.version,
            "functionError": "Unhandled" if invoked.outcome.error else None,
        }
    return record


def _batch(source: Source, shard: str, items: Sequence[Item]) -> msgspec.Raw:
    first, last = items[0], items[-1]
    told = {
        "shardId": shard,
        "startSequenceNumber": first.sequence,
        "endSequenceNumber": last.sequence,
        "approximateArrivalOfFirstRecord": source.timestamp(first.at),
        "approximateArrivalOfLastRecord": source.timestamp(last.at),
        "batchSize": len(items),
        "streamArn": source.stream_arn,
    }
    return msgspec.Raw(msgspec.json.encode(told))
