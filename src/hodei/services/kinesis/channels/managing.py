"""Channels: made, changed, deleted, listed, described."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.kinesis import changing, encryption, errors, tagging
from hodei.services.kinesis.channels import batches, configuring, delivering
from hodei.services.kinesis.channels.find import find
from hodei.services.kinesis.channels.state import Channel, channels, positions
from hodei.services.kinesis.service import kinesis
from hodei.services.kinesis.shards.listing import make_token, read_token
from hodei.services.kinesis.state import streams

PAGE = 100
SECONDS = 15.0  # about what AWS takes
TIMER = "channel-arrive"
EMPTY: Mapping[str, Any] = {}


@kinesis.operation("CreateChannel")
def create_channel(
    ctx: Context,
    *,
    ChannelName: str,
    ServiceExecutionRoleARN: str,
    StreamConfigurationList: Sequence[Mapping[str, Any]],
    S3DestinationConfiguration: Mapping[str, Any] = EMPTY,
    S3TablesDestinationConfiguration: Mapping[str, Any] = EMPTY,
    EncryptionConfiguration: Mapping[str, str] = EMPTY,
    Tags: Mapping[str, str] = EMPTY,
    LoggingConfiguration: Mapping[str, Any] = EMPTY,
) -> dict[str, Any]:
    _check_destination(S3DestinationConfiguration, S3TablesDestinationConfiguration)
    if len(StreamConfigurationList) > 1:
        raise errors.InvalidArgumentException(reason="A channel reads from exactly one stream.")
    tagging.check(Tags)
    key = EncryptionConfiguration.get("KeyId", "")
    channel = configuring.read(
        ctx,
        ChannelName,
        ServiceExecutionRoleARN,
        StreamConfigurationList[0],
        S3DestinationConfiguration,
        key,
        LoggingConfiguration,
    )
    _check_free(ctx, channel)
    if key and isinstance(acting := _acting(ctx, channel), Context):
        encryption.check_key(acting, key, {"aws:kinesis:arn": channel.arn(ctx)})
    stream = streams.get(ctx, channel.stream)
    assert stream
    streams.put(ctx, replace(stream, channel=channel.id))
    ctx.tags.set(ctx, channel.arn(ctx), Tags)
    _start(ctx, channel)
    return {"ChannelDescription": configuring.described(ctx, channel)}


def _check_destination(to_s3: Mapping[str, Any], to_tables: Mapping[str, Any]) -> None:
    if bool(to_s3) == bool(to_tables):
        raise errors.InvalidArgumentException(
            reason="Exactly one of S3DestinationConfiguration and S3TablesDestinationConfiguration must be specified."
        )
    if to_tables:
        raise errors.NotImplementedParameter(parameter="S3TablesDestinationConfiguration, which needs S3 Tables,")


def _check_free(ctx: Context, channel: Channel) -> None:
    if next(channels.by("names", ctx, channel.name), None):
        raise errors.ResourceInUseException(
            reason=f"Channel {channel.name} under account {ctx.account} already exists."
        )
    stream = streams.get(ctx, channel.stream)
    if stream and stream.channel:
        raise errors.LimitExceededException(
            reason=f"Stream {channel.stream} under account {ctx.account} already has a channel to a general purpose "
            "bucket, which is the most that is allowed."
        )


def _acting(ctx: Context, channel: Channel) -> Context | AwsError:
    try:
        return delivering.acting_for(ctx, channel)
    except AwsError as error:
        return error


def _start(ctx: Context, channel: Channel) -> None:
    """Send a channel on its way out of a passing state."""
    channels.put(ctx, channel)
    if changing.slow(ctx):
        ctx.timers.set(ctx, TIMER, ctx.now + SECONDS, channel.id)
    else:
        arrive(ctx, channel.id)


@kinesis.timer(TIMER)
def arrive(ctx: Context, id: str) -> None:
    channel = channels.get(ctx, id)
    if channel is None:
        return
    if channel.status == "DELETING":
        _drop(ctx, channel)
    elif channel.status == "UPDATING":
        channels.put(ctx, replace(channel, status="ACTIVE"))
    elif reason := configuring.failure(ctx, _acting(ctx, channel), channel):
        channels.put(ctx, replace(channel, status="FAILED", reason=reason))
    else:
        stream = streams.get(ctx, channel.stream)
        assert stream, "a stream that has a channel is not deleted"
        batches.start(ctx, channel, stream)
        channels.put(ctx, replace(channel, status="ACTIVE"))


def _drop(ctx: Context, channel: Channel) -> None:
    stream = streams.get(ctx, channel.stream)
    if stream and stream.channel == channel.id:
        streams.put(ctx, replace(stream, channel=""))
    ctx.tags.set(ctx, channel.arn(ctx), {})
    positions.delete_all(ctx, channel.id)
    channels.delete(ctx, channel.id)


@kinesis.operation("UpdateChannel")
def update_channel(
    ctx: Context,
    *,
    ChannelARN: str,
    S3DestinationConfiguration: Mapping[str, Any] = EMPTY,
    S3TablesDestinationConfiguration: Mapping[str, Any] = EMPTY,
    LoggingConfiguration: Mapping[str, Any] = EMPTY,
) -> dict[str, Any]:
    channel = find(ctx, ChannelARN)
    if S3TablesDestinationConfiguration:
        raise errors.InvalidArgumentException(reason=f"Channel {channel.name} does not deliver to S3 Tables.")
    if not S3DestinationConfiguration and not LoggingConfiguration:
        raise errors.InvalidArgumentException(reason="There is nothing to update.")
    if channel.status != "ACTIVE":
        raise errors.ResourceInUseException(
            reason=f"Channel {channel.name} under account {ctx.account} not ACTIVE, instead in state {channel.status}"
        )
    if S3DestinationConfiguration:
        seconds = configuring.freshness(S3DestinationConfiguration["DataFreshnessInSeconds"])
        channel = replace(channel, freshness=seconds)
    if LoggingConfiguration:
        channel = replace(channel, logging=configuring.logging(LoggingConfiguration, channel.name, channel.id))
    channel = replace(channel, status="UPDATING")
    _start(ctx, channel)
    delivering.plan_next(ctx, channel)
    return {"ChannelDescription": configuring.described(ctx, channel)}


@kinesis.operation("DeleteChannel")
def delete_channel(ctx: Context, *, ChannelARN: str) -> None:
    """What waits is not delivered any more."""
    channel = find(ctx, ChannelARN)
    ctx.timers.cancel(ctx, delivering.TIMER, channel.id)
    _start(ctx, replace(channel, status="DELETING"))


@kinesis.operation("DescribeChannel")
def describe_channel(ctx: Context, *, ChannelARN: str) -> dict[str, Any]:
    return {"ChannelDescription": configuring.described(ctx, find(ctx, ChannelARN))}


@kinesis.operation("ListChannels")
def list_channels(
    ctx: Context, *, StreamFilter: Sequence[Mapping[str, Any]] = (), MaxResults: int = PAGE, NextToken: str = ""
) -> dict[str, Any]:
    after = tuple(read_token(ctx, NextToken, "channels")) if NextToken else None
    most = min(MaxResults, PAGE)
    page = list(islice(_wanted(ctx, StreamFilter, after), most + 1))
    answer: dict[str, Any] = {"ChannelSummaries": [configuring.summary(ctx, one) for one in page[:most]]}
    if len(page) > most:
        answer["NextToken"] = make_token(ctx, "channels", page[most - 1].name, page[most - 1].id)
    return answer


def _wanted(ctx: Context, filters: Sequence[Mapping[str, Any]], after: tuple[Any, ...] | None) -> Iterator[Channel]:
    """By their names."""
    found = channels.by("names", ctx, after=after)
    return (one for one in found if not filters or any(_passes(ctx, one, given) for given in filters))


def _passes(ctx: Context, channel: Channel, given: Mapping[str, Any]) -> bool:
    created = given.get("StreamCreationTimestamp")
    if created is not None and int(created.timestamp()) != int(channel.stream_created):
        return False
    return bool(given["StreamARN"] == ctx.arn(f"stream/{channel.stream}"))
