"""Whose AWS's documented request rates are: those of FIFO queues are each queue's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.sqs.find import find_queue
from hodei.services.sqs.service import sqs


@sqs.rate("fifo-requests")
def fifo_queue(ctx: Context, params: Mapping[str, Any]) -> str | None:
    """A queue in high throughput mode may do thousands a second, which nobody counts here."""
    if not params["QueueUrl"].endswith(".fifo"):
        return None
    try:
        place, queue = find_queue(ctx, params["QueueUrl"])
    except AwsError:
        return None  # the operation itself says so
    return None if queue.attributes.get("FifoThroughputLimit") == "perMessageGroupId" else queue.arn(place)
