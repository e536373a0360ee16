"""Dead letters of asynchronous executions that have failed."""

from __future__ import annotations

import msgspec

from hodei.kernel.context import Context
from hodei.services.lambda_.durable.ends import BURY
from hodei.services.lambda_.durable.progress import Progress
from hodei.services.lambda_.durable.records import executions, operations
from hodei.services.lambda_.find import Found
from hodei.services.lambda_.invoking import destinations
from hodei.services.lambda_.runtime.invocation import Outcome
from hodei.services.lambda_.service import lambda_
from hodei.services.lambda_.state import versions

AGAIN = 60.0  # seconds after which it is tried again if nothing has come of it, for the process was killed


@lambda_.timer(BURY)
def bury(ctx: Context, id: str) -> None:
    ctx.timers.set(ctx, BURY, ctx.now + AGAIN, id)
    ctx.timers.spawn(_bury(ctx, id))


async def _bury(ctx: Context, id: str) -> None:
    execution, started = executions.get(ctx, id), operations.get(ctx, id, 1)
    version = versions.get(ctx, execution.function, execution.version) if execution else None
    if execution and version and started and not execution.buried:
        error = execution.error or {}
        told = {"errorType": error.get("ErrorType", ""), "errorMessage": error.get("ErrorMessage", "")}
        outcome = Outcome(msgspec.json.encode(told), told["errorType"] or "Unhandled")
        found = Found(ctx, version, execution.qualifier)
        await destinations.bury(ctx, found, execution.id, (started.input or "").encode(), outcome, "RetriesExhausted")
    ctx.timers.cancel(ctx, BURY, id)
    if now := executions.get(ctx, id):
        with Progress(ctx, now) as progress:
            progress.set(buried=True)
