"""What Lambda sends on behalf of functions, for which their roles have to be let: kept until it is sent or refused.

A letter is written with what it tells of, in one batch, so that neither is there without the other.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import NamedTuple

from msgspec.structs import replace

from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.kernel.deliver import Retry
from hodei.kernel.errors import AwsError
from hodei.kernel.tables import Record
from hodei.services.lambda_.find import Found
from hodei.services.lambda_.functions import roles
from hodei.services.lambda_.service import lambda_

log = logging.getLogger("hodei.lambda")

TIMER = "letter"
RETRY = Retry(max_age=6 * 3600.0, longest=300.0)  # of what fails for reasons that pass
SPARE = 60.0  # seconds after which an attempt is made again of which nothing has come: the process was killed


class Measure(NamedTuple):
    """A value of one of Lambda's metrics."""

    name: str
    amount: int
    dimensions: dict[str, str]

    def record(self, ctx: Context) -> None:
        ctx.metric("AWS/Lambda", self.name, self.amount, "Count", **self.dimensions)


class Letter(Record):
    """To the resource `arn`; from the function `source`, which acts as `role`, or from the version of it `running`."""

    id: str
    arn: str
    body: bytes
    function: str
    role: str
    running: str
    source: str
    created: float
    failure: Measure  # if it cannot be sent
    success: Measure | None = None
    attributes: dict[str, str] = {}
    key: str = ""  # in a bucket
    trace: str = ""
    attempts: int = 0


letters = lambda_.table("letters", Letter, key="id")


def post(
    ctx: Context,
    found: Found,
    arn: str,
    body: bytes,
    *,
    failure: str,
    success: Measure | None = None,
    attributes: Mapping[str, str] | None = None,
    key: str = "",
) -> None:
    """Send something to a queue, a function, or under a key to a bucket. In the open batch. `failure` names the metric
    of what is dropped, because it is refused, or has been tried for too long."""
    version = found.version
    letter = Letter(
        id=ctx.ids.uuid(),
        arn=arn,
        body=body,
        function=version.function,
        role=version.role,
        running=version.arn(ctx),
        source=found.arn,
        created=ctx.now,
        failure=Measure(failure, 1, {"FunctionName": version.function}),
        success=success,
        attributes={name: value for name, value in (attributes or {}).items() if value},
        key=key,
        trace=ctx.trace,
    )
    letters.put(ctx, letter)
    ctx.timers.set(ctx, TIMER, ctx.now, letter.id)


@lambda_.timer(TIMER)
def attempt(ctx: Context, id: str) -> None:
    if letter := letters.get(ctx, id):
        ctx.timers.set(ctx, TIMER, ctx.now + SPARE, id)
        ctx.timers.spawn(_attempt(ctx.traced(letter.trace), letter))


async def _attempt(ctx: Context, letter: Letter) -> None:
    try:
        await _deliver(ctx, letter)
    except AwsError as error:
        again = ctx.now + RETRY.wait(letter.attempts + 1)
        if error.is_transient and again <= letter.created + RETRY.max_age:
            letters.put(ctx, replace(letter, attempts=letter.attempts + 1))
            ctx.timers.set(ctx, TIMER, again, letter.id)
            return
        log.warning("what came of %s could not be sent to %s: %s", letter.source, letter.arn, error)
        letter.failure.record(ctx)
    else:
        if letter.success:
            letter.success.record(ctx)
    letters.delete(ctx, letter.id)
    ctx.timers.cancel(ctx, TIMER, letter.id)


async def _deliver(ctx: Context, letter: Letter) -> None:
    """Raises: AwsError."""
    place = Arn.parse(letter.arn)
    role = roles.become(ctx, letter.function, letter.role, letter.running)
    acting = ctx.by(role).at(region=place.region or ctx.region)
    match place.service:
        case "sqs":
            await _to_queue(acting, place, letter)
        case "lambda":
            given = {"FunctionName": letter.arn, "InvocationType": "Event", "Payload": letter.body}
            await acting.call("lambda", "Invoke", **given)
        case "s3":
            await acting.call("s3", "PutObject", Bucket=place.resource, Key=letter.key, Body=letter.body)
        case service:
            raise AwsError(f"{service} is not implemented by Hodei")


async def _to_queue(acting: Context, place: Arn, letter: Letter) -> None:
    attributes = {name: {"DataType": "String", "StringValue": value} for name, value in letter.attributes.items()}
    await acting.call(
        "sqs",
        "SendMessage",
        QueueUrl=f"{acting.world.url}/{place.account}/{place.resource}",
        MessageBody=letter.body.decode(),
        **({"MessageAttributes": attributes} if attributes else {}),
    )
