"""A message as ReceiveMessage answers it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from hodei.kernel.context import Context
from hodei.services.sqs import encryption, errors, mailbox, message_attributes, receipts, rules
from hodei.services.sqs.attributes import NAMES as QUEUE_ATTRIBUTES
from hodei.services.sqs.messages import sequence_number
from hodei.services.sqs.state import Content, Message, Queue

SYSTEM_ATTRIBUTES = frozenset({
    "AWSTraceHeader", "All", "ApproximateFirstReceiveTimestamp", "ApproximateReceiveCount", "DeadLetterQueueSourceArn",
    "MessageDeduplicationId", "MessageGroupId", "SenderId", "SentTimestamp", "SequenceNumber",
})  # fmt: skip


def names_asked(ctx: Context, old: Sequence[str], new: Sequence[str]) -> frozenset[str]:
    """The older parameter counts beside the newer one; in the query protocol only where that is absent."""
    for name in (*old, *new):
        if name not in SYSTEM_ATTRIBUTES and not (name in QUEUE_ATTRIBUTES and name in old):
            raise errors.InvalidAttributeName(name=name)
    return frozenset(new) if new and rules.is_query(ctx) else frozenset((*old, *new))


def describe(
    ctx: Context, queue: Queue, message: Message, system: Collection[str], asked: Collection[str]
) -> dict[str, Any]:
    """A message as ReceiveMessage answers it."""
    content = mailbox.content_of(ctx, message)
    answer: dict[str, Any] = {
        "MessageId": content.id,
        "ReceiptHandle": receipts.make(queue, message),
        "MD5OfBody": content.md5,
        "Body": encryption.body_of(ctx, queue, content),
    }
    if system and (own := _system_attributes(queue, message, content, system)):
        answer["Attributes"] = own
    if asked and content.attributes:
        found = {name: value for name, value in content.attributes.items() if _is_asked(name, asked)}
        if found:
            answer["MD5OfMessageAttributes"] = message_attributes.md5(found)
            answer["MessageAttributes"] = found
    return answer


def _is_asked(name: str, asked: Collection[str]) -> bool:
    """By its name, by All, .* or prefix.*"""
    if name in asked or "All" in asked or ".*" in asked:
        return True
    return any(one.endswith(".*") and name.startswith(one[:-2]) for one in asked)


def _system_attributes(queue: Queue, message: Message, content: Content, names: Collection[str]) -> dict[str, str]:
    """Those asked for that the message has. Times are in milliseconds."""
    found = {
        "SenderId": content.sender,
        "SentTimestamp": _milliseconds(message.enqueued),
        "ApproximateReceiveCount": str(message.receives),
        "ApproximateFirstReceiveTimestamp": _milliseconds(message.first_received),
        "AWSTraceHeader": content.trace,
        "MessageGroupId": content.group,
        "DeadLetterQueueSourceArn": content.source,
    }
    if queue.fifo:
        found["MessageDeduplicationId"] = content.deduplication
        found["SequenceNumber"] = sequence_number(message.sequence)
    return {name: value for name, value in found.items() if value and ("All" in names or name in names)}


def _milliseconds(at: float) -> str:
    return str(int(at * 1000)) if at else ""
