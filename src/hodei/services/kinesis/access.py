"""Which streams and consumers a request is about, whose they are, and what their policies say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.kernel.iam.hooks import ResourcePolicy
from hodei.kernel.iam.needs import Need
from hodei.services.kinesis.channels.find import is_channel
from hodei.services.kinesis.find import find_consumer, parts
from hodei.services.kinesis.records import iterators
from hodei.services.kinesis.service import kinesis
from hodei.services.kinesis.state import consumers, streams

Params = Mapping[str, Any]


@kinesis.finds("stream")
def streams_named(ctx: Context, params: Params) -> Iterator[str]:
    arn = params.get("StreamARN") or params.get("ResourceARN", "")
    if "/consumer/" in arn or is_channel(arn):
        return
    if arn:
        yield arn
    elif name := params.get("StreamName"):
        yield ctx.arn(f"stream/{name}")
    elif "ShardIterator" in params:
        try:
            found = iterators.read(ctx, params["ShardIterator"])
        except AwsError:
            return  # the operation itself says so
        yield ctx.at(account=found.account, region=found.region).arn(f"stream/{found.name}")


@kinesis.finds("consumer")
def consumers_named(ctx: Context, params: Params) -> Iterator[str]:
    arn = params.get("ConsumerARN") or params.get("ResourceARN", "")
    if "/consumer/" in arn:
        yield arn
    elif "StreamARN" in params and "ConsumerName" in params:
        try:
            where, _, consumer = find_consumer(ctx, "", params["StreamARN"], params["ConsumerName"])
        except AwsError:
            return
        yield consumer.arn(where)


@kinesis.finds("channel")
def channels_named(ctx: Context, params: Params) -> Iterator[str]:
    arn = params.get("ChannelARN") or params.get("ResourceARN", "")
    if is_channel(arn):
        yield arn


# https://docs.aws.amazon.com/streams/latest/dev/data-delivery-iam.html: on the stream, as the channel has no id yet
@kinesis.needs_of("CreateChannel")
def to_create_channel(ctx: Context, params: Params) -> Iterator[Need]:
    for source in params["StreamConfigurationList"]:
        yield Need("kinesis:CreateChannel", source["StreamARN"])
        yield Need("kinesis:AssociateStreamsWithChannel", source["StreamARN"])
    yield Need("iam:PassRole", params["ServiceExecutionRoleARN"])


@kinesis.on_resource
def policy_of(ctx: Context, arn: str) -> ResourcePolicy | None:
    if (found := parts(arn)) is None:
        return None
    where = ctx.at(account=found["account"], region=found["region"])
    stream = streams.get(where, str(found["name"]))
    if stream and found["consumer"]:
        consumer = consumers.get(where, stream.id, found["consumer"])
        return ResourcePolicy(where.account, consumer.policy if consumer else "")
    return ResourcePolicy(where.account, stream.policy if stream else "")


@kinesis.without_policy
def unguarded(ctx: Context, params: Params) -> bool:
    """A stream of the caller's account without a policy, named by its name."""
    if "StreamARN" in params or "StreamName" not in params:
        return False
    stream = streams.get(ctx, params["StreamName"])
    return stream is not None and not stream.policy


@kinesis.rate("list-shards-rate")
@kinesis.rate("stream-consumers-rate")
@kinesis.rate("describe-consumer-rate")
def of_stream(ctx: Context, params: Params) -> str:
    """Each stream has its own."""
    arn: str = params.get("StreamARN") or params.get("ConsumerARN", "").partition("/consumer/")[0]
    return arn or ctx.arn(f"stream/{params.get('StreamName', '')}")
