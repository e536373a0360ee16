"""Callbacks: others say how an operation has ended, or that they are still at it."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.lambda_ import errors, rules
from hodei.services.lambda_.durable import pending, tokens
from hodei.services.lambda_.durable.progress import size_of
from hodei.services.lambda_.durable.records import RUNNING, Operation, executions, operations
from hodei.services.lambda_.durable.updates import LARGEST
from hodei.services.lambda_.service import lambda_
from hodei.services.lambda_.state import NONE, Wire


@lambda_.operation("SendDurableExecutionCallbackSuccess")
def send_durable_execution_callback_success(ctx: Context, *, CallbackId: str, Result: bytes = b"") -> dict[str, Any]:
    there, operation = _waiting(ctx, CallbackId)
    if len(Result) > LARGEST:
        raise rules.invalid(f"CALLBACK output payload size must be less than or equal to {LARGEST} bytes.")
    pending.complete(there, operation, "SUCCEEDED", result=Result.decode("utf-8", "replace"))
    return {}


@lambda_.operation("SendDurableExecutionCallbackFailure")
def send_durable_execution_callback_failure(ctx: Context, *, CallbackId: str, Error: Wire = NONE) -> dict[str, Any]:
    there, operation = _waiting(ctx, CallbackId)
    if size_of(error := dict(Error)) > LARGEST:
        raise rules.invalid(f"CALLBACK error object size must be less than or equal to {LARGEST} bytes.")
    pending.complete(there, operation, "FAILED", error=error)
    return {}


@lambda_.operation("SendDurableExecutionCallbackHeartbeat")
def send_durable_execution_callback_heartbeat(ctx: Context, *, CallbackId: str) -> dict[str, Any]:
    there, operation = _waiting(ctx, CallbackId)
    heard = replace(operation, heard=ctx.now)
    operations.put(there, heard, old=operation)
    pending.schedule(there, heard)
    return {}


def _waiting(ctx: Context, id: str) -> tuple[Context, Operation]:
    """The operation of a callback that is waited for. Raises: InvalidParameterValueException,
    ResourceNotFoundException, CallbackTimeoutException."""
    if (found := tokens.read_callback(ctx, id)) is None:
        raise rules.invalid("Invalid callback id")
    there, execution_id, number = found
    execution, operation = executions.get(there, execution_id), operations.get(there, execution_id, number)
    if execution is None or operation is None:
        raise errors.ResourceNotFoundException(reason="The durable execution of the callback does not exist.")
    if execution.status != RUNNING or operation.pending is None:
        raise errors.CallbackTimeoutException()
    return there, operation
