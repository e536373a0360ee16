"""The Runtime API of an environment: the runtime asks for events, and tells what has come of them.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from hodei.protocol.http import BodyError, Request, Response
from hodei.services.lambda_.runtime.apis import answering
from hodei.services.lambda_.runtime.apis.extensions import answered
from hodei.services.lambda_.runtime.failures import fault
from hodei.services.lambda_.runtime.invocation import Invocation, Outcome

PATH = "/2018-06-01/runtime/"
OK = {"status": "OK"}


class RuntimeApi:
    """Of one run of a runtime. `broken` is set when it tells that it cannot begin; `snapshot` is called when it is
    ready for one, and gives whether one is taken now."""

    def __init__(self, broken: asyncio.Future[None], snapshot: Callable[[], bool]) -> None:
        self._broken = broken
        self._snapshot = snapshot
        self._loop = asyncio.get_running_loop()
        self.polled: asyncio.Future[None] = self._loop.create_future()  # it waits for an event
        self.error: Outcome | None = None  # what it could not begin of
        self._handed: asyncio.Future[Invocation] | None = None
        self._current: Invocation | None = None
        self._broken_off: Invocation | None = None  # its answer has not come to its end, and the process goes on

    def answer(self, request: Request) -> Response | Awaitable[Response]:
        what = request.path.removeprefix(PATH)
        if request.method == "GET" and what == "invocation/next":
            return self._next()
        if request.method == "GET" and what == "restore/next":
            return self._restored()
        return self._told(what, request)

    def hand(self, invocation: Invocation) -> None:
        """Give it to the runtime, which has `polled`."""
        assert self._handed
        self._handed.set_result(invocation)

    def close(self) -> None:
        """Nobody is answered any more."""
        if self._handed:
            self._handed.cancel()

    async def _next(self) -> Response:
        if self._broken_off and self._broken_off is self._current:
            self._settle(self._current, fault("Runtime.TruncatedResponse", "The runtime broke its answer off."))
        self._current = None
        self._handed = self._loop.create_future()
        if not self.polled.done():
            self.polled.set_result(None)
        invocation = await self._handed
        self._current = invocation
        headers = {
            "Lambda-Runtime-Aws-Request-Id": invocation.id,
            "Lambda-Runtime-Deadline-Ms": str(int(invocation.deadline * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": invocation.arn,
            "Lambda-Runtime-Trace-Id": invocation.trace,
            "Lambda-Runtime-Client-Context": invocation.client_context,
            "Lambda-Runtime-Cognito-Identity": invocation.identity,
        }
        sent = [(name, value) for name, value in headers.items() if value]
        return Response(200, [("Content-Type", "application/json"), *sent], invocation.event)

    def _restored(self) -> Response:
        return (
            Response(200)
            if self._snapshot()
            else _error(403, "InvalidStateTransition", "State transition is not allowed")
        )

    async def _told(self, what: str, request: Request) -> Response:
        if what in ("init/error", "restore/error"):
            kind = request.headers.get(answering.ERROR_TYPE) or "Runtime.Unknown"
            self.error = Outcome(await answering.whole(request), kind)
            if not self._broken.done():
                self._broken.set_result(None)
            return answered(202, OK)
        id, _, part = what.removeprefix("invocation/").partition("/")
        current = self._current
        if current is None or current.id != id or part not in ("response", "error"):
            return _error(400, "InvalidRequestID", "Invalid request ID")
        try:
            outcome = Outcome(*await answering.taken(request, current.stream, failed=part == "error"))
        except answering.TooLarge as error:
            self._settle(current, fault("Function.ResponseSizeTooLarge", str(error)))
            return _error(413, "RequestEntityTooLarge", "Exceeded maximum allowed payload size")
        except BodyError as error:
            self._broken_off = current
            return _error(400, "TruncatedResponse", str(error))
        self._settle(current, outcome)
        return answered(202, OK)

    def _settle(self, invocation: Invocation, outcome: Outcome) -> None:
        self.polled = self._loop.create_future()
        invocation.settle(outcome)


def _error(status: int, kind: str, message: str) -> Response:
    return answered(status, {"errorType": kind, "errorMessage": message})
