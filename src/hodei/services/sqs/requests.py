"""Requests before their handlers: those of older clients, and whose rate of requests they count for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.sqs import rules
from hodei.services.sqs.find import find_queue
from hodei.services.sqs.service import sqs


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
