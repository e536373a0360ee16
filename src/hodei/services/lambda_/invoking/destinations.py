"""Where asynchronous invokes and records that are given up leave their results and dead letters.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from hodei.kernel.context import Context
from hodei.services.lambda_ import errors
from hodei.services.lambda_.find import Found
from hodei.services.lambda_.invoking import outbox, payloads
from hodei.services.lambda_.invoking.outbox import Measure
from hodei.services.lambda_.runtime.invocation import Outcome

NEVER_RUN = {  # why an event was given up: the status and the message of it
    "EventAgeExceeded": ("200", "The event is too old."),
    "RecursiveInvocation": ("400", errors.RecursiveInvocationException.template),
    "ZeroReservedConcurrency": ("429", "Rate Exceeded."),
}


def send(
    ctx: Context, found: Found, arn: str, record: Mapping[str, Any], key: str = "", success: Measure | None = None
) -> None:
    """A record of an invoke to its destination, in a bucket under a key. `success`: what is counted then."""
    body = msgspec.json.encode(record)
    outbox.post(ctx, found, arn, body, failure="DestinationDeliveryFailures", key=key, success=success)


def key_of(ctx: Context, what: str) -> str:
    """Under which a record lies in a bucket: aws/lambda/<what>/2024/11/18/2024-11-18T14.36.44-<uuid>."""
    at = datetime.fromtimestamp(ctx.now, UTC)
    return f"aws/lambda/{what}/{at:%Y/%m/%d}/{at:%Y-%m-%dT%H.%M.%S}-{ctx.ids.uuid()}"


def bury(ctx: Context, found: Found, id: str, payload: bytes, outcome: Outcome | None, why: str) -> None:
    """An event into the function's dead letters, with what was wrong as attributes; `why` it was given up."""
    status, told = ("200", payloads.error_message(outcome.payload)) if outcome else NEVER_RUN[why]
    attributes = {"RequestID": id, "ErrorCode": status, "ErrorMessage": told[:1024]}
    arn = found.version.dead_letters
    outbox.post(ctx, found, arn, payload, failure="DeadLetterErrors", attributes=attributes)
