"""Functions that an execution invokes, and waits for. https://docs.aws.amazon.com/lambda/latest/dg/durable-invoking.html"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context, Principal
from hodei.kernel.errors import AwsError
from hodei.services.lambda_ import errors, find
from hodei.services.lambda_.durable import ends, pending, tokens
from hodei.services.lambda_.durable.records import RUNNING, Operation, executions, operations
from hodei.services.lambda_.durable.running import SPARE, error_object
from hodei.services.lambda_.durable.updates import LARGEST_INVOKE
from hodei.services.lambda_.find import Found
from hodei.services.lambda_.functions import roles
from hodei.services.lambda_.state import versions

AGAIN = 1.0  # seconds until a function that there was no room for, or that Lambda failed to run, is invoked again


def begin(ctx: Context, operation: Operation) -> None:
    """The timer is set again for the case that nothing comes of it: the process may be killed meanwhile."""
    if not _waiting(ctx, operation):
        return
    try:
        found = _target(ctx, operation)
    except AwsError as error:
        _fail(ctx, operation, error)
        return
    at = ctx.now + found.version.timeout + SPARE
    ctx.timers.set(ctx, pending.TIMER, at, operation.execution, str(operation.number))
    ctx.timers.spawn(_invoke(ctx, operation, found))


def _target(ctx: Context, operation: Operation) -> Found:
    """Raises: ResourceNotFoundException, InvalidParameterValueException."""
    found = find.describe(ctx, operation.target)
    if found.ctx.account != ctx.account:
        raise errors.InvalidParameterValueException(reason="Cross-account chained invocations are not supported.")
    return found


async def _invoke(ctx: Context, operation: Operation, found: Found) -> None:
    try:
        acting = ctx.by(_role(ctx, operation))
        given = {"FunctionName": operation.target, "Payload": (operation.input or "").encode()}
        if found.version.durable:
            name = operation.child  # so that it is started but once
            answer = await acting.call("lambda", "Invoke", InvocationType="Event", DurableExecutionName=name, **given)
            _join(ctx, operation, answer["DurableExecutionArn"])
            return
        answer = await acting.call("lambda", "Invoke", **given)
    except AwsError as error:
        if not error.is_transient:
            _fail(ctx, operation, error)
        elif _waiting(ctx, operation):
            ctx.timers.set(ctx, pending.TIMER, ctx.now + AGAIN, operation.execution, str(operation.number))
        return
    if _waiting(ctx, operation):
        _answered(ctx, operation, answer)


def _answered(ctx: Context, operation: Operation, answer: Mapping[str, Any]) -> None:
    payload: bytes = answer["Payload"]
    if kind := answer.get("FunctionError"):
        pending.complete(ctx, operation, "FAILED", error=error_object(payload, kind))
    elif len(payload) > LARGEST_INVOKE:
        reason = f"CHAINED_INVOKE output payload size must be less than or equal to {LARGEST_INVOKE} bytes."
        pending.complete(ctx, operation, "FAILED", error=ends.invalid(reason))
    else:
        pending.complete(ctx, operation, "SUCCEEDED", result=payload.decode("utf-8", "replace"))


def _role(ctx: Context, operation: Operation) -> Principal:
    """Who the function that invokes acts as. Raises: AwsError."""
    execution = executions.get(ctx, operation.execution)
    version = versions.get(ctx, execution.function, execution.version) if execution else None
    if version is None:
        raise errors.ResourceNotFoundException(reason="Function not found")
    return roles.become(ctx, version.function, version.role, version.arn(ctx))


def _join(ctx: Context, operation: Operation, arn: str) -> None:
    """The child tells its parent when it is over; it may be already."""
    found = tokens.find(ctx, arn)
    if found is None or not _waiting(ctx, operation):
        return
    child = replace(found[1], parent=operation.execution, parent_operation=operation.number)
    executions.put(ctx, child)
    pending.unschedule(ctx, operation)
    if child.status != RUNNING:
        ends.tell_parent(ctx, child)


def _waiting(ctx: Context, operation: Operation) -> bool:
    """Whether its answer is still waited for."""
    execution = executions.get(ctx, operation.execution)
    now = operations.get(ctx, operation.execution, operation.number)
    return execution is not None and execution.status == RUNNING and now is not None and now.pending is not None


def _fail(ctx: Context, operation: Operation, error: AwsError) -> None:
    if _waiting(ctx, operation):
        told = {"ErrorType": error.code, "ErrorMessage": error.message}
        pending.complete(ctx, operation, "FAILED", error=told)
