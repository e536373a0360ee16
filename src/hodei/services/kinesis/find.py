"""From names and ARNs to streams, shards and consumers, wherever they are."""

from __future__ import annotations

import functools
import re

from hodei.kernel.context import Context
from hodei.services.kinesis import errors, numbers
from hodei.services.kinesis.state import Consumer, Shard, Stream, consumers, shard_index, shards, streams

ARN = re.compile(
    r"arn:[a-z-]+:kinesis:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):stream/(?P<name>[a-zA-Z0-9_.-]{1,128})"
    r"(/consumer/(?P<consumer>[a-zA-Z0-9_.-]+):(?P<created>\d+))?"
)


@functools.lru_cache(maxsize=4096)
def parts(arn: str) -> dict[str, str | None] | None:
    """Region, account, name, and of a consumer's ARN also consumer and created; None of any other."""
    found = ARN.fullmatch(arn)
    return found.groupdict() if found else None


def place(ctx: Context, arn: str) -> tuple[Context, dict[str, str | None]]:
    """Where what an ARN names is. Raises: InvalidArgumentException."""
    if (found := parts(arn)) is None:
        raise errors.InvalidArgumentException(reason=f"{arn} is not a valid ARN of a stream or a consumer")
    account, region = found["account"], found["region"]
    return (ctx if (account, region) == (ctx.account, ctx.region) else ctx.at(account=account, region=region)), found


def find(ctx: Context, name: str, arn: str) -> tuple[Context, Stream]:
    """The stream of that name or ARN, and the place where it is.

    Raises: InvalidArgumentException if it is named by neither or by two different names, ResourceNotFoundException.
    """
    where = ctx
    if arn:
        where, found = place(ctx, arn)
        named = str(found["name"])
        if found["consumer"] or name not in ("", named):
            raise errors.InvalidArgumentException(reason=f"StreamARN {arn} is not that of the stream {name}")
        name = named
    elif not name:
        raise errors.InvalidArgumentException(reason="Either StreamName or StreamARN must be specified.")
    if (stream := streams.get(where, name)) is None:
        raise errors.StreamNotFound(name=name, account=where.account)
    return where, stream


def active(ctx: Context, name: str, arn: str) -> tuple[Context, Stream]:
    """As `find`, of what is to be changed. Raises also: ResourceInUseException."""
    where, stream = find(ctx, name, arn)
    if stream.status != "ACTIVE":
        raise errors.StreamNotActive(name=stream.name, account=where.account, status=stream.status)
    return where, stream


def usable(ctx: Context, name: str, arn: str) -> tuple[Context, Stream]:
    """As `find`, of what records go to or are read from. Raises ResourceNotFoundException also while it is made."""
    where, stream = find(ctx, name, arn)
    if stream.status == "CREATING":
        raise errors.StreamNotFound(name=stream.name, account=where.account)
    return where, stream


def shard_of(where: Context, stream: Stream, id: str) -> Shard:
    """Raises: ResourceNotFoundException, also for a shard that has expired."""
    try:
        shard = shards.get(where, stream.id, shard_index(id))
    except ValueError:
        shard = None
    if shard is None or expired(where, stream, shard):
        raise errors.ShardNotFound(shard=id, name=stream.name, account=where.account)
    return shard


def expired(where: Context, stream: Stream, shard: Shard) -> bool:
    """Whether all that a closed shard had is trimmed."""
    return bool(shard.last) and shard.last < numbers.horizon(where, stream)


def find_consumer(
    ctx: Context, arn: str = "", stream_arn: str = "", name: str = ""
) -> tuple[Context, Stream, Consumer]:
    """A consumer by its ARN, or by its stream's and its name. Raises: InvalidArgumentException,
    ResourceNotFoundException."""
    if arn:
        where, found = place(ctx, arn)
        if not found["consumer"] or name not in ("", found["consumer"]):
            raise errors.InvalidArgumentException(reason=f"ConsumerARN {arn} is not that of the consumer {name}")
        stream, name = streams.get(where, str(found["name"])), str(found["consumer"])
        if stream_arn and (stream is None or stream.arn(where) != stream_arn):
            raise errors.InvalidArgumentException(reason=f"ConsumerARN {arn} is not that of a consumer of {stream_arn}")
    elif stream_arn and name:
        where, stream = find(ctx, "", stream_arn)
    else:
        raise errors.InvalidArgumentException(
            reason="Either ConsumerARN or both StreamARN and ConsumerName are needed."
        )
    consumer = consumers.get(where, stream.id, name) if stream else None
    if stream is None or consumer is None or (arn and consumer.arn(where) != arn):
        raise errors.ConsumerNotFound(consumer=arn or name, account=where.account)
    return where, stream, consumer
