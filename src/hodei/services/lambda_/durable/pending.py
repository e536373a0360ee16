"""Operations that wait for a moment or for somebody: the end of a wait, another attempt, a callback, a function."""

from __future__ import annotations

from typing import Any

from hodei.kernel.context import Context
from hodei.services.lambda_.durable import waking
from hodei.services.lambda_.durable.progress import Progress, error_of, result_of
from hodei.services.lambda_.durable.records import RUNNING, Error, Operation, executions

TIMER = "durable-operation"


def schedule(ctx: Context, operation: Operation) -> None:
    """Have it looked at when it is due next."""
    if (at := _due(ctx, operation)) is not None:
        ctx.timers.set(ctx, TIMER, at, operation.execution, str(operation.number))


def unschedule(ctx: Context, operation: Operation) -> None:
    ctx.timers.cancel(ctx, TIMER, operation.execution, str(operation.number))


def _due(ctx: Context, operation: Operation) -> float | None:
    if operation.type == "CHAINED_INVOKE":
        return ctx.now
    if operation.type != "CALLBACK":
        return operation.due
    times = [operation.started + operation.seconds] if operation.seconds else []
    times += [operation.heard + operation.heartbeat] if operation.heartbeat else []
    return min(times, default=None)


def ready(ctx: Context, operation: Operation) -> None:
    """A step whose next attempt is due. The history does not tell of it."""
    execution = executions.get(ctx, operation.execution)
    if execution is not None and execution.status == RUNNING:
        with Progress(ctx, execution) as progress:
            progress.put(operation, status="READY", pending=None)
            waking.wake(progress)


def complete(
    ctx: Context, operation: Operation, status: str, *, result: str | None = None, error: Error | None = None
) -> None:
    """What was waited for is there, or does not come any more: the function goes on."""
    execution = executions.get(ctx, operation.execution)
    if execution is None or execution.status != RUNNING:
        return
    unschedule(ctx, operation)
    with Progress(ctx, execution) as progress:
        progress.wrote(result, error)
        done = progress.put(operation, status=status, ended=ctx.now, result=result, error=error, pending=None)
        progress.tell_of(done, status, _told(done))
        waking.wake(progress)


def _told(operation: Operation) -> dict[str, Any]:
    if operation.type == "WAIT":
        return {"Duration": operation.seconds}
    if operation.error is not None:
        return {"Error": error_of(operation.error)}
    return {"Result": result_of(operation.result)}
