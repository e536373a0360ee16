"""Where asynchronous invokes leave their results and dead letters. The function's role has to be let.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.lambda_ import errors
from hodei.services.lambda_.find import Found
from hodei.services.lambda_.functions import roles
from hodei.services.lambda_.invoking import payloads
from hodei.services.lambda_.runtime.invocation import Outcome

log = logging.getLogger("hodei.lambda")

NEVER_RUN = {  # why an event was given up: the status and the message of it
    "EventAgeExceeded": ("200", "The event is too old."),
    "RecursiveInvocation": ("400", errors.RecursiveInvocationException.template),
    "ZeroReservedConcurrency": ("429", "Rate Exceeded."),
}


async def send(ctx: Context, found: Found, arn: str, record: Mapping[str, Any], key: str = "") -> bool:
    """A record of an invoke to its destination, in a bucket under a key; whether it has got there. One that fails is
    dropped, which a metric counts."""
    body = msgspec.json.encode(record)
    return await _deliver(ctx, found, arn, body, {}, "DestinationDeliveryFailures", key)


def key_of(ctx: Context, what: str) -> str:
    """Under which a record lies in a bucket: aws/lambda/<what>/2024/11/18/2024-11-18T14.36.44-<uuid>."""
    at = datetime.fromtimestamp(ctx.now, UTC)
    return f"aws/lambda/{what}/{at:%Y/%m/%d}/{at:%Y-%m-%dT%H.%M.%S}-{ctx.ids.uuid()}"


async def bury(ctx: Context, found: Found, id: str, payload: bytes, outcome: Outcome | None, why: str) -> None:
    """An event into the function's dead letters, with what was wrong as attributes; `why` it was given up."""
    status, told = ("200", payloads.error_message(outcome.payload)) if outcome else NEVER_RUN[why]
    attributes = {"RequestID": id, "ErrorCode": status, "ErrorMessage": told[:1024]}
    await _deliver(ctx, found, found.version.dead_letters, payload, attributes, "DeadLetterErrors")


async def _deliver(
    ctx: Context, found: Found, arn: str, body: bytes, attributes: Mapping[str, str], failure: str, key: str = ""
) -> bool:
    place, version = Arn.parse(arn), found.version
    try:
        role = roles.become(ctx, version.function, version.role, version.arn(ctx))
        acting = ctx.by(role).at(region=place.region or ctx.region)
        if place.service == "sqs":
            await _to_queue(acting, place, body, attributes)
        elif place.service == "lambda":
            await acting.call("lambda", "Invoke", FunctionName=arn, InvocationType="Event", Payload=body)
        elif place.service == "s3":
            await acting.call("s3", "PutObject", Bucket=place.resource, Key=key, Body=body)
        else:
            log.warning("nothing delivers to %s yet", arn)
            raise AwsError(f"{place.service} is not implemented by Hodei")
    except AwsError as error:
        log.warning("what came of %s could not be sent to %s: %s", found.arn, arn, error)
        ctx.metric("AWS/Lambda", failure, 1, "Count", FunctionName=version.function)
        return False
    return True


async def _to_queue(acting: Context, place: Arn, body: bytes, attributes: Mapping[str, str]) -> None:
    given = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items() if value}
    await acting.call(
        "sqs",
        "SendMessage",
        QueueUrl=f"{acting.world.url}/{place.account}/{place.resource}",
        MessageBody=body.decode(),
        **({"MessageAttributes": given} if given else {}),
    )
