"""Executions begin: durable functions are invoked by a version or an alias, and answer when they are done.

https://docs.aws.amazon.com/lambda/latest/dg/durable-invoking.html
https://docs.aws.amazon.com/lambda/latest/dg/durable-execution-idempotency.html
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from hodei.kernel.context import Context
from hodei.services.lambda_ import errors, rules
from hodei.services.lambda_.durable import counting, ends, waking
from hodei.services.lambda_.durable.progress import Progress, result_of
from hodei.services.lambda_.durable.records import RUNNING, Execution, Operation, executions
from hodei.services.lambda_.find import Found
from hodei.services.lambda_.runtime.invocation import Invocation, Outcome

LONGEST_SYNCHRONOUS = 900  # seconds
LARGEST_EVENT = 2**20  # bytes


async def invoke(found: Found, payload: bytes, name: str, kind: str) -> dict[str, Any]:
    """Invoke's answer, when the execution has begun ("Event") or is over. Raises: InvalidParameterValueException,
    RequestTooLargeException, DurableExecutionAlreadyStartedException."""
    ctx, asynchronous = found.ctx, kind == "Event"
    if asynchronous and len(payload) > LARGEST_EVENT:
        what = f"the Event invocation type (limit {LARGEST_EVENT} bytes)"
        raise errors.RequestTooLargeException(reason=f"{len(payload)} byte payload is too large for {what}")
    execution = begin(found, payload, name, asynchronous=asynchronous)
    answer: dict[str, Any] = {"DurableExecutionArn": execution.arn(ctx)}
    if asynchronous:
        return {"StatusCode": 202, **answer}
    outcome = await _outcome(ctx, execution)
    answer |= {"StatusCode": 200, "ExecutedVersion": execution.version, "Payload": outcome.payload}
    return answer | ({"FunctionError": "Unhandled"} if outcome.error else {})


async def run(found: Found, invocation: Invocation) -> Outcome:
    """Start an execution and wait for its end, as pollers of event sources do. Raises:
    InvalidParameterValueException."""
    outcome = await _outcome(found.ctx, begin(found, invocation.event, "", asynchronous=False))
    if invocation.stream:
        invocation.stream.content_type = "application/json"
    return outcome


def check(found: Found, *, asynchronous: bool) -> None:
    """How a durable function may be invoked. Raises: InvalidParameterValueException."""
    if not found.qualifier:
        raise rules.invalid("You cannot invoke a durable function using an unqualified ARN.")
    if not asynchronous and found.version.durable["ExecutionTimeout"] > LONGEST_SYNCHRONOUS:
        raise rules.invalid(
            "You cannot synchronously invoke a durable function with an executionTimeout greater than 15 minutes."
        )


def begin(found: Found, payload: bytes, name: str, *, asynchronous: bool) -> Execution:
    """A new execution, or the one that has begun by that name and the same input."""
    ctx, version = found.ctx, found.version
    check(found, asynchronous=asynchronous)
    digest = hashlib.sha256(payload or b"{}").hexdigest()
    if name and (known := next(executions.by("names", ctx, version.function, name), None)):
        if known.digest != digest:
            raise errors.DurableExecutionAlreadyStartedException(name=name)
        return known
    execution = Execution(
        id=ctx.ids.uuid(),
        name=name or ctx.ids.uuid(),
        function=version.function,
        version=version.version,
        qualifier=found.qualifier,
        started=ctx.now,
        timeout=version.durable["ExecutionTimeout"],
        retention=version.durable["RetentionPeriodInDays"],
        digest=digest,
        asynchronous=asynchronous,
    )
    return _begun(ctx, execution, (payload or b"{}").decode())


def _begun(ctx: Context, execution: Execution, payload: str) -> Execution:
    counting.begin(ctx)
    executions.put(ctx, execution, old=None)
    with Progress(ctx, execution) as progress:
        progress.wrote(payload)
        number = progress.next_number()
        started = Operation(
            execution=execution.id,
            number=number,
            id=execution.id,
            type="EXECUTION",
            status="STARTED",
            started=ctx.now,
            name=execution.name,
            input=payload,
        )
        progress.put(started)
        progress.set(told=progress.execution.changes)
        details = {"Input": result_of(payload), "ExecutionTimeout": execution.timeout}
        progress.tell("ExecutionStarted", {"ExecutionStartedDetails": details}, started)
        waking.wake(progress)
    ctx.timers.set(ctx, ends.TIMEOUT, ctx.now + execution.timeout, execution.id)
    ctx.metric("AWS/Lambda", "DurableExecutionStarted", 1, "Count", FunctionName=execution.function)
    ends.announce(ctx, execution)
    return progress.execution


async def _outcome(ctx: Context, execution: Execution) -> Outcome:
    """Of an execution that is over, or will be: its timeout sees to that."""
    found: Execution | None = execution
    while found is not None and found.status == RUNNING:
        await ctx.wait(ends.channel(ctx, execution.id), execution.started + execution.timeout + 1)
        found = executions.get(ctx, execution.id)
    if found is None:
        raise errors.ResourceNotFoundException(reason=f"Durable execution not found: {execution.arn(ctx)}")
    if found.status == "SUCCEEDED":
        return Outcome((found.result or "null").encode())
    error = found.error or {}
    members = {"errorType": "ErrorType", "errorMessage": "ErrorMessage", "stackTrace": "StackTrace"}
    told = {name: error[member] for name, member in members.items() if member in error}
    return Outcome(msgspec.json.encode(told), str(error.get("ErrorType") or "Unhandled"))
