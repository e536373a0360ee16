"""The messages of one queue: put in, looked for, hidden, taken out. No rules of the API, only order and time.

A FIFO queue gives out, group by group, the messages from the first one up to one that is hidden: a group waits behind
its first message in flight, and a message that becomes visible again comes before those sent after it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import NamedTuple

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.sqs.memory import memory
from hodei.services.sqs.receiving import polling
from hodei.services.sqs.state import BigContent, Content, Message, Queue, contents, messages

SEQUENCES = 1024  # numbers in a microsecond: a sequence tells roughly when the message was enqueued
INLINE = 4096  # characters (or bytes, if it is sealed) of a body up to which it lies in the message's own row


class Depth(NamedTuple):
    visible: int
    in_flight: int
    delayed: int


def add(ctx: Context, queue: Queue, content: Content, *, delay: float = 0.0) -> Message:
    """Put a new message into the queue."""
    now, sequence = ctx.now, _next_sequence(ctx, queue.mailbox)
    delayed_until = now + delay if delay else None
    return _put(
        ctx,
        queue,
        content,
        Message(
            mailbox=queue.mailbox, sequence=sequence, enqueued=now, visible_at=now + delay, delayed_until=delayed_until
        ),
    )


def move(ctx: Context, queue: Queue, message: Message, content: Content, *, anew: bool = False) -> Message:
    """Put a message of another queue into this one, where its receives go on counting.

    It keeps its place in time, unless it is enqueued `anew`.
    """
    if anew:
        enqueued, sequence = ctx.now, _next_sequence(ctx, queue.mailbox)
    else:
        enqueued, sequence = message.enqueued, _free_sequence(ctx, queue.mailbox, message.sequence)
    return _put(
        ctx,
        queue,
        content,
        Message(
            mailbox=queue.mailbox,
            sequence=sequence,
            enqueued=enqueued,
            visible_at=ctx.now,
            receives=message.receives,
            first_received=message.first_received,
        ),
    )


def _put(ctx: Context, queue: Queue, content: Content, message: Message) -> Message:
    big = len(content.sealed.body if content.sealed else content.body) > INLINE
    head = queue.fifo and next(messages.index_keys("groups", ctx, queue.mailbox, content.group), None) is None
    message = replace(
        message,
        group=content.group or None,
        head_at=message.visible_at if head else None,
        content=None if big else content,
    )
    messages.put(ctx, message, old=None)
    _count(ctx, queue.mailbox, 1)
    if big:
        contents.put(ctx, BigContent(mailbox=queue.mailbox, sequence=message.sequence, content=content))
    polling.wake(ctx, queue)
    return message


def _next_sequence(ctx: Context, mailbox: str) -> int:
    """After those of all other messages."""
    last = _last_sequences(ctx, mailbox)
    last[mailbox] = sequence = max(last[mailbox] + 1, int(ctx.now * 1e6) * SEQUENCES)
    return sequence


def _free_sequence(ctx: Context, mailbox: str, sequence: int) -> int:
    """This one, or the next that no message has."""
    while messages.get(ctx, mailbox, sequence):
        sequence += 1
    last = _last_sequences(ctx, mailbox)
    last[mailbox] = max(last[mailbox], sequence)
    return sequence


def _last_sequences(ctx: Context, mailbox: str) -> dict[str, int]:
    last = memory(ctx).last
    if mailbox not in last:
        last[mailbox] = next((int(key[1]) for key in messages.keys(ctx, mailbox, reverse=True)), 0)
    return last


def available(ctx: Context, queue: Queue) -> Iterator[Message]:
    """What can be received now, in the order in which it is given out."""
    end = (math.nextafter(ctx.now, math.inf),)
    if not queue.fifo:
        yield from messages.by("visible", ctx, queue.mailbox, end=end)
        return
    for head in messages.by("heads", ctx, queue.mailbox, end=end):
        yield head
        behind = messages.by("groups", ctx, queue.mailbox, head.group, after=(queue.mailbox, head.sequence))
        yield from itertools.takewhile(lambda message: message.visible_at < end[0], behind)


def next_visible(ctx: Context, queue: Queue) -> float | None:
    """When the next of the messages hidden now can be received, or None."""
    index = "heads" if queue.fifo else "visible"
    after = (math.nextafter(ctx.now, math.inf),)
    return next((float(key[1]) for key in messages.index_keys(index, ctx, queue.mailbox, start=after)), None)


def hide(ctx: Context, message: Message, until: float, **history: float) -> Message:
    """Keep a message from being received before `until`; `history` are other fields to change with it."""
    head_at = until if message.head_at is not None else None
    changed = replace(message, visible_at=until, head_at=head_at, delayed_until=None, **history)
    messages.put(ctx, changed, old=message)
    return changed


def remove(ctx: Context, queue: Queue, message: Message) -> None:
    messages.delete(ctx, message.mailbox, message.sequence)
    _count(ctx, message.mailbox, -1)
    if message.content is None:
        contents.delete(ctx, message.mailbox, message.sequence)
    if message.head_at is not None and message.group:
        if follower := _first(ctx, message.mailbox, message.group):
            messages.put(ctx, replace(follower, head_at=follower.visible_at), old=follower)
        polling.wake(ctx, queue)


def _first(ctx: Context, mailbox: str, group: str) -> Message | None:
    return next(messages.by("groups", ctx, mailbox, group), None)


def content_of(ctx: Context, message: Message) -> Content:
    if message.content is not None:
        return message.content
    big = contents.get(ctx, message.mailbox, message.sequence)
    assert big, "a message without content"
    return big.content


def depth(ctx: Context, queue: Queue) -> Depth:
    """How many messages the queue holds, but for what is not yet durable."""
    hidden, delayed = _hidden(ctx, queue.mailbox)
    visible = max(0, _total(ctx, queue.mailbox) - hidden)
    return Depth(visible=visible, in_flight=hidden - delayed, delayed=delayed)


def _total(ctx: Context, mailbox: str) -> int:
    """Counted once, which takes time with a million messages, and kept up to date from then on by `_count`."""
    totals = memory(ctx).totals
    if (total := totals.get(mailbox)) is None:
        total = messages.count(ctx, mailbox)
        # What waits to become durable before this batch is in the count, and what comes after it is not.
        ctx.store.when_durable(lambda: totals.update({mailbox: total}))
    return total


def _count(ctx: Context, mailbox: str, change: int) -> None:
    def counted() -> None:
        if mailbox in totals:
            totals[mailbox] += change

    totals = memory(ctx).totals
    ctx.store.when_durable(counted)


def in_flight(ctx: Context, queue: Queue) -> int:
    hidden, delayed = _hidden(ctx, queue.mailbox)
    return hidden - delayed


def _hidden(ctx: Context, mailbox: str) -> tuple[int, int]:
    later = (math.nextafter(ctx.now, math.inf),)
    return (
        messages.count(ctx, mailbox, index="visible", start=later),
        messages.count(ctx, mailbox, index="delayed", start=later),
    )
