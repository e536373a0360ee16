"""What becomes of events that are taken: they are stored, counted, and given to whoever follows the group."""

from __future__ import annotations

from hodei.kernel.context import Context
from hodei.services.logs.events import chunks
from hodei.services.logs.memory import memory
from hodei.services.logs.state import Group, Stream

NAMESPACE = "AWS/Logs"


def accept(ctx: Context, group: Group, stream: Stream, times: list[int], messages: list[str]) -> None:
    """Take events of a stream; the times are in ms, in any order."""
    stored = chunks.add(ctx, group, stream, times, messages)
    size = stored.bytes - stream.bytes
    for dimensions in ({}, {"LogGroupName": group.name}):
        ctx.metric(NAMESPACE, "IncomingLogEvents", len(times), "None", **dimensions)
        ctx.metric(NAMESPACE, "IncomingBytes", size, "Bytes", **dimensions)
    ctx.meter(INGESTED[group.kind], size, group.arn(ctx))
    for session in memory(ctx).tails.get(group.id, ()):
        session.offer(ctx, group, stream, times, messages)


INGESTED = {"STANDARD": "ingested", "INFREQUENT_ACCESS": "ingested-infrequent", "DELIVERY": "ingested-delivery"}
