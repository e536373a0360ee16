"""What a checkpoint says of operations: they start, succeed, fail, are to be tried again.

https://docs.aws.amazon.com/lambda/latest/api/API_OperationUpdate.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hodei.kernel.errors import AwsError
from hodei.services.lambda_ import rules
from hodei.services.lambda_.durable import ends, pending, tokens
from hodei.services.lambda_.durable.progress import Progress, error_of, result_of, size_of
from hodei.services.lambda_.durable.records import Error, Operation, operation_of

LARGEST = 256 * 1024  # bytes of a payload,
LARGEST_INVOKE = 2**20  # of the input of a function that is invoked
ENDINGS = {"SUCCEED": "SUCCEEDED", "FAIL": "FAILED", "CANCEL": "CANCELLED"}

Update = Mapping[str, Any]


def apply(progress: Progress, update: Update) -> None:
    """Raises: InvalidParameterValueException."""
    kind = update["Type"]
    if kind == "EXECUTION":
        _end_execution(progress, update)
        return
    _check_sizes(update)
    operation = operation_of(progress.ctx, progress.execution.id, update["Id"])
    if operation is not None and operation.type != kind:
        raise rules.invalid(f"Operation {operation.id} is of type {operation.type}, not {kind}.")
    if (change := CHANGES.get((kind, update["Action"]))) is None:
        raise rules.invalid(f"Invalid action {update['Action']} for an operation of type {kind}.")
    change(progress, operation, update)


def _end_execution(progress: Progress, update: Update) -> None:
    payload = update.get("Payload")
    match update["Action"]:
        case "SUCCEED":
            ends.succeed(progress, payload)
        case "FAIL":
            ends.fail(progress, update.get("Error", {}))
        case action:
            raise rules.invalid(f"Invalid action {action} for an operation of type EXECUTION.")


def _check_sizes(update: Update) -> None:
    kind, starts = update["Type"], update["Type"] == "CHAINED_INVOKE"
    most, what = (LARGEST_INVOKE, "input") if starts else (LARGEST, "output")
    if size_of(update.get("Payload")) > most:
        raise rules.invalid(f"{kind} {what} payload size must be less than or equal to {most} bytes.")
    if size_of(update.get("Error")) > LARGEST:
        raise rules.invalid(f"{kind} error object size must be less than or equal to {LARGEST} bytes.")


def _started(progress: Progress, update: Update, **members: Any) -> Operation:
    """A new operation, which is not stored yet. Raises: InvalidParameterValueException."""
    parent = update.get("ParentId", "")
    if parent and operation_of(progress.ctx, progress.execution.id, parent) is None:
        raise rules.invalid(f"Invalid parent operation id: {parent}")
    return Operation(
        execution=progress.execution.id,
        number=progress.next_number(),
        id=update["Id"],
        type=update["Type"],
        status="STARTED",
        started=progress.ctx.now,
        parent=parent,
        name=update.get("Name", ""),
        subtype=update.get("SubType", ""),
        **members,
    )


def _check_new(operation: Operation | None) -> None:
    if operation is not None:
        raise _out_of_place(operation, "START")


def _out_of_place(operation: Operation, action: str) -> AwsError:
    return rules.invalid(f"Invalid action {action} for operation {operation.id}, which is {operation.status}.")


# contexts


def _start_context(progress: Progress, operation: Operation | None, update: Update) -> None:
    _check_new(operation)
    progress.tell_of(progress.put(_started(progress, update)), "STARTED", {})


def _end_context(progress: Progress, operation: Operation | None, update: Update) -> None:
    replays = bool(update.get("ContextOptions", {}).get("ReplayChildren"))
    _end(progress, operation or _started(progress, update), update, {}, replay_children=replays)


def _end(progress: Progress, operation: Operation, update: Update, details: dict[str, Any], **changes: Any) -> None:
    """By SUCCEED or FAIL of the function itself."""
    action = update["Action"]
    if operation.status not in ("STARTED", "READY"):
        raise _out_of_place(operation, action)
    payload, error = update.get("Payload"), update.get("Error")
    if action == "FAIL":
        payload, error = None, error or {}
    progress.wrote(payload, error)
    status = ENDINGS[action]
    done = {"status": status, "ended": progress.ctx.now, "result": payload, "error": error, "pending": None}
    told = {"Error": error_of(error)} if action == "FAIL" else {"Result": result_of(payload)}
    progress.tell_of(progress.put(operation, **done, **changes), status, {**told, **details})


# steps


def _start_step(progress: Progress, operation: Operation | None, update: Update) -> None:
    if operation is None:
        operation = _started(progress, update)
    elif operation.status != "READY":
        raise _out_of_place(operation, "START")
    progress.tell_of(progress.put(operation, status="STARTED"), "STARTED", {})


def _end_step(progress: Progress, operation: Operation | None, update: Update) -> None:
    operation = operation or _started(progress, update)
    attempt = operation.attempt + 1
    _end(progress, operation, update, {"RetryDetails": {"CurrentAttempt": attempt}}, attempt=attempt)


def _retry_step(progress: Progress, operation: Operation | None, update: Update) -> None:
    """With an error, or, of one that polls for something, with what it has found."""
    operation = operation or _started(progress, update)
    if operation.status not in ("STARTED", "READY"):
        raise _out_of_place(operation, "RETRY")
    payload, error = update.get("Payload"), update.get("Error")
    delay = update.get("StepOptions", {}).get("NextAttemptDelaySeconds", 1)
    progress.wrote(payload, error)
    progress.count()
    operation = progress.put(
        operation,
        status="PENDING",
        pending=1,
        attempt=operation.attempt + 1,
        due=progress.ctx.now + delay,
        result=payload,
        error=error,
    )
    pending.schedule(progress.ctx, operation)
    details = {"RetryDetails": {"CurrentAttempt": operation.attempt, "NextAttemptDelaySeconds": delay}}
    told: dict[str, Any] = {"Error": error_of(error)} if error is not None else {"Result": result_of(payload)}
    progress.tell_of(operation, "SUCCEEDED" if error is None else "FAILED", {**told, **details})


# waits


def _start_wait(progress: Progress, operation: Operation | None, update: Update) -> None:
    _check_new(operation)
    seconds = update.get("WaitOptions", {}).get("WaitSeconds", 1)
    ends_at = progress.ctx.now + seconds
    operation = progress.put(_started(progress, update, pending=1, due=ends_at, seconds=seconds))
    pending.schedule(progress.ctx, operation)
    progress.tell_of(operation, "STARTED", {"Duration": seconds, "ScheduledEndTimestamp": ends_at})


def _cancel_wait(progress: Progress, operation: Operation | None, update: Update) -> None:
    if operation is None or operation.status != "STARTED":
        raise rules.invalid(f"There is no wait {update['Id']} to be cancelled.")
    error: Error = update.get("Error", {})
    pending.unschedule(progress.ctx, operation)
    done = progress.put(operation, status="CANCELLED", ended=progress.ctx.now, error=error, pending=None)
    progress.tell_of(done, "CANCELLED", {"Error": error_of(error)})


# callbacks


def _start_callback(progress: Progress, operation: Operation | None, update: Update) -> None:
    _check_new(operation)
    options = update.get("CallbackOptions", {})
    seconds, heartbeat = options.get("TimeoutSeconds", 0), options.get("HeartbeatTimeoutSeconds", 0)
    started = _started(progress, update, pending=1, seconds=seconds, heartbeat=heartbeat, heard=progress.ctx.now)
    id = tokens.callback_id(progress.ctx, progress.execution, started.number)
    operation = progress.put(started, callback=id)
    pending.schedule(progress.ctx, operation)
    limits = {"HeartbeatTimeout": heartbeat, "Timeout": seconds}
    told = {name: value for name, value in limits.items() if value}
    progress.tell_of(operation, "STARTED", {"CallbackId": id, **told})


# functions that are invoked


def _start_invoke(progress: Progress, operation: Operation | None, update: Update) -> None:
    _check_new(operation)
    options = update.get("ChainedInvokeOptions")
    if options is None:
        raise rules.invalid("ChainedInvokeOptions must be given to start an operation of type CHAINED_INVOKE.")
    rules.refuse(**{"ChainedInvokeOptions.TenantId": options.get("TenantId")})
    payload = update.get("Payload")
    progress.wrote(payload)
    target, child = options["FunctionName"], progress.ctx.ids.uuid()
    operation = progress.put(_started(progress, update, pending=1, target=target, child=child, input=payload))
    pending.schedule(progress.ctx, operation)
    progress.tell_of(operation, "STARTED", {"FunctionName": target, "Input": result_of(payload)})


CHANGES: Mapping[tuple[str, str], Callable[[Progress, Operation | None, Update], None]] = {
    ("CONTEXT", "START"): _start_context,
    ("CONTEXT", "SUCCEED"): _end_context,
    ("CONTEXT", "FAIL"): _end_context,
    ("STEP", "START"): _start_step,
    ("STEP", "SUCCEED"): _end_step,
    ("STEP", "FAIL"): _end_step,
    ("STEP", "RETRY"): _retry_step,
    ("WAIT", "START"): _start_wait,
    ("WAIT", "CANCEL"): _cancel_wait,
    ("CALLBACK", "START"): _start_callback,
    ("CHAINED_INVOKE", "START"): _start_invoke,
}
