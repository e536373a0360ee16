"""The function of an execution is invoked, again and again, until it says that it is done.

https://docs.aws.amazon.com/lambda/latest/dg/durable-execution-sdk-retries.html
"""

from __future__ import annotations

from typing import Any

import msgspec

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.kernel.tables import places
from hodei.kernel.world import World
from hodei.services.lambda_ import errors
from hodei.services.lambda_.durable import ends, pending, state, tokens, waking
from hodei.services.lambda_.durable.progress import Progress, error_of
from hodei.services.lambda_.durable.records import RUNNING, Error, executions, operations
from hodei.services.lambda_.invoking import running
from hodei.services.lambda_.runtime.invocation import Invocation, Outcome
from hodei.services.lambda_.service import lambda_
from hodei.services.lambda_.state import Version, versions

SPARE = 30.0  # seconds that an invocation may take beyond the function's timeout before it is made again
MOST_IDLE = 3  # times that it may say that it waits, though it does for nothing


@lambda_.timer(waking.TIMER)
def invoke(ctx: Context, id: str) -> None:
    """The timer is set again for the case that nothing comes of it: the process may be killed meanwhile."""
    execution = executions.get(ctx, id)
    if execution is None or execution.status != RUNNING:
        return
    with Progress(ctx, execution) as progress:
        version = versions.get(ctx, execution.function, execution.version)
        if version is None:
            ends.fail(progress, ends.gone(ctx, execution))
            return
        ctx.timers.set(ctx, waking.TIMER, ctx.now + version.timeout + SPARE, id)
        ctx.timers.spawn(_invoke(ctx, version, id, _begun(progress)))


def _begun(progress: Progress) -> Invocation:
    """From now on only this invocation may checkpoint. It is told of all operations."""
    ctx, execution = progress.ctx, progress.execution
    progress.set(invocation=ctx.ids.uuid(), invoked=ctx.now, token=execution.token + 1, client="")
    event = state.event(ctx, progress.execution, tokens.checkpoint_token(ctx, progress.execution))
    progress.set(told=execution.changes)
    arn = execution.function_arn(ctx)
    return Invocation(progress.execution.invocation, event, arn, execution=execution.id)


async def _invoke(ctx: Context, version: Version, id: str, invocation: Invocation) -> None:
    outcome = await _outcome(ctx, version, invocation)
    execution = executions.get(ctx, id)
    if execution is None or execution.invocation != invocation.id:
        return  # another one has overtaken it
    with Progress(ctx, execution) as progress:
        if outcome is not None:
            _tell(progress, _error(outcome))
        progress.set(invocation="")
        if execution.status != RUNNING:
            return
        ctx.timers.cancel(ctx, waking.TIMER, id)
        if outcome is None:
            waking.wake_later(progress)
        elif outcome.error:
            progress.wrote(_error(outcome))
            waking.wake_later(progress)
        else:
            progress.set(failures=0)
            _answered(progress, outcome.payload)


async def _outcome(ctx: Context, version: Version, invocation: Invocation) -> Outcome | None:
    """None: there was no room for it. What this machine cannot run fails, as what runs and fails."""
    try:
        return (await running.run(ctx, version, invocation))[0]
    except errors.TooManyRequestsException:
        return None
    except AwsError as error:
        return Outcome(msgspec.json.encode({"errorType": error.code, "errorMessage": error.message}), error.code)


def _error(outcome: Outcome) -> Error | None:
    return error_object(outcome.payload, outcome.error) if outcome.error else None


def error_object(payload: bytes, type: str) -> Error:
    """An ErrorObject of what a runtime says that has gone wrong."""
    try:
        told = msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        told = {}
    told = told if isinstance(told, dict) else {}
    error: Error = {"ErrorType": str(told.get("errorType") or type), "ErrorMessage": str(told.get("errorMessage", ""))}
    if isinstance(trace := told.get("stackTrace"), list) and trace:
        error["StackTrace"] = [str(line) for line in trace]
    return error


def _tell(progress: Progress, error: Error | None) -> None:
    execution, now = progress.execution, progress.ctx.now
    details: dict[str, Any] = {
        "StartTimestamp": execution.invoked,
        "EndTimestamp": now,
        "RequestId": execution.invocation,
    }
    if error is not None:
        details["Error"] = error_of(error)
    progress.tell("InvocationCompleted", {"InvocationCompletedDetails": details})


def _answered(progress: Progress, payload: bytes) -> None:
    """By {"Status": "SUCCEEDED", "Result": text}, {"Status": "FAILED", "Error": ErrorObject} or {"Status": "PENDING"};
    anything else fails the execution at once."""
    try:
        answer = msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        answer = None
    match answer:
        case {"Status": "PENDING"}:
            _suspended(progress)
        case {"Status": "SUCCEEDED", "Error": dict()}:
            ends.fail(progress, ends.invalid("Cannot provide an Error for SUCCEEDED status."))
        case {"Status": "SUCCEEDED", "Result": str(result)}:
            ends.succeed(progress, result)
        case {"Status": "SUCCEEDED"} if answer.get("Result") is None:
            ends.succeed(progress, None)
        case {"Status": "SUCCEEDED"}:
            ends.fail(progress, ends.invalid("Invalid Result in invocation output."))
        case {"Status": "FAILED", "Result": str()}:
            ends.fail(progress, ends.invalid("Cannot provide a Result for FAILED status."))
        case {"Status": "FAILED"}:
            ends.fail(progress, _given(answer.get("Error")))
        case _:
            ends.fail(progress, ends.invalid("Invalid Status in invocation output."))


def _given(error: Any) -> Error:
    """The members of an ErrorObject, of whatever a function has put there."""
    given = error if isinstance(error, dict) else {}
    found: Error = {name: str(given[name]) for name in ("ErrorMessage", "ErrorType", "ErrorData") if given.get(name)}
    if isinstance(trace := given.get("StackTrace"), list):
        found["StackTrace"] = [str(line) for line in trace]
    return found


def _suspended(progress: Progress) -> None:
    """What has changed meanwhile, and it has not been told of, wakes it at once."""
    ctx, execution = progress.ctx, progress.execution
    if execution.changes > execution.told:
        progress.set(idle=0)
        waking.wake(progress)
    elif next(operations.by("pending", ctx, execution.id), None) is not None:
        progress.set(idle=0)
    elif execution.idle + 1 < MOST_IDLE:
        progress.set(idle=execution.idle + 1)
        waking.wake_later(progress)
    else:
        ends.fail(progress, ends.invalid("Cannot return PENDING status with no pending operations."))


@lambda_.on_start
def resume(world: World) -> None:
    """Invocations that were under way are so no more, when the cloud has been started or is another one now."""
    for account, region in list(places(world.store)):
        ctx = world.context("lambda", account=account, region=region)
        with world.store.batch():
            for execution in list(executions.by("statuses", ctx, RUNNING)):
                if execution.invocation:
                    executions.put(ctx, msgspec.structs.replace(execution, invocation=""), old=execution)
                    ctx.timers.set(ctx, waking.TIMER, ctx.now, execution.id)
                for operation in list(operations.by("pending", ctx, execution.id)):
                    if operation.type == "CHAINED_INVOKE":
                        pending.schedule(ctx, operation)
