"""InvokeWithResponseStream: a function is run, and its answer sent on as it comes.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from hodei.kernel.context import Context
from hodei.services.lambda_ import find
from hodei.services.lambda_.invoking import invoke
from hodei.services.lambda_.invoking.synchronous import Run
from hodei.services.lambda_.runtime.apis.answering import Stream
from hodei.services.lambda_.runtime.invocation import Invocation, Outcome
from hodei.services.lambda_.service import lambda_
from hodei.services.lambda_.state import Version

UNCAPPED = 6 * 2**20  # bytes that go out as fast as they come
BANDWIDTH = 2 * 2**20  # bytes a second of those after them
PACE = "lambda streams"  # a channel that nobody signals

Event = dict[str, Any]


class Streamed:
    """The answer of a function that runs, part by part.

    Where AWS's request rates are on, so is its bandwidth. Who does not read on to the end, or never begins to, does not
    hold the function up: its `__del__` sees to it where no one could call `aclose`.
    """

    def __init__(self, ctx: Context, version: Version, invocation: Invocation) -> None:
        self._ctx = ctx
        self._size = 0
        self.over = False  # whether all of it has been read
        self._stream = invocation.stream = Stream()
        self.run = Run(ctx, version, invocation)

    @property
    def content_type(self) -> str:
        return self._stream.content_type

    async def begun(self) -> None:
        """Wait for the first part, or the end. Raises as `Run.result`, if it has been refused."""
        await self._stream.ready()
        await self.run.begun()

    async def outcome(self) -> Outcome:
        return (await self.run.result())[0]

    def __aiter__(self) -> Streamed:
        return self

    async def __anext__(self) -> bytes:
        part = await self._stream.take()
        if not part:
            self.over = True
            raise StopAsyncIteration
        capped = min(len(part), max(self._size + len(part) - UNCAPPED, 0))
        self._size += len(part)
        if capped and self._ctx.world.limits.mode == "aws":
            await self._ctx.wait(PACE, self._ctx.now + capped / BANDWIDTH)
        return part

    async def aclose(self) -> None:
        self._stream.close()

    def __del__(self) -> None:
        self._stream.close()


@lambda_.operation("InvokeWithResponseStream")
async def invoke_with_response_stream(
    ctx: Context,
    *,
    FunctionName: str,
    InvocationType: str = "RequestResponse",
    LogType: str = "None",
    ClientContext: str = "",
    Payload: bytes = b"",
    Qualifier: str = "",
) -> dict[str, Any]:
    found = find.choose(ctx, FunctionName, Qualifier)
    invoke.check_payload(Payload)
    if InvocationType == "DryRun":
        return {"StatusCode": 204}
    context = invoke.client_context(ClientContext)
    id = ctx.request_id or ctx.ids.uuid()
    invocation = Invocation(id, Payload or b"{}", found.arn, trace=ctx.trace, client_context=context)
    streamed = Streamed(found.ctx, found.version, invocation)
    await streamed.begun()
    return {
        "StatusCode": 200,
        "ExecutedVersion": found.version.version,
        "EventStream": _events(streamed, tail=LogType == "Tail"),
    }


async def _events(streamed: Streamed, *, tail: bool) -> AsyncIterator[Event]:
    async for part in streamed:
        yield {"PayloadChunk": {"Payload": part}}
    outcome, log = await streamed.run.result()
    complete = {"LogResult": invoke.tail(log)} if tail else {}
    if outcome.error:
        complete |= {"ErrorCode": "Unhandled", "ErrorDetails": outcome.payload.decode(errors="replace")}
    yield {"InvokeComplete": complete}
