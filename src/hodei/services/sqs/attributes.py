"""Queue attributes: what they may be, and the operations that read and set them; the metrics of what lies in queues."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from hodei.kernel.context import Context
from hodei.kernel.iam.pins import pinned, shown
from hodei.kernel.metrics import Gauge
from hodei.services.sqs import dead_letters, errors, mailbox, upkeep
from hodei.services.sqs.find import find_queue
from hodei.services.sqs.service import sqs
from hodei.services.sqs.state import Queue, messages, queues

DEFAULTS = {
    "DelaySeconds": "0",
    "MaximumMessageSize": "1048576",
    "MessageRetentionPeriod": "345600",
    "ReceiveMessageWaitTimeSeconds": "0",
    "SqsManagedSseEnabled": "true",
    "VisibilityTimeout": "30",
}
FIFO_DEFAULTS = {
    "ContentBasedDeduplication": "false",
    "DeduplicationScope": "queue",
    "FifoQueue": "true",
    "FifoThroughputLimit": "perQueue",
}
NUMBERS = {
    "DelaySeconds": (0, 900),
    "KmsDataKeyReusePeriodSeconds": (60, 86400),
    "MaximumMessageSize": (1024, 1048576),
    "MessageRetentionPeriod": (60, 1209600),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
    "VisibilityTimeout": (0, 43200),
}
CHOICES = {
    "ContentBasedDeduplication": ("true", "false"),
    "DeduplicationScope": ("queue", "messageGroup"),
    "FifoQueue": ("true",),
    "FifoThroughputLimit": ("perQueue", "perMessageGroupId"),
    "SqsManagedSseEnabled": ("true", "false"),
}
OTHERS = ("KmsMasterKeyId", "Policy", "RedriveAllowPolicy", "RedrivePolicy")
READ_ONLY = (
    "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed", "ApproximateNumberOfMessagesNotVisible",
    "CreatedTimestamp", "LastModifiedTimestamp", "QueueArn",
)  # fmt: skip
NAMES = frozenset((*NUMBERS, *CHOICES, *OTHERS, *READ_ONLY, "All"))
DEFAULT_KEY_REUSE = "300"  # seconds


@sqs.operation("GetQueueAttributes")
def get_queue_attributes(ctx: Context, *, QueueUrl: str, AttributeNames: Sequence[str] = ()) -> dict[str, Any]:
    ctx, queue = find_queue(ctx, QueueUrl)
    for name in AttributeNames:
        if name not in NAMES:
            raise errors.InvalidAttributeName(name=name)
    everything = "All" in AttributeNames
    found = _all(ctx, queue, counted=everything or any(name.startswith("Approximate") for name in AttributeNames))
    if not everything:
        found = {name: value for name, value in found.items() if name in AttributeNames}
    return {"Attributes": found} if found else {}


def _all(ctx: Context, queue: Queue, *, counted: bool) -> dict[str, str]:
    found = queue.attributes | {
        "CreatedTimestamp": str(int(queue.created)),
        "LastModifiedTimestamp": str(int(queue.modified)),
        "QueueArn": queue.arn(ctx),
    }
    if "Policy" in found:
        found["Policy"] = shown(ctx, found["Policy"])
    if counted:
        depth = mailbox.depth(ctx, queue)
        found["ApproximateNumberOfMessages"] = str(depth.visible)
        found["ApproximateNumberOfMessagesDelayed"] = str(depth.delayed)
        found["ApproximateNumberOfMessagesNotVisible"] = str(depth.in_flight)
    return found


@sqs.operation("SetQueueAttributes")
def set_queue_attributes(ctx: Context, *, QueueUrl: str, Attributes: Mapping[str, str]) -> None:
    ctx, queue = find_queue(ctx, QueueUrl)
    change(ctx, queue, merged(ctx, queue.name, queue.attributes, Attributes))


def change(ctx: Context, queue: Queue, attributes: dict[str, str]) -> None:
    """Give the queue these attributes, with all that follows from it."""
    changed = with_attributes(queue, attributes, modified=ctx.now)
    queues.put(ctx, changed)
    if attributes["MessageRetentionPeriod"] != queue.attributes["MessageRetentionPeriod"]:
        upkeep.plan_expiry_anew(ctx, changed)


def with_attributes(queue: Queue, attributes: dict[str, str], **fields: Any) -> Queue:
    changed = msgspec.structs.replace(queue, attributes=attributes, **fields)
    redrive = changed.redrive
    return msgspec.structs.replace(changed, dead_letters=redrive.deadLetterTargetArn if redrive else None)


def first_difference(ctx: Context, queue: Queue, given: Mapping[str, str]) -> str | None:
    """The first of the attributes given to CreateQueue that an existing queue has otherwise."""
    for name, value in given.items():
        present = queue.attributes.get(name, "")
        if present != _kept(ctx, name, value) and not (value == "" and present == default(name, queue.fifo)):
            return name
    return None


def default(name: str, fifo: bool) -> str:
    return DEFAULTS.get(name) or (fifo and FIFO_DEFAULTS.get(name)) or ""


def merged(ctx: Context, queue: str, present: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """The attributes of the queue of that name after a change.

    An empty value takes an attribute away, or back to its default. Raises: InvalidAttributeName,
    InvalidAttributeValue, InvalidParameterValue.
    """
    fifo = queue.endswith(".fifo")
    for name, value in given.items():
        _check(name, value, fifo=fifo)
    after = dict(present)
    for name, value in given.items():
        if value := _kept(ctx, name, value) or default(name, fifo):
            after[name] = value
        else:
            after.pop(name, None)
    _check_throughput(after)
    _settle_encryption(after, given)
    if given.get("RedrivePolicy"):
        dead_letters.check_policy(ctx, queue, given["RedrivePolicy"])
    if given.get("RedriveAllowPolicy"):
        dead_letters.check_allow_policy(given["RedriveAllowPolicy"])
    return after


def _check(name: str, value: str, *, fifo: bool) -> None:
    if name not in NUMBERS and name not in CHOICES and name not in OTHERS:
        raise errors.InvalidAttributeName(name=name)
    if not fifo and name in FIFO_DEFAULTS:
        if name in ("DeduplicationScope", "FifoThroughputLimit"):
            raise errors.InvalidAttributeName(f"You can specify the {name} only when FifoQueue is set to true.")
        raise errors.InvalidAttributeName(name=name)
    if not value:
        return
    if name == "FifoQueue" and value.lower() != "true":
        raise errors.InvalidAttributeValue(
            "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported."
        )
    if name in NUMBERS:
        low, high = NUMBERS[name]
        if not (value.isascii() and value.isdigit() and len(value) < 10 and low <= int(value) <= high):
            raise errors.InvalidAttributeValue(name=name)
    if name in CHOICES and _normal(name, value) not in CHOICES[name]:
        raise errors.InvalidAttributeValue(name=name)
    if name == "Policy" and not _is_policy(value):
        raise errors.InvalidAttributeValue(name=name)


def _normal(name: str, value: str) -> str:
    """A value as AWS gives it back."""
    if name in NUMBERS:
        return str(int(value)) if value.isdigit() else value
    if CHOICES.get(name, ())[:1] == ("true",):
        return value.lower()
    if name == "RedrivePolicy" and value:
        return dead_letters.normal_policy(value)
    return value


def _kept(ctx: Context, name: str, value: str) -> str:
    return pinned(ctx, value) if name == "Policy" else _normal(name, value)


def _is_policy(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _check_throughput(attributes: Mapping[str, str]) -> None:
    grouped = attributes.get("DeduplicationScope") == "messageGroup"
    if attributes.get("FifoThroughputLimit") == "perMessageGroupId" and not grouped:
        raise errors.InvalidAttributeValue(
            "Invalid value for the parameter FifoThroughputLimit. Reason: The perMessageGroupId value is allowed only "
            "when the value for DeduplicationScope is messageGroup."
        )


def _settle_encryption(after: dict[str, str], given: Mapping[str, str]) -> None:
    """A queue is encrypted by a KMS key or by SQS's own key, not by both."""
    if "KmsMasterKeyId" not in after:
        after.pop("KmsDataKeyReusePeriodSeconds", None)
        return
    if given.get("SqsManagedSseEnabled", "").lower() == "true":
        raise errors.InvalidAttributeName(
            "You can use one type of server-side encryption (SSE) at one time. "
            "You can either enable KMS SSE or SQS SSE."
        )
    after["SqsManagedSseEnabled"] = "false"
    after.setdefault("KmsDataKeyReusePeriodSeconds", DEFAULT_KEY_REUSE)


@sqs.gauges
def depths(ctx: Context) -> Iterator[Gauge]:
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html"""
    for queue in queues.scan(ctx):
        of_queue = {"QueueName": queue.name}
        depth = mailbox.depth(ctx, queue)
        oldest = next(messages.scan(ctx, queue.mailbox), None)
        yield Gauge("ApproximateNumberOfMessagesVisible", depth.visible, "Count", of_queue)
        yield Gauge("ApproximateNumberOfMessagesNotVisible", depth.in_flight, "Count", of_queue)
        yield Gauge("ApproximateNumberOfMessagesDelayed", depth.delayed, "Count", of_queue)
        yield Gauge("ApproximateAgeOfOldestMessage", ctx.now - oldest.enqueued if oldest else 0.0, "Seconds", of_queue)
