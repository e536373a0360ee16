"""Requests besides their handlers: those of older clients, whose rate of requests they count for, what they cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.sqs import message_attributes, rules
from hodei.services.sqs.find import find_queue
from hodei.services.sqs.service import sqs

CHUNK = 64 * 1024


def queue_url_from_path(ctx: Context, params: dict[str, Any]) -> None:
    """In the query protocol the queue may be named by the URL that is posted to, instead of by QueueUrl."""
    if "QueueUrl" not in params and ctx.request and rules.is_query(ctx) and ctx.request.path.count("/") >= 2:
        shape = sqs.model.operations[ctx.operation].input
        if shape and "QueueUrl" in shape.members:
            params["QueueUrl"] = ctx.request.path


sqs.amend = queue_url_from_path


@sqs.rate("fifo-requests")
def fifo_queue(ctx: Context, params: Mapping[str, Any]) -> str | None:
    """Each FIFO queue has its own. In high throughput mode it may do thousands a second: nobody counts them here."""
    if not params["QueueUrl"].endswith(".fifo"):
        return None
    try:
        place, queue = find_queue(ctx, params["QueueUrl"])
    except AwsError:
        return None  # the operation itself says so
    return None if queue.attributes.get("FifoThroughputLimit") == "perMessageGroupId" else queue.arn(place)


@sqs.meters(
    "ChangeMessageVisibility",
    "ChangeMessageVisibilityBatch",
    "DeleteMessage",
    "DeleteMessageBatch",
    "ReceiveMessage",
    "SendMessage",
    "SendMessageBatch",
)
def billed(ctx: Context, params: Mapping[str, Any], result: Mapping[str, Any], error: Exception | None) -> None:
    """https://aws.amazon.com/sqs/pricing/: "Each 64 KB chunk of a payload is billed as 1 request". The owner of a queue
    pays for what others do with it (SQS's FAQ)."""
    if error is None:
        url = params["QueueUrl"]
        carried: Sequence[Mapping[str, Any]] = params.get("Entries") or result.get("Messages") or (params,)
        usage = "fifo-requests" if url.endswith(".fifo") else "requests"
        ctx.meter(usage, -(-sum(map(_bytes, carried)) // CHUNK) or 1, url)


def _bytes(message: Mapping[str, Any]) -> int:
    """Of a message that is sent or received."""
    body = message.get("MessageBody") or message.get("Body") or ""
    attributes = message.get("MessageAttributes")
    return len(body.encode()) + (message_attributes.size(attributes) if attributes else 0)
