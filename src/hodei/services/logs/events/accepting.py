"""What becomes of events that are taken: they are stored, counted, and given to whoever follows the group."""

from __future__ import annotations

from hodei.kernel.context import Context
from hodei.services.logs.events import chunks
from hodei.services.logs.filters import emf, metric_filters, sending, subscriptions
from hodei.services.logs.memory import memory
from hodei.services.logs.protection import policies
from hodei.services.logs.state import Group, Stream
from hodei.services.logs.transformers import transformed

NAMESPACE = "AWS/Logs"


def accept(ctx: Context, group: Group, stream: Stream, times: list[int], messages: list[str]) -> None:
    """Take events of a stream; the times are in ms, in any order."""
    made = transformed(ctx, group, messages) if group.transformed else []
    stored = chunks.add(ctx, group, stream, times, messages, made)
    size = stored.bytes - stream.bytes
    for dimensions in ({}, {"LogGroupName": group.name}):
        ctx.metric(NAMESPACE, "IncomingLogEvents", len(times), "None", **dimensions)
        ctx.metric(NAMESPACE, "IncomingBytes", size, "Bytes", **dimensions)
    ctx.meter(INGESTED[group.kind], size, group.arn(ctx))
    if mask := policies.masking(ctx, group):
        messages, made = [mask(message) for message in messages], [mask(message) for message in made]
    as_made = [new or old for new, old in zip(made, messages)] if made else messages
    if group.metric_filters:
        metric_filters.measure(ctx, group, times, messages, as_made)
    if group.kind == "STANDARD":
        emf.measure(ctx, group, messages)
        _subscribed(ctx, group, stream, stored, times, messages, as_made)
        _follow(ctx, group, stream, times, messages)


def _subscribed(
    ctx: Context,
    group: Group,
    stream: Stream,
    stored: Stream,
    times: list[int],
    messages: list[str],
    as_made: list[str],
) -> None:
    for one in subscriptions.filters_of(ctx, group):
        number, wanted = int(stream.id, 16), as_made if one.transformed else messages
        events = [
            chunks.Event((time, number, stream.next + at), message, stored.ingested or 0)
            for at, (time, message) in enumerate(zip(times, wanted))
        ]
        sending.subscribed(ctx, group, stream, events, one)


def _follow(ctx: Context, group: Group, stream: Stream, times: list[int], messages: list[str]) -> None:
    """Give events to live tails."""
    for session in memory(ctx).tails.get(group.id, ()):
        session.offer(ctx, group, stream, times, messages)


INGESTED = {"STANDARD": "ingested", "INFREQUENT_ACCESS": "ingested-infrequent", "DELIVERY": "ingested-delivery"}
