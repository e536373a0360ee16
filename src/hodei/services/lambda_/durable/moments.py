"""What happens when an operation has come to its time."""

from __future__ import annotations

from hodei.kernel.context import Context
from hodei.services.lambda_.durable import chained, pending
from hodei.services.lambda_.durable.records import Error, Operation, operations
from hodei.services.lambda_.service import lambda_


@lambda_.timer(pending.TIMER)
def due(ctx: Context, execution: str, number: str) -> None:
    operation = operations.get(ctx, execution, int(number))
    if operation is None or operation.pending is None:
        return
    match operation.type:
        case "WAIT":
            pending.complete(ctx, operation, "SUCCEEDED")
        case "STEP":
            pending.ready(ctx, operation)
        case "CALLBACK":
            pending.complete(ctx, operation, "TIMED_OUT", error=_silence(ctx, operation))
        case _:
            chained.begin(ctx, operation)


def _silence(ctx: Context, operation: Operation) -> Error:
    if operation.seconds and operation.started + operation.seconds <= ctx.now:
        return {"ErrorType": "Callback.Timeout", "ErrorMessage": "Callback timed out"}
    return {"ErrorType": "Callback.Heartbeat", "ErrorMessage": "Callback timed out on heartbeat"}
