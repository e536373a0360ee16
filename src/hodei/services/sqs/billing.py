"""What SQS bills: requests, of which those that carry much count more than once.

https://aws.amazon.com/sqs/pricing/: "Each 64 KB chunk of a payload is billed as 1 request". The owner of a queue pays
for what others do with it (SQS's FAQ).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hodei.kernel.context import Context
from hodei.services.sqs import message_attributes
from hodei.services.sqs.service import sqs

CHUNK = 64 * 1024


@sqs.meters(
    "ChangeMessageVisibility",
    "ChangeMessageVisibilityBatch",
    "DeleteMessage",
    "DeleteMessageBatch",
    "ReceiveMessage",
    "SendMessage",
    "SendMessageBatch",
)
def requests(ctx: Context, params: Mapping[str, Any], result: Mapping[str, Any], error: Exception | None) -> None:
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
