"""What time takes away: expired messages, old deduplication ids, the messages of purged and deleted queues.

A receive never gives out an expired message; the timers here only free the space. Each takes a bounded step, and sets
itself anew while there is more.
"""

from __future__ import annotations

import itertools
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.tables import Table
from hodei.services.sqs import mailbox, rules
from hodei.services.sqs.memory import memory
from hodei.services.sqs.service import sqs
from hodei.services.sqs.state import Message, Queue, attempts, contents, messages, queues, sent

STEP = 500  # rows at a time
TOGETHER = 1.0  # seconds of messages that expire in one step
BUCKET = int(rules.DEDUPLICATION_SECONDS)


def bucket_of(at: float) -> int:
    """Deduplication ids and receive attempts lie in buckets of five minutes."""
    return int(at) // BUCKET


def expired(queue: Queue, message: Message, now: float) -> bool:
    return message.enqueued + queue.seconds("MessageRetentionPeriod") <= now


def plan(ctx: Context, queue: Queue) -> None:
    """A message or a deduplication id was put in: make sure that it will be taken away."""
    planned = memory(ctx).planned
    for timer, next_at in (("expire", _next_expiry), ("forget", _next_bucket)):
        if (timer, queue.id) in planned or (timer == "forget" and not queue.fifo):
            continue
        if ctx.timers.due(ctx, timer, queue.name) is None and (at := next_at(ctx, queue)) is not None:
            ctx.timers.set(ctx, timer, at, queue.name)
        ctx.store.when_durable(lambda timer=timer: planned.add((timer, queue.id)))  # type: ignore[misc]


def plan_expiry_anew(ctx: Context, queue: Queue) -> None:
    """The retention period has changed, or an old message was put in."""
    if (at := _next_expiry(ctx, queue)) is not None:
        ctx.timers.set(ctx, "expire", at, queue.name)


def _next_expiry(ctx: Context, queue: Queue) -> float | None:
    if (oldest := next(messages.scan(ctx, queue.mailbox), None)) is None:
        return None
    return oldest.enqueued + queue.seconds("MessageRetentionPeriod") + TOGETHER


def _next_bucket(ctx: Context, queue: Queue) -> float | None:
    oldest = [int(key[1]) for table in (sent, attempts) for key in itertools.islice(table.keys(ctx, queue.id), 1)]
    return float((min(oldest) + 2) * BUCKET) if oldest else None


@sqs.timer("expire")
def expire(ctx: Context, name: str) -> None:
    if (queue := queues.get(ctx, name)) is None:
        return
    memory(ctx).planned.discard(("expire", queue.id))
    for message in list(itertools.islice(messages.scan(ctx, queue.mailbox), STEP)):
        if not expired(queue, message, ctx.now):
            break
        mailbox.remove(ctx, queue, message)
    plan_expiry_anew(ctx, queue)


@sqs.timer("forget")
def forget(ctx: Context, name: str) -> None:
    if (queue := queues.get(ctx, name)) is None:
        return
    memory(ctx).planned.discard(("forget", queue.id))
    end = (bucket_of(ctx.now) - 1,)
    for table in (sent, attempts):
        _delete_some(ctx, table, queue.id, end)
    if (at := _next_bucket(ctx, queue)) is not None:
        ctx.timers.set(ctx, "forget", at, name)


def retire(ctx: Context, queue: Queue) -> None:
    """The queue was deleted."""
    for timer in ("expire", "forget"):
        ctx.timers.cancel(ctx, timer, queue.name)
    discard(ctx, queue.mailbox)
    discard(ctx, queue.id)


def discard(ctx: Context, owner: str) -> None:
    """Nobody will ask again for what lies under this mailbox or queue id."""
    ctx.timers.set(ctx, "discard", ctx.now, owner)


@sqs.timer("discard")
def discard_some(ctx: Context, owner: str) -> None:
    if sum(_delete_some(ctx, table, owner) for table in (messages, contents, sent, attempts)):
        discard(ctx, owner)


def _delete_some(ctx: Context, table: Table[Any], prefix: str, end: tuple[int, ...] | None = None) -> int:
    keys = list(itertools.islice(table.keys(ctx, prefix, end=end), STEP))
    for key in keys:
        table.delete(ctx, *key)
    return len(keys)
