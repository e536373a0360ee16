"""How executions end, and what that means to those who wait for them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from hodei.kernel.context import Context
from hodei.services.lambda_.durable import counting, pending, waking
from hodei.services.lambda_.durable.progress import Progress, error_of, result_of, size_of
from hodei.services.lambda_.durable.records import (
    RUNNING,
    Error,
    Execution,
    executions,
    history,
    operations,
)
from hodei.services.lambda_.find import Found
from hodei.services.lambda_.invoking import destinations
from hodei.services.lambda_.runtime.invocation import Outcome
from hodei.services.lambda_.service import lambda_
from hodei.services.lambda_.state import versions

TIMEOUT, FORGET = "durable-timeout", "durable-forget"
DAY = 86400.0
SYNCHRONOUS, ASYNCHRONOUS = 6 * 2**20, 2**20  # bytes of a result
METRICS = {
    "SUCCEEDED": ("Succeeded", "DurableExecutionSucceeded"),
    "FAILED": ("Failed", "DurableExecutionFailed"),
    "TIMED_OUT": ("TimedOut", "DurableExecutionTimedOut"),
    "STOPPED": ("Stopped", "DurableExecutionStopped"),
}
"""By statuses: how the event of the history is called, and the metric."""


def channel(ctx: Context, id: str) -> tuple[str, ...]:
    """What is signalled when an execution is over."""
    return ("lambda-durable", ctx.account, ctx.region, id)


def succeed(progress: Progress, result: str | None) -> None:
    most = ASYNCHRONOUS if progress.execution.asynchronous else SYNCHRONOUS
    if size_of(result) > most:
        fail(progress, invalid(f"EXECUTION output payload size must be less than or equal to {most} bytes."))
    else:
        _end(progress, "SUCCEEDED", result, None)


def fail(progress: Progress, error: Error) -> None:
    _end(progress, "FAILED", None, error)


def stop(progress: Progress, error: Error) -> None:
    _end(progress, "STOPPED", None, error)


def invalid(reason: str) -> Error:
    """An answer of the function that is none, and what an execution may not have."""
    return {"ErrorType": "InvalidParameterValueException", "ErrorMessage": reason}


def abandon(ctx: Context, function: str, version: str) -> None:
    """Fail what runs of a version that is deleted."""
    for execution in list(executions.by("functions", ctx, function)):
        if execution.status == RUNNING and execution.version == version:
            with Progress(ctx, execution) as progress:
                fail(progress, gone(ctx, execution))


def gone(ctx: Context, execution: Execution) -> Error:
    function = ctx.arn(f"function:{execution.function}:{execution.version}")
    return {"ErrorType": "ResourceNotFoundException", "ErrorMessage": f"Function not found: {function}"}


@lambda_.timer(TIMEOUT)
def time_out(ctx: Context, id: str) -> None:
    execution = executions.get(ctx, id)
    if execution is not None and execution.status == RUNNING:
        message = f"Execution timed out after {execution.timeout} seconds"
        with Progress(ctx, execution) as progress:
            _end(progress, "TIMED_OUT", None, {"ErrorType": "Execution.Timeout", "ErrorMessage": message})


@lambda_.timer(FORGET)
def forget(ctx: Context, id: str) -> None:
    executions.delete(ctx, id)
    operations.delete_all(ctx, id)
    history.delete_all(ctx, id)


def _end(progress: Progress, status: str, result: str | None, error: Error | None) -> None:
    ctx = progress.ctx
    if progress.execution.status != RUNNING:
        return
    progress.wrote(result, error)
    progress.set(status=status, ended=ctx.now, result=result, error=error)
    name = METRICS[status][0]
    told = {"Result": result_of(result)} if error is None else {"Error": error_of(error)}
    execution = progress.execution
    progress.tell(f"Execution{name}", {f"Execution{name}Details": told}, operations.get(ctx, execution.id, 1))
    for operation in list(operations.by("pending", ctx, execution.id)):
        pending.unschedule(ctx, operation)
    ctx.timers.cancel(ctx, TIMEOUT, execution.id)
    ctx.timers.cancel(ctx, waking.TIMER, execution.id)
    ctx.timers.set(ctx, FORGET, ctx.now + execution.retention * DAY, execution.id)
    counting.end(ctx)
    _measure(ctx, execution)
    announce(ctx, execution)
    _bury(progress)
    ctx.signal(channel(ctx, execution.id))
    tell_parent(ctx, execution)


def _measure(ctx: Context, execution: Execution) -> None:
    assert execution.ended is not None
    values = (
        (METRICS[execution.status][1], 1.0, "Count"),
        ("DurableExecutionDuration", (execution.ended - execution.started) * 1000, "Milliseconds"),
        ("DurableExecutionOperations", float(execution.operations), "Count"),
        ("DurableExecutionStorageWrittenBytes", float(execution.written), "Bytes"),
    )
    for name, value, unit in values:
        ctx.metric("AWS/Lambda", name, value, unit, FunctionName=execution.function)


def announce(ctx: Context, execution: Execution) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/durable-monitoring.html#durable-monitoring-eventbridge"""
    detail: dict[str, Any] = {
        "durableExecutionArn": execution.arn(ctx),
        "durableExecutionName": execution.name,
        "functionArn": execution.function_arn(ctx),
        "status": execution.status,
        "startTimestamp": _moment(execution.started),
    }
    if execution.ended is not None:
        detail["endTimestamp"] = _moment(execution.ended)
    ctx.emit("Durable Execution Status Change", detail)


def _moment(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S}.{int(at * 1000) % 1000:03d}Z"


def _bury(progress: Progress) -> None:
    """An asynchronous one that has failed goes to the dead letters of its function; there are no destinations."""
    ctx, execution = progress.ctx, progress.execution
    if not execution.asynchronous or execution.status not in ("FAILED", "TIMED_OUT"):
        return
    version, started = versions.get(ctx, execution.function, execution.version), operations.get(ctx, execution.id, 1)
    if version is None or started is None or not version.dead_letters:
        return
    error = execution.error or {}
    told = {"errorType": error.get("ErrorType", ""), "errorMessage": error.get("ErrorMessage", "")}
    outcome = Outcome(msgspec.json.encode(told), told["errorType"] or "Unhandled")
    found, payload = Found(ctx, version, execution.qualifier), (started.input or "").encode()
    destinations.bury(ctx, found, execution.id, payload, outcome, "RetriesExhausted")


def tell_parent(ctx: Context, execution: Execution) -> None:
    """The execution that has invoked it goes on."""
    if not execution.parent:
        return
    operation = operations.get(ctx, execution.parent, execution.parent_operation)
    if operation is not None and operation.pending:
        pending.complete(ctx, operation, execution.status, result=execution.result, error=execution.error)
