"""ReceiveMessage."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from hodei.kernel.context import Context
from hodei.services.sqs import dead_letters, errors, mailbox, rules, upkeep
from hodei.services.sqs.find import find_queue
from hodei.services.sqs.memory import memory
from hodei.services.sqs.receiving import answers, polling
from hodei.services.sqs.service import sqs
from hodei.services.sqs.state import Attempt, Message, Queue, attempts, messages

MOST = 10
WINDOW = 100  # messages among which a receive chooses where the setting `reordering` lets it
CLEARED = 1000  # expired and dead messages that one receive gets out of its way

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Receive:
    """A call of ReceiveMessage."""

    url: str
    most: int
    timeout: int | None
    attempt: str | None
    system_attributes: frozenset[str]
    attributes: frozenset[str]


@sqs.operation("ReceiveMessage")
def receive_message(
    ctx: Context,
    *,
    QueueUrl: str,
    AttributeNames: Sequence[str] = (),
    MessageSystemAttributeNames: Sequence[str] = (),
    MessageAttributeNames: Sequence[str] = (),
    MaxNumberOfMessages: int = 1,
    VisibilityTimeout: int | None = None,
    WaitTimeSeconds: int | None = None,
    ReceiveRequestAttemptId: str | None = None,
) -> Answer | Coroutine[Any, Any, Answer]:
    """Answers at once what is there; waits where nothing is and the call or the queue asks for long polling."""
    rules.check_between("MaxNumberOfMessages", MaxNumberOfMessages, 1, MOST)
    rules.check_range("VisibilityTimeout", VisibilityTimeout, 0, rules.LONGEST_VISIBILITY)
    rules.check_range("WaitTimeSeconds", WaitTimeSeconds, 0, 20)
    rules.check_token("ReceiveRequestAttemptId", ReceiveRequestAttemptId)
    ctx, queue = find_queue(ctx, QueueUrl)
    call = Receive(
        url=QueueUrl,
        most=MaxNumberOfMessages,
        timeout=VisibilityTimeout,
        attempt=ReceiveRequestAttemptId if queue.fifo else None,
        system_attributes=answers.names_asked(ctx, AttributeNames, MessageSystemAttributeNames),
        attributes=frozenset(MessageAttributeNames),
    )
    wait = queue.seconds("ReceiveMessageWaitTimeSeconds") if WaitTimeSeconds is None else WaitTimeSeconds
    if (found := _take(ctx, queue, call, short=not wait)) or not wait:
        return _answer(ctx, queue, found)
    return _poll(ctx, queue, call, ctx.now + wait)


async def _poll(ctx: Context, queue: Queue, call: Receive, deadline: float) -> Answer:
    """Each look finds the queue anew: it may have been changed, purged or deleted meanwhile."""

    def take() -> list[Answer]:
        there, now = find_queue(ctx, call.url)
        return _take(there, now, call, short=False)

    def next_visible() -> float | None:
        return mailbox.next_visible(*find_queue(ctx, call.url))

    return _answer(ctx, queue, await polling.wait_for(ctx, queue, deadline, take, next_visible))


def _answer(ctx: Context, queue: Queue, found: list[Answer]) -> Answer:
    if not found:
        ctx.metric("AWS/SQS", "NumberOfEmptyReceives", 1, "Count", QueueName=queue.name)
        return {}
    ctx.metric("AWS/SQS", "NumberOfMessagesReceived", len(found), "Count", QueueName=queue.name)
    return {"Messages": found}


def _take(ctx: Context, queue: Queue, call: Receive, *, short: bool) -> list[Answer]:
    """Take what is there for one receive. Raises: OverLimit, on a short poll of a standard queue."""
    timeout = queue.seconds("VisibilityTimeout") if call.timeout is None else call.timeout
    if call.attempt and (again := _repeat(ctx, queue, call.attempt, timeout)):
        return [answers.describe(ctx, queue, message, call.system_attributes, call.attributes) for message in again]
    if _too_many_in_flight(ctx, queue):
        if short and not queue.fifo:
            raise errors.OverLimit(reason=f"Too many messages in flight for queue {queue.name}.")
        return []
    taken = _deliverable(ctx, queue, call.most)
    given = [_deliver(ctx, queue, message, timeout) for message in taken]
    known = memory(ctx).in_flight
    known[queue.mailbox] = known.get(queue.mailbox, 0) + len(given)
    if call.attempt and given:
        _note_attempt(ctx, queue, call.attempt, given)
    return [answers.describe(ctx, queue, message, call.system_attributes, call.attributes) for message in given]


def _too_many_in_flight(ctx: Context, queue: Queue) -> bool:
    """Counted only when as many messages as may be in flight have been given out since the last count."""
    limit = ctx.quota("in-flight-fifo" if queue.fifo else "in-flight-standard")
    known = memory(ctx).in_flight
    if known.get(queue.mailbox, limit) >= limit:
        known[queue.mailbox] = mailbox.in_flight(ctx, queue)
    return known[queue.mailbox] >= limit


def _deliverable(ctx: Context, queue: Queue, most: int) -> list[Message]:
    """The messages to give out. Those that are expired or dead are taken out of the way."""
    policy = queue.redrive
    for _ in range(CLEARED):
        found = _choose(ctx, queue, most)
        for message in found:
            if upkeep.expired(queue, message, ctx.now):
                mailbox.remove(ctx, queue, message)
                break
            if policy and message.receives >= policy.maxReceiveCount and dead_letters.bury(ctx, queue, message, policy):
                break
        else:
            return found
    return []


def _choose(ctx: Context, queue: Queue, most: int) -> list[Message]:
    found = mailbox.available(ctx, queue)
    if not queue.fifo and (chance := ctx.setting("reordering")) and ctx.ids.random() < chance:
        window = list(islice(found, WINDOW))
        return ctx.ids.sample(window, min(most, len(window)))
    return list(islice(found, most))


def _deliver(ctx: Context, queue: Queue, message: Message, timeout: float) -> Message:
    if not queue.fifo and (chance := ctx.setting("duplicates")) and ctx.ids.random() < chance:
        timeout = 0
    now = ctx.now
    return mailbox.hide(
        ctx,
        message,
        now + timeout,
        receives=message.receives + 1,
        first_received=message.first_received or now,
        received=now,
        changed=0,
    )


def _note_attempt(ctx: Context, queue: Queue, id: str, given: list[Message]) -> None:
    receipts = [(message.sequence, message.receives) for message in given]
    attempts.put(ctx, Attempt(queue=queue.id, bucket=upkeep.bucket_of(ctx.now), id=id, at=ctx.now, given=receipts))
    upkeep.plan(ctx, queue)


def _repeat(ctx: Context, queue: Queue, id: str, timeout: float) -> list[Message]:
    """What an earlier receive of that attempt id was given, for as long as it is in flight and was left alone.

    Nothing if there is no such receive or its messages are visible again. Raises: InvalidParameterValue once one of
    them was deleted or had its visibility changed.
    """
    bucket = upkeep.bucket_of(ctx.now)
    found = attempts.get(ctx, queue.id, bucket, id) or attempts.get(ctx, queue.id, bucket - 1, id)
    if found is None or ctx.now >= found.at + rules.DEDUPLICATION_SECONDS:
        return []
    given = []
    for sequence, receives in found.given:
        message = messages.get(ctx, queue.mailbox, sequence)
        if message is None or message.changed or message.receives != receives:
            reason = "The receiveRequestAttemptId is not valid anymore since the receive call is not retryable."
            raise rules.invalid("ReceiveRequestAttemptId", id, reason)
        if message.visible_at <= ctx.now:
            return []
        given.append(message)
    return [mailbox.hide(ctx, message, ctx.now + timeout) for message in given]
