"""Asynchronous invokes: events are kept, run, tried again, and given up into dead letters and destinations.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.kernel.deliver import Delivery
from hodei.kernel.errors import AwsError
from hodei.kernel.tables import Record
from hodei.services.lambda_ import errors, find
from hodei.services.lambda_.find import Found
from hodei.services.lambda_.invoking import destinations, measures, payloads, running
from hodei.services.lambda_.runtime.invocation import Invocation, Outcome
from hodei.services.lambda_.service import lambda_
from hodei.services.lambda_.state import LATEST, EventConfig, event_configs, functions

TIMER = "event"
LARGEST = 1024 * 1024  # bytes of an event
RETRIES, OLDEST = 2, 6 * 3600  # unless a configuration says otherwise
PAUSES = (60.0, 120.0)  # seconds after the first and the second error
LONGEST_PAUSE = 300.0  # after throttles, which begin with a second
SPARE = 30.0  # seconds that an attempt may take beyond the function's timeout before it is made again

replace = msgspec.structs.replace


class Event(Record):
    """One that was accepted. `attempts` have failed in the function, `throttled` for want of room."""

    id: str
    function: str
    qualifier: str
    payload: bytes
    created: float
    attempts: int = 0
    throttled: int = 0
    trace: str = ""  # the tracing header it came with


events = lambda_.table("events", Event, key="id")


def accept(ctx: Context, function: str, qualifier: str, payload: bytes, id: str) -> None:
    """Keep an event for a function of the account of `ctx`. In the open batch. Raises: RequestTooLargeException."""
    if len(payload) > LARGEST:
        kind = f"the Event invocation type (limit {LARGEST} bytes)"
        raise errors.RequestTooLargeException(reason=f"{len(payload)} byte payload is too large for {kind}")
    event = Event(
        id=id, function=function, qualifier=qualifier, payload=payload or b"{}", created=ctx.now, trace=ctx.trace
    )
    events.put(ctx, event)
    ctx.timers.set(ctx, TIMER, ctx.now, id)
    ctx.metric("AWS/Lambda", "AsyncEventsReceived", 1, "Count", FunctionName=function)


@lambda_.delivers
async def receive(ctx: Context, arn: Arn, delivery: Delivery) -> None:
    """What other services send is invoked asynchronously, if the function's policy lets them."""
    await ctx.call("lambda", "Invoke", FunctionName=str(arn), InvocationType="Event", Payload=delivery.payload)


@lambda_.timer(TIMER)
def attempt(ctx: Context, id: str) -> None:
    """The timer is set again for the case that nothing comes of it: the process may be killed meanwhile."""
    if (event := events.get(ctx, id)) is None:
        return
    try:
        found = find.choose(ctx, event.function, event.qualifier)
    except AwsError:
        _over(ctx, event)  # the function is gone
        return
    ctx.timers.set(ctx, TIMER, ctx.now + found.version.timeout + SPARE, id)
    ctx.timers.spawn(_attempt(ctx, event, found))


async def _attempt(ctx: Context, event: Event, found: Found) -> None:
    config = event_configs.get(ctx, event.function, event.qualifier or LATEST)
    oldest = config.age if config and config.age is not None else OLDEST
    if ctx.now > event.created + oldest:
        _given_up(ctx, event, found, config, "EventAgeExceeded", None)
        return
    function = functions.get(ctx, event.function)
    if function and function.reserved == 0:
        _given_up(ctx, event, found, config, "ZeroReservedConcurrency", None)
        return
    age, invocation = ctx.now - event.created, Invocation(event.id, event.payload, found.arn, trace=event.trace)
    try:
        outcome = await _outcome(ctx, found, invocation)
    except errors.TooManyRequestsException:
        _throttled(ctx, event)
        return
    except errors.RecursiveInvocationException:
        _given_up(ctx, event, found, config, "RecursiveInvocation", None)
        return
    ctx = ctx.traced(invocation.trace)
    measures.count(ctx, found.version, event.qualifier, "AsyncEventAge", age * 1000, "Milliseconds")
    if events.get(ctx, event.id) != event:
        return  # another attempt has overtaken this one
    if not outcome.error:
        _succeeded(ctx, event, found, config, outcome)
        return
    retries = config.retries if config and config.retries is not None else RETRIES
    if event.attempts < retries:
        events.put(ctx, replace(event, attempts=event.attempts + 1))
        ctx.timers.set(ctx, TIMER, ctx.now + PAUSES[min(event.attempts, 1)], event.id)
    else:
        _given_up(ctx, event, found, config, "RetriesExhausted", outcome)


async def _outcome(ctx: Context, found: Found, invocation: Invocation) -> Outcome:
    """What this machine cannot run fails, as what runs and fails. Raises: TooManyRequestsException,
    RecursiveInvocationException."""
    try:
        return (await running.run(ctx, found.version, invocation))[0]
    except (errors.TooManyRequestsException, errors.RecursiveInvocationException):
        raise
    except AwsError as error:
        return Outcome(msgspec.json.encode({"errorType": error.code, "errorMessage": error.message}), error.code)


def _throttled(ctx: Context, event: Event) -> None:
    pause = min(2.0**event.throttled, LONGEST_PAUSE)
    events.put(ctx, replace(event, throttled=event.throttled + 1))
    ctx.timers.set(ctx, TIMER, ctx.now + pause, event.id)


def _succeeded(ctx: Context, event: Event, found: Found, config: EventConfig | None, outcome: Outcome) -> None:
    if config and config.success:
        destinations.send(ctx, found, config.success, _record(ctx, event, found, "Success", outcome))
    _over(ctx, event)


def _given_up(
    ctx: Context, event: Event, found: Found, config: EventConfig | None, why: str, outcome: Outcome | None
) -> None:
    """Into the dead letters, and to the destination of failures: both, where both are there."""
    measures.count(ctx, found.version, event.qualifier, "AsyncEventsDropped")
    if found.version.dead_letters:
        destinations.bury(ctx, found, event.id, event.payload, outcome, why)
    if config and config.failure:
        key = destinations.key_of(ctx, f"async/{event.function}")
        destinations.send(ctx, found, config.failure, _record(ctx, event, found, why, outcome), key)
    _over(ctx, event)


def _over(ctx: Context, event: Event) -> None:
    events.delete(ctx, event.id)
    ctx.timers.cancel(ctx, TIMER, event.id)


def _record(ctx: Context, event: Event, found: Found, condition: str, outcome: Outcome | None) -> dict[str, Any]:
    """https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html"""
    at = datetime.fromtimestamp(ctx.now, UTC)
    record: dict[str, Any] = {
        "version": "1.0",
        "timestamp": f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z",
        "requestContext": {
            "requestId": event.id,
            "functionArn": f"{found.arn}{'' if found.qualifier else ':$LATEST'}",
            "condition": condition,
            "approximateInvokeCount": event.attempts + (outcome is not None),
        },
        "requestPayload": payloads.told(event.payload),
    }
    if outcome is not None:
        record["responseContext"] = {"statusCode": 200, "executedVersion": found.version.version}
        if outcome.error:
            record["responseContext"]["functionError"] = "Unhandled"
        record["responsePayload"] = payloads.told(outcome.payload)
    return record
