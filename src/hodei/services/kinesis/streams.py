"""Streams: made, deleted, listed, described."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from hodei.kernel.context import Context
from hodei.services.kinesis import changing, errors, quotas, scaling, tagging
from hodei.services.kinesis.find import active, find
from hodei.services.kinesis.service import kinesis
from hodei.services.kinesis.shards import ranges
from hodei.services.kinesis.shards.listing import described, index_of, kept, make_token, read_token
from hodei.services.kinesis.state import Stream, consumers, streams

PAGE = 100  # shards or streams, at most
EMPTY: Mapping[str, str] = {}


@kinesis.operation("CreateStream")
def create_stream(
    ctx: Context,
    *,
    StreamName: str,
    ShardCount: int = 0,
    StreamModeDetails: Mapping[str, str] = EMPTY,
    Tags: Mapping[str, str] = EMPTY,
    WarmThroughputMiBps: int = 0,
    MaxRecordSizeInKiB: int = 1024,
    RecordDistributionStrategy: str = "USER_PARTITION_KEY",
) -> None:
    on_demand = StreamModeDetails.get("StreamMode") == "ON_DEMAND"
    tagging.check(Tags)
    if streams.get(ctx, StreamName):
        raise errors.StreamAlreadyExists(name=StreamName, account=ctx.account)
    quotas.check_creating(ctx)
    if on_demand:
        quotas.check_on_demand(ctx)
        _check_on_demand(ctx, ShardCount, WarmThroughputMiBps)
    else:
        _check_provisioned(ShardCount, WarmThroughputMiBps, RecordDistributionStrategy)
        quotas.check_shards(ctx, ShardCount)
    stream = Stream(
        name=StreamName,
        id=ctx.ids.hex(16),
        created=ctx.now,
        status="CREATING",
        mode="ON_DEMAND" if on_demand else "PROVISIONED",
        largest=MaxRecordSizeInKiB,
        distribution=RecordDistributionStrategy,
        warm=WarmThroughputMiBps,
    )
    count = max(scaling.DEFAULT_SHARDS, WarmThroughputMiBps) if on_demand else ShardCount
    ctx.tags.set(ctx, stream.arn(ctx), Tags)
    changing.create(ctx, ranges.open_first(ctx, stream, count))


def _check_on_demand(ctx: Context, count: int, warm: int) -> None:
    if count:
        raise errors.ValidationException(reason="ShardCount must not be specified for streams in On-Demand mode.")
    if warm:
        scaling.check_warm(ctx, warm)


def _check_provisioned(count: int, warm: int, distribution: str) -> None:
    if not count:
        raise errors.ValidationException(reason="ShardCount must be specified for streams in Provisioned mode.")
    if warm:
        raise errors.ValidationException(reason="Warm throughput is not supported for streams in Provisioned mode.")
    if distribution == "AUTO":
        raise errors.InvalidArgumentException(
            reason="The record distribution strategy AUTO is not supported for streams in Provisioned mode."
        )


@kinesis.operation("DeleteStream")
def delete_stream(
    ctx: Context, *, StreamName: str = "", StreamARN: str = "", EnforceConsumerDeletion: bool = False
) -> None:
    where, stream = active(ctx, StreamName, StreamARN)
    if not EnforceConsumerDeletion and next(consumers.keys(where, stream.id), None):
        raise errors.ResourceInUseException(
            reason=f"Stream {stream.name} under account {where.account} has registered consumers. Deregister them, or "
            "set EnforceConsumerDeletion."
        )
    if stream.channel:
        raise errors.ResourceInUseException(
            reason=f"Stream {stream.name} under account {where.account} has channels. Delete them first."
        )
    changing.delete(where, stream)


@kinesis.operation("DescribeStream")
def describe_stream(
    ctx: Context, *, StreamName: str = "", StreamARN: str = "", Limit: int = PAGE, ExclusiveStartShardId: str = ""
) -> dict[str, Any]:
    where, stream = find(ctx, StreamName, StreamARN)
    after = index_of(ExclusiveStartShardId) if ExclusiveStartShardId else -1
    limit = min(Limit, PAGE)
    page = list(islice(kept(where, stream, after), limit + 1)) if stream.status != "CREATING" else []
    return {
        "StreamDescription": {
            **_head(where, stream),
            "Shards": [described(stream, shard) for shard in page[:limit]],
            "HasMoreShards": len(page) > limit,
        }
    }


@kinesis.operation("DescribeStreamSummary")
def describe_stream_summary(ctx: Context, *, StreamName: str = "", StreamARN: str = "") -> dict[str, Any]:
    where, stream = find(ctx, StreamName, StreamARN)
    summary = {
        **_head(where, stream),
        "OpenShardCount": stream.open if stream.status != "CREATING" else 0,
        "ConsumerCount": sum(1 for _ in consumers.keys(where, stream.id)),
        "MaxRecordSizeInKiB": stream.largest,
    }
    if stream.on_demand:
        summary["RecordDistributionStrategy"] = stream.distribution
        if quotas.committed(where):
            summary["WarmThroughput"] = scaling.warm_throughput(stream)
    return {"StreamDescriptionSummary": summary}


@kinesis.operation("ListStreams")
def list_streams(
    ctx: Context, *, Limit: int = PAGE, ExclusiveStartStreamName: str = "", NextToken: str = ""
) -> dict[str, Any]:
    after = ExclusiveStartStreamName
    if NextToken:
        (after,) = read_token(ctx, NextToken, "streams")
    limit = min(Limit, PAGE)
    page = list(islice(streams.scan(ctx, after=(after,) if after else None), limit + 1))
    found, more = page[:limit], len(page) > limit
    answer = {
        "StreamNames": [stream.name for stream in found],
        "HasMoreStreams": more,
        "StreamSummaries": [_brief(ctx, stream) for stream in found],
    }
    return {**answer, "NextToken": make_token(ctx, "streams", found[-1].name)} if more else answer


@kinesis.operation("DescribeLimits")
def describe_limits(ctx: Context) -> dict[str, Any]:
    return {
        "ShardLimit": int(ctx.quota("shards")),
        "OpenShardCount": quotas.shard_count(ctx),
        "OnDemandStreamCount": quotas.on_demand_count(ctx),
        "OnDemandStreamCountLimit": int(ctx.quota("on-demand-streams")),
    }


def _brief(where: Context, stream: Stream) -> dict[str, Any]:
    return {
        "StreamName": stream.name,
        "StreamARN": stream.arn(where),
        "StreamStatus": stream.status,
        "StreamModeDetails": {"StreamMode": stream.mode},
        "StreamCreationTimestamp": int(stream.created),
    }


def _head(where: Context, stream: Stream) -> dict[str, Any]:
    """What the two ways to describe a stream share."""
    key = {"KeyId": stream.key} if stream.key else {}
    return {
        **_brief(where, stream),
        "RetentionPeriodHours": stream.retention,
        "EnhancedMonitoring": [{"ShardLevelMetrics": list(stream.monitored)}],
        "EncryptionType": "KMS" if stream.key else "NONE",
        **key,
    }
