"""Messages are sent, deleted, and hidden for longer or shorter."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.sqs import encryption, errors, mailbox, message_attributes, receipts, rules, upkeep
from hodei.services.sqs.encryption import DataKey
from hodei.services.sqs.find import find_queue
from hodei.services.sqs.message_attributes import Attributes
from hodei.services.sqs.receiving import polling
from hodei.services.sqs.service import sqs
from hodei.services.sqs.state import Content, Message, Queue, Sent, messages, sent

NONE: Attributes = {}
SEQUENCE_BASE = 10**19  # AWS's sequence numbers have 20 digits
Entries = Sequence[Mapping[str, Any]]


class Draft(NamedTuple):
    """A message to be sent, as SendMessage and the entries of SendMessageBatch describe it."""

    body: str
    delay: int | None
    attributes: Attributes
    system: Attributes
    deduplication: str | None
    group: str | None

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Draft:
        return cls(
            entry["MessageBody"],
            entry.get("DelaySeconds"),
            entry.get("MessageAttributes", NONE),
            entry.get("MessageSystemAttributes", NONE),
            entry.get("MessageDeduplicationId"),
            entry.get("MessageGroupId"),
        )

    @property
    def size(self) -> int:
        """Bytes that count against the limits."""
        return len(self.body.encode()) + message_attributes.size(self.attributes)


@sqs.operation("SendMessage")
def send_message(
    ctx: Context,
    *,
    QueueUrl: str,
    MessageBody: str,
    DelaySeconds: int | None = None,
    MessageAttributes: Attributes = NONE,
    MessageSystemAttributes: Attributes = NONE,
    MessageDeduplicationId: str | None = None,
    MessageGroupId: str | None = None,
) -> dict[str, Any]:
    ctx, queue = find_queue(ctx, QueueUrl)
    draft = Draft(
        MessageBody, DelaySeconds, MessageAttributes, MessageSystemAttributes, MessageDeduplicationId, MessageGroupId
    )
    if queue.fifo and draft.group is None:
        raise errors.MissingParameter(name="MessageGroupId")
    _check_order(queue, draft)
    _check(draft)
    if draft.size > (limit := queue.seconds("MaximumMessageSize")):
        raise errors.InvalidParameterValue(
            f"One or more parameters are invalid. Reason: Message must be shorter than {limit} bytes."
        )
    return _send(ctx, queue, draft, encryption.data_key(ctx, queue))


@sqs.operation("SendMessageBatch")
def send_message_batch(ctx: Context, *, QueueUrl: str, Entries: Entries) -> dict[str, Any]:
    ctx, queue = find_queue(ctx, QueueUrl)
    rules.check_batch(Entries, "SendMessageBatchRequestEntry")
    drafts = [Draft.of(entry) for entry in Entries]
    for draft in drafts:
        if queue.fifo and draft.group is None:
            raise errors.InvalidParameterValue("The request must contain the parameter MessageGroupId.")
        _check_order(queue, draft)
    if (size := sum(draft.size for draft in drafts)) > rules.MESSAGE_BYTES:
        raise errors.BatchRequestTooLong(size=size)
    key = encryption.data_key(ctx, queue)
    successful, failed = [], []
    for entry, draft in zip(Entries, drafts):
        try:
            _check(draft)
            if draft.size > (limit := queue.seconds("MaximumMessageSize")):
                raise errors.InvalidParameterValue(
                    f"One or more parameters cannot be validated. Reason: Message must be shorter than {limit} bytes."
                )
        except AwsError as error:
            failed.append(rules.failed_entry(entry, error))
        else:
            successful.append({"Id": entry["Id"], **_send(ctx, queue, draft, key)})
    return rules.batch_result(successful, failed)


def _check_order(queue: Queue, draft: Draft) -> None:
    """What tells a FIFO queue its order, and what only one of the two types of queue takes."""
    rules.check_token("MessageGroupId", draft.group)
    if not queue.fifo:
        if draft.deduplication is not None:
            raise _not_for_this_type("MessageDeduplicationId", draft.deduplication)
        return
    rules.check_token("MessageDeduplicationId", draft.deduplication)
    if draft.delay:
        raise _not_for_this_type("DelaySeconds", draft.delay)
    if draft.deduplication is None and queue.attributes["ContentBasedDeduplication"] != "true":
        raise errors.InvalidParameterValue(
            "The queue should either have ContentBasedDeduplication enabled or "
            "MessageDeduplicationId provided explicitly"
        )


def _not_for_this_type(name: str, value: object) -> AwsError:
    return rules.invalid(name, value, "The request include parameter that is not valid for this queue type.")


def _check(draft: Draft) -> None:
    if not draft.body:
        raise errors.MissingParameter(name="MessageBody")
    rules.check_text(draft.body, "body")
    if draft.delay is not None and not 0 <= draft.delay <= 900:
        raise rules.invalid("DelaySeconds", draft.delay, "DelaySeconds must be >= 0 and <= 900.")
    if draft.attributes:
        message_attributes.check(draft.attributes)
    if draft.system:
        message_attributes.check_system(draft.system)


def _send(ctx: Context, queue: Queue, draft: Draft, key: DataKey | None) -> dict[str, Any]:
    raw = draft.body.encode()
    md5 = hashlib.md5(raw, usedforsecurity=False).hexdigest()
    answer: dict[str, Any] = {"MD5OfMessageBody": md5}
    if draft.attributes:
        answer["MD5OfMessageAttributes"] = message_attributes.md5(draft.attributes)
    if draft.system:
        answer["MD5OfMessageSystemAttributes"] = message_attributes.md5(draft.system)
    deduplication = ""
    if queue.fifo:
        deduplication = draft.deduplication or hashlib.sha256(raw).hexdigest()
        if before := _sent_before(ctx, queue, draft.group or "", deduplication):
            return answer | {"MessageId": before.message, "SequenceNumber": sequence_number(before.sequence)}
    content = Content(
        id=ctx.ids.uuid(),
        body="" if key else draft.body,
        sealed=encryption.sealed(ctx, key, draft.body) if key else None,
        md5=md5,
        sender=ctx.principal.service or ctx.principal.account or "anonymous",
        attributes=draft.attributes,
        trace=draft.system["AWSTraceHeader"]["StringValue"] if draft.system else ctx.trace,
        group=draft.group or "",
        deduplication=deduplication,
    )
    delay = draft.delay if draft.delay is not None and not queue.fifo else queue.seconds("DelaySeconds")
    message = mailbox.add(ctx, queue, content, delay=delay)
    answer["MessageId"] = content.id
    if queue.fifo:
        _note_sent(ctx, queue, content, message)
        answer["SequenceNumber"] = sequence_number(message.sequence)
    upkeep.plan(ctx, queue)
    ctx.metric("AWS/SQS", "NumberOfMessagesSent", 1, "Count", QueueName=queue.name)
    ctx.metric("AWS/SQS", "SentMessageSize", len(raw), "Bytes", QueueName=queue.name)
    return answer


def sequence_number(sequence: int) -> str:
    return str(SEQUENCE_BASE + sequence)


def _sent_before(ctx: Context, queue: Queue, group: str, deduplication: str) -> Sent | None:
    """The message of the last five minutes that this one is a duplicate of.

    Where deduplication goes by group, an id used before, when it went by queue, still counts for every group (but not
    the other way round): so AWS answers after a change of DeduplicationScope.
    """
    scopes = [""] if queue.attributes["DeduplicationScope"] == "queue" else [group, ""]
    bucket = upkeep.bucket_of(ctx.now)
    for scope in scopes:
        for one in (bucket, bucket - 1):
            found = sent.get(ctx, queue.id, one, scope, deduplication)
            if found and ctx.now < found.at + rules.DEDUPLICATION_SECONDS:
                return found
    return None


def _note_sent(ctx: Context, queue: Queue, content: Content, message: Message) -> None:
    by_queue = queue.attributes["DeduplicationScope"] == "queue"
    note = Sent(
        queue=queue.id,
        bucket=upkeep.bucket_of(ctx.now),
        scope="" if by_queue else content.group,
        deduplication=content.deduplication,
        at=ctx.now,
        message=content.id,
        sequence=message.sequence,
    )
    sent.put(ctx, note)


@sqs.operation("DeleteMessage")
def delete_message(ctx: Context, *, QueueUrl: str, ReceiptHandle: str) -> None:
    ctx, queue = find_queue(ctx, QueueUrl)
    _delete(ctx, queue, ReceiptHandle)


@sqs.operation("DeleteMessageBatch")
def delete_message_batch(ctx: Context, *, QueueUrl: str, Entries: Entries) -> dict[str, Any]:
    ctx, queue = find_queue(ctx, QueueUrl)
    rules.check_batch(Entries, "DeleteMessageBatchRequestEntry")
    successful, failed = [], []
    for entry in Entries:
        try:
            _delete(ctx, queue, entry["ReceiptHandle"])
            successful.append({"Id": entry["Id"]})
        except AwsError as error:
            failed.append(rules.failed_entry(entry, error))
    return rules.batch_result(successful, failed)


def _delete(ctx: Context, queue: Queue, handle: str) -> None:
    """In a standard queue any handle of the message deletes it; in a FIFO queue only one that is in force."""
    sequence, receives = receipts.read(queue, handle)
    if (message := messages.get(ctx, queue.mailbox, sequence)) is None:
        return
    if queue.fifo and not _in_force(ctx, message, receives):
        raise rules.invalid("ReceiptHandle", handle, "The receipt handle has expired.")
    mailbox.remove(ctx, queue, message)
    ctx.metric("AWS/SQS", "NumberOfMessagesDeleted", 1, "Count", QueueName=queue.name)


def _in_force(ctx: Context, message: Message, receives: int) -> bool:
    """Whether the message is in flight by that receive."""
    return message.receives == receives and message.visible_at > ctx.now


@sqs.operation("ChangeMessageVisibility")
def change_message_visibility(ctx: Context, *, QueueUrl: str, ReceiptHandle: str, VisibilityTimeout: int) -> None:
    ctx, queue = find_queue(ctx, QueueUrl)
    _change_visibility(ctx, queue, ReceiptHandle, VisibilityTimeout)


@sqs.operation("ChangeMessageVisibilityBatch")
def change_message_visibility_batch(ctx: Context, *, QueueUrl: str, Entries: Entries) -> dict[str, Any]:
    ctx, queue = find_queue(ctx, QueueUrl)
    rules.check_batch(Entries, "ChangeMessageVisibilityBatchRequestEntry")
    successful, failed = [], []
    for entry in Entries:
        try:
            if "VisibilityTimeout" not in entry:
                raise errors.MissingParameter(name="VisibilityTimeout")
            _change_visibility(ctx, queue, entry["ReceiptHandle"], entry["VisibilityTimeout"])
            successful.append({"Id": entry["Id"]})
        except AwsError as error:
            failed.append(rules.failed_entry(entry, error))
    return rules.batch_result(successful, failed)


def _change_visibility(ctx: Context, queue: Queue, handle: str, timeout: int) -> None:
    """Counts from now. In a standard queue this also hides a message whose timeout is over but that nobody received."""
    rules.check_range("VisibilityTimeout", timeout, 0, rules.LONGEST_VISIBILITY)
    sequence, receives = receipts.read(queue, handle)
    message = messages.get(ctx, queue.mailbox, sequence)
    if message is None or message.receives != receives or (queue.fifo and not _in_force(ctx, message, receives)):
        reason = "Message does not exist or is not available for visibility timeout change."
        raise rules.invalid("ReceiptHandle", handle, reason)
    if ctx.now + timeout > message.received + rules.LONGEST_VISIBILITY:
        reason = "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]"
        raise rules.invalid("VisibilityTimeout", timeout, reason)
    mailbox.hide(ctx, message, ctx.now + timeout, changed=1)
    polling.wake(ctx, queue)
