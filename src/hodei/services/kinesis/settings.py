"""What can be changed of a stream besides its shards: mode, retention, monitoring, sizes; and of an account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from hodei.kernel.context import Context
from hodei.services.kinesis import changing, errors, quotas, scaling
from hodei.services.kinesis.find import active
from hodei.services.kinesis.records import trimming
from hodei.services.kinesis.service import kinesis
from hodei.services.kinesis.state import Change, Commitment, Stream, commitments, streams

DAY = 86400.0
SHORTEST, LONGEST = 24, 8760  # hours of retention
SWITCHES = 2  # of the mode, in a day
METRICS = (
    "IncomingBytes",
    "IncomingRecords",
    "IteratorAgeMilliseconds",
    "OutgoingBytes",
    "OutgoingRecords",
    "ReadProvisionedThroughputExceeded",
    "WriteProvisionedThroughputExceeded",
)

replace = msgspec.structs.replace


# retention


@kinesis.operation("IncreaseStreamRetentionPeriod")
def increase_stream_retention_period(
    ctx: Context, *, RetentionPeriodHours: int, StreamName: str = "", StreamARN: str = ""
) -> None:
    where, stream = active(ctx, StreamName, StreamARN)
    _check_hours(RetentionPeriodHours)
    if RetentionPeriodHours < stream.retention:
        raise errors.InvalidArgumentException(
            reason=f"Requested retention period ({RetentionPeriodHours} hours) for stream {stream.name} can not be "
            f"shorter than existing retention period ({stream.retention} hours). Use DecreaseRetentionPeriod API."
        )
    changing.begin(where, stream, Change(kind="retain", number=RetentionPeriodHours))


@kinesis.operation("DecreaseStreamRetentionPeriod")
def decrease_stream_retention_period(
    ctx: Context, *, RetentionPeriodHours: int, StreamName: str = "", StreamARN: str = ""
) -> None:
    where, stream = active(ctx, StreamName, StreamARN)
    _check_hours(RetentionPeriodHours)
    if RetentionPeriodHours > stream.retention:
        raise errors.InvalidArgumentException(
            reason=f"Requested retention period ({RetentionPeriodHours} hours) for stream {stream.name} can not be "
            f"longer than existing retention period ({stream.retention} hours). Use IncreaseRetentionPeriod API."
        )
    changing.begin(where, stream, Change(kind="retain", number=RetentionPeriodHours))


def _check_hours(hours: int) -> None:
    if hours < SHORTEST:
        raise errors.InvalidArgumentException(
            reason=f"Minimum allowed retention period is {SHORTEST} hours. Requested retention period ({hours} hours) "
            "is too short."
        )
    if hours > LONGEST:
        raise errors.InvalidArgumentException(
            reason=f"Maximum allowed retention period is {LONGEST} hours. Requested retention period ({hours} hours) "
            "is too long."
        )


@changing.changes("retain")
def _retain(where: Context, stream: Stream, change: Change) -> Stream:
    """A longer period does not bring back what has been too old."""
    trimmed = max(stream.trimmed, where.now - min(stream.retention, change.number) * 3600)
    if change.number < stream.retention:
        trimming.again(where, stream)
    return replace(stream, retention=change.number, trimmed=trimmed)


# mode and throughput


@kinesis.operation("UpdateStreamMode")
def update_stream_mode(
    ctx: Context, *, StreamARN: str, StreamModeDetails: Mapping[str, str], WarmThroughputMiBps: int = 0
) -> None:
    where, stream = active(ctx, "", StreamARN)
    mode = StreamModeDetails["StreamMode"]
    if mode == stream.mode:
        raise errors.ValidationException(
            reason=f"Stream {stream.name} under account {where.account} is already in {mode} mode."
        )
    switched = tuple(at for at in stream.switched if at > where.now - DAY)
    if len(switched) >= SWITCHES:
        raise errors.LimitExceededException(
            reason=f"The mode of stream {stream.name} under account {where.account} was changed {SWITCHES} times in "
            "the last 24 hours, which is the most that is allowed."
        )
    if mode == "ON_DEMAND":
        quotas.check_on_demand(where)
        if WarmThroughputMiBps:
            scaling.check_warm(where, WarmThroughputMiBps)
    else:
        if stream.channel:
            raise errors.ResourceInUseException(
                reason=f"Stream {stream.name} under account {where.account} has channels, which need On-Demand mode."
            )
        if WarmThroughputMiBps:
            raise errors.ValidationException(reason="Warm throughput is not supported for streams in Provisioned mode.")
        quotas.check_shards(where, stream.open)
    stream = replace(stream, switched=(*switched, where.now))
    changing.begin(where, stream, Change(kind="switch", text=mode, number=WarmThroughputMiBps))


@changing.changes("switch")
def _switch(where: Context, stream: Stream, change: Change) -> Stream:
    """The stream keeps the shards that it has."""
    stream = replace(stream, mode=change.text, warm=change.number, distribution="USER_PARTITION_KEY")
    return scaling.warm(where, stream) if stream.warm else stream


@kinesis.operation("UpdateStreamWarmThroughput")
def update_stream_warm_throughput(
    ctx: Context, *, WarmThroughputMiBps: int, StreamName: str = "", StreamARN: str = ""
) -> dict[str, Any]:
    where, stream = active(ctx, StreamName, StreamARN)
    _check_on_demand(where, stream, "Warm throughput")
    scaling.check_warm(where, WarmThroughputMiBps)
    stream = changing.begin(where, stream, Change(kind="warm", number=WarmThroughputMiBps))
    current = scaling.warm_throughput(stream)["CurrentMiBps"]
    warm = {"TargetMiBps": WarmThroughputMiBps, "CurrentMiBps": current}
    return {"StreamName": stream.name, "StreamARN": stream.arn(where), "WarmThroughput": warm}


@changing.changes("warm")
def _warm(where: Context, stream: Stream, change: Change) -> Stream:
    return scaling.warm(where, replace(stream, warm=change.number))


@kinesis.operation("UpdateStreamRecordDistributionStrategy")
def update_stream_record_distribution_strategy(
    ctx: Context, *, StreamARN: str, RecordDistributionStrategy: str
) -> None:
    where, stream = active(ctx, "", StreamARN)
    if RecordDistributionStrategy == "AUTO" and not stream.on_demand:
        raise errors.InvalidArgumentException(
            reason="The record distribution strategy AUTO is not supported for streams in Provisioned mode."
        )
    _check_on_demand(where, stream, "A record distribution strategy")
    streams.put(where, replace(stream, distribution=RecordDistributionStrategy))


def _check_on_demand(where: Context, stream: Stream, what: str) -> None:
    if not stream.on_demand:
        raise errors.ValidationException(
            reason=f"{what} is not supported for streams in Provisioned mode: stream {stream.name} under account "
            f"{where.account}."
        )


@kinesis.operation("UpdateMaxRecordSize")
def update_max_record_size(ctx: Context, *, MaxRecordSizeInKiB: int, StreamARN: str = "") -> None:
    where, stream = active(ctx, "", StreamARN)
    changing.begin(where, stream, Change(kind="size", number=MaxRecordSizeInKiB))


@changing.changes("size")
def _size(where: Context, stream: Stream, change: Change) -> Stream:
    return replace(stream, largest=change.number)


# enhanced monitoring


@kinesis.operation("EnableEnhancedMonitoring")
def enable_enhanced_monitoring(
    ctx: Context, *, ShardLevelMetrics: Sequence[str], StreamName: str = "", StreamARN: str = ""
) -> dict[str, Any]:
    where, stream = active(ctx, StreamName, StreamARN)
    return _monitor(where, stream, {*stream.monitored, *_named(ShardLevelMetrics)})


@kinesis.operation("DisableEnhancedMonitoring")
def disable_enhanced_monitoring(
    ctx: Context, *, ShardLevelMetrics: Sequence[str], StreamName: str = "", StreamARN: str = ""
) -> dict[str, Any]:
    where, stream = active(ctx, StreamName, StreamARN)
    return _monitor(where, stream, {*stream.monitored} - {*_named(ShardLevelMetrics)})


def _named(given: Sequence[str]) -> Sequence[str]:
    return METRICS if "ALL" in given else given


def _monitor(where: Context, stream: Stream, wanted: set[str]) -> dict[str, Any]:
    desired = tuple(sorted(wanted))
    changing.begin(where, stream, Change(kind="monitor", text=" ".join(desired)))
    return {
        "StreamName": stream.name,
        "StreamARN": stream.arn(where),
        "CurrentShardLevelMetrics": list(stream.monitored),
        "DesiredShardLevelMetrics": list(desired),
    }


@changing.changes("monitor")
def _monitored(where: Context, stream: Stream, change: Change) -> Stream:
    return replace(stream, monitored=tuple(change.text.split()))


# the account


@kinesis.operation("DescribeAccountSettings")
def describe_account_settings(ctx: Context) -> dict[str, Any]:
    return {"MinimumThroughputBillingCommitment": _described(ctx, commitments.get(ctx, ""))}


@kinesis.operation("UpdateAccountSettings")
def update_account_settings(ctx: Context, *, MinimumThroughputBillingCommitment: Mapping[str, str]) -> dict[str, Any]:
    """A commitment lasts a day at the least: what ends it before that ends it then."""
    found = commitments.get(ctx, "")
    live = found is not None and quotas.committed(ctx)
    if MinimumThroughputBillingCommitment["Status"] == "ENABLED":
        new = replace(found, ended=0.0) if found and live else Commitment(id="", started=ctx.now)
        commitments.put(ctx, new)
    elif found and live:
        commitments.put(ctx, replace(found, ended=max(ctx.now, found.started + DAY)))
    return {"MinimumThroughputBillingCommitment": _described(ctx, commitments.get(ctx, ""))}


def _described(ctx: Context, found: Commitment | None) -> dict[str, Any]:
    if found is None:
        return {"Status": "DISABLED"}
    told = {"StartedAt": int(found.started)}
    if not found.ended:
        return {"Status": "ENABLED", **told, "EarliestAllowedEndAt": int(found.started + DAY)}
    if found.ended > ctx.now:
        return {"Status": "ENABLED_UNTIL_EARLIEST_ALLOWED_END", **told, "EarliestAllowedEndAt": int(found.ended)}
    return {"Status": "DISABLED", **told, "EndedAt": int(found.ended)}
