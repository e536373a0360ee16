"""Invoke: a function is run, and its answer waited for or not."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from hodei.kernel.context import Context
from hodei.services.lambda_ import errors, find
from hodei.services.lambda_.durable import starting
from hodei.services.lambda_.invoking import asynchronous, payloads
from hodei.services.lambda_.invoking.synchronous import Run
from hodei.services.lambda_.runtime.invocation import Invocation
from hodei.services.lambda_.service import lambda_

SYNCHRONOUS = 6 * 2**20  # bytes of an event
TAIL = 4096  # bytes of the log that an answer can carry


@lambda_.operation("Invoke")
async def invoke(
    ctx: Context,
    *,
    FunctionName: str,
    InvocationType: str = "RequestResponse",
    LogType: str = "None",
    ClientContext: str = "",
    Payload: bytes = b"",
    Qualifier: str = "",
    DurableExecutionName: str = "",
) -> dict[str, Any]:
    found = find.choose(ctx, FunctionName, Qualifier)
    check_payload(Payload)
    if InvocationType == "DryRun":
        return {"StatusCode": 204}
    if found.version.durable:
        return await starting.invoke(found, Payload, DurableExecutionName, InvocationType)
    there, version, id = found.ctx, found.version, ctx.request_id or ctx.ids.uuid()
    if InvocationType == "Event":
        asynchronous.accept(there, version.function, found.qualifier, Payload, id)
        return {"StatusCode": 202}
    context = client_context(ClientContext)
    invocation = Invocation(id, Payload or b"{}", found.arn, trace=ctx.trace, client_context=context)
    run = Run(there, version, invocation)
    outcome = await run.outcome() if LogType != "Tail" else (await run.result())[0]
    answer: dict[str, Any] = {"StatusCode": 200, "ExecutedVersion": version.version, "Payload": outcome.payload}
    if outcome.error:
        answer["FunctionError"] = "Unhandled"
    if LogType == "Tail":
        answer["LogResult"] = tail((await run.result())[1])
    return answer


def tail(log: Sequence[str]) -> str:
    """The end of a log, in base64."""
    return base64.b64encode("\n".join([*log, ""]).encode()[-TAIL:]).decode()


def check_payload(payload: bytes) -> None:
    """Raises: RequestTooLargeException, InvalidRequestContentException."""
    if len(payload) > SYNCHRONOUS:
        kind = f"the RequestResponse invocation type (limit {SYNCHRONOUS} bytes)"
        raise errors.RequestTooLargeException(reason=f"{len(payload)} byte payload is too large for {kind}")
    if payload:
        payloads.check(payload)


def client_context(given: str) -> str:
    """It comes in base64. Raises: InvalidRequestContentException."""
    if not given:
        return ""
    try:
        return base64.b64decode(given, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        reason = "Client context must be a valid Base64-encoded JSON object."
        raise errors.InvalidRequestContentException(reason=reason) from None
