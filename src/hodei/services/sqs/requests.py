"""Requests of older clients."""

from __future__ import annotations

from typing import Any

from hodei.kernel.context import Context
from hodei.services.sqs import rules
from hodei.services.sqs.service import sqs


def queue_url_from_path(ctx: Context, params: dict[str, Any]) -> None:
    """In the query protocol the queue may be named by the URL that is posted to, instead of by QueueUrl."""
    if "QueueUrl" not in params and ctx.request and rules.is_query(ctx) and ctx.request.path.count("/") >= 2:
        shape = sqs.model.operations[ctx.operation].input
        if shape and "QueueUrl" in shape.members:
            params["QueueUrl"] = ctx.request.path


sqs.amend = queue_url_from_path
