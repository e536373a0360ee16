"""Streams as DynamoDB Streams reads them."""

from __future__ import annotations

from collections.abc import Iterator

from hodei.kernel.context import Context
from hodei.services.dynamodb.find import within
from hodei.services.dynamodb.streams import lifecycle, numbers
from hodei.services.dynamodb.streams.numbers import channel as channel
from hodei.services.dynamodb.streams.state import Shard, Stream, StreamRecord, shards, stream_records, streams

PAGE_BYTES = 2**20


def at_home(ctx: Context) -> Context:
    """The same place, for DynamoDB."""
    return ctx.world.context("dynamodb", account=ctx.account, region=ctx.region, principal=ctx.principal)


def arn_of(ctx: Context, stream: Stream) -> str:
    return ctx.arn(f"table/{stream.table}/stream/{stream.label}")


def names_in(arn: str, ctx: Context) -> tuple[Context, str, str] | None:
    """Where the stream of an ARN would be, its table's name and its label; None if it is no stream's."""
    match within(ctx, arn):
        case where, name, rest if rest.startswith("/stream/"):
            return where, name, rest.removeprefix("/stream/")
    return None


def streams_after(ctx: Context, table: str, after: tuple[str, str] | None) -> Iterator[Stream]:
    """Those of a table ("": of all tables) in the order of tables and labels."""
    if table:
        return streams.scan(ctx, table, after=(after[1],) if after and after[0] == table else None)
    return streams.scan(ctx, after=after)


def shards_of(ctx: Context, stream: Stream, after: str = "") -> Iterator[Shard]:
    """In the order of their ids, those whose records are all trimmed left out."""
    horizon = lifecycle.horizon(ctx)
    found = shards.scan(ctx, stream.table, stream.label, after=(after,) if after else None)
    return (shard for shard in found if not shard.last or shard.last >= horizon)


def shard_of(ctx: Context, stream: Stream, id: str) -> Shard | None:
    shard = shards.get(ctx, stream.table, stream.label, id)
    return shard if shard and (not shard.last or shard.last >= lifecycle.horizon(ctx)) else None


def end_of(shard: Shard, ctx: Context) -> int:
    """The number of the next record that will be written to a shard, at the least."""
    return max(shard.first, numbers.latest(ctx, shard.id) + 1)


def page(ctx: Context, shard: Shard, start: int, limit: int) -> tuple[list[StreamRecord], bool]:
    """Records from the number `start` on, at most 1 MB of them, and whether that is all that the shard has now."""
    found: list[StreamRecord] = []
    size = 0
    for record in stream_records.scan(ctx, shard.id, start=(start,)):
        size += record.size
        if len(found) == limit or (found and size > PAGE_BYTES):
            return found, False
        found.append(record)
    return found, True


async def wait(ctx: Context, stream: Stream, id: str, number: int, until: float) -> None:
    """Until there may be something in an open shard at or after a number, or a moment of the cloud's clock."""
    shard = shards.get(ctx, stream.table, stream.label, id)
    if shard and not shard.last and numbers.latest(ctx, id) < number:
        await ctx.wait(channel(id), until)
