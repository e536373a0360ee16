"""An execution environment: a process, and the Runtime API that it asks for its events.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from hodei.engines.sandbox.cgroups import Cgroup, peak_of
from hodei.engines.sandbox.launcher import Process
from hodei.kernel.world import Door
from hodei.protocol.http import BodyError, Request, Response
from hodei.services.lambda_.runtime import answering, entry
from hodei.services.lambda_.runtime.deployment import Deployment
from hodei.services.lambda_.runtime.output import Output

RUNTIME = "/2018-06-01/runtime/"
INIT_SECONDS = 10.0
INIT_AHEAD = 130.0  # seconds, at least, of environments that are there before anybody asks for them
KILLED = 137
MEMORY_OF_A_CPU = 1769  # MB

Answer = Response | Awaitable[Response]


@dataclass
class Invocation:
    """An event on its way through an environment. `deadline` is in real epoch seconds."""

    id: str
    event: bytes
    arn: str  # as the function was invoked
    deadline: float = 0.0
    trace: str = ""
    client_context: str = ""
    identity: str = ""
    execution: str = ""  # the id of the durable execution that it is of
    stream: answering.Stream | None = None  # where its answer goes, if not whole into the outcome
    outcome: asyncio.Future[Outcome] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    @property
    def qualifier(self) -> str:
        """By which the function was invoked; "" if by none."""
        return ":".join(self.arn.split(":")[7:])


@dataclass(frozen=True)
class Outcome:
    """What has come of an invocation: the handler's answer, or an error (`error` is its type) as JSON."""

    payload: bytes
    error: str = ""


@dataclass
class Report:
    """Of one invoke; seconds, and bytes."""

    seconds: float = 0.0
    init_seconds: float | None = None  # of an environment that was started for it
    peak: int = 0
    status: str = ""  # "timeout", "error: ..."


class Environment:
    """Serves one invocation after the other, until it fails or is ended. `say` takes the lines of its log."""

    def __init__(self, deployment: Deployment, say: Callable[[str], None]) -> None:
        self.deployment = deployment
        self.fresh = True
        self._loop = asyncio.get_running_loop()
        self.output = Output(say)
        self.group = Cgroup(deployment.memory << 20)
        self._began = self._loop.time()
        self._door: Door | None = None
        self._process: Process | None = None
        self._polled: asyncio.Future[None] = self._loop.create_future()  # the runtime waits for an event
        self._handed: asyncio.Future[Invocation] | None = None
        self._current: Invocation | None = None
        self._broken_off: Invocation | None = None  # its answer has not come to its end, and the process goes on
        self._init_error: Outcome | None = None
        self._init_seconds: float | None = None
        self.dead = False

    def runs(self, process: Process, door: Door) -> None:
        self._process, self._door = process, door
        self.output.started()

    # the Runtime API

    def answer(self, request: Request) -> Answer:
        """What the runtime asks."""
        path = request.path.partition("?")[0]
        if not path.startswith(RUNTIME):
            return _json(404, {"errorType": "InvalidRequest", "errorMessage": "no such resource"})
        what = path[len(RUNTIME) :]
        if request.method == "GET" and what == "invocation/next":
            return self._next()
        return self._told(what, request)

    async def _next(self) -> Response:
        if self._init_seconds is None:
            self._init_seconds = self._loop.time() - self._began
            self.group.slow(self.deployment.memory / MEMORY_OF_A_CPU)  # the initialisation has whole ones
        if self._broken_off and self._broken_off is self._current:
            self._settle(self._current, _fault("Runtime.TruncatedResponse", "The runtime broke its answer off."))
        self._current = None
        self._handed = self._loop.create_future()
        if not self._polled.done():
            self._polled.set_result(None)
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

    async def _told(self, what: str, request: Request) -> Response:
        if what == "init/error":
            kind = request.headers.get(answering.ERROR_TYPE) or "Runtime.Unknown"
            self._init_error = Outcome(await answering.whole(request), kind)
            return _json(202, {"status": "OK"})
        id, _, part = what.removeprefix("invocation/").partition("/")
        current = self._current
        if current is None or current.id != id or part not in ("response", "error"):
            return _json(400, {"errorType": "InvalidRequestID", "errorMessage": "Invalid request ID"})
        try:
            outcome = Outcome(*await answering.taken(request, current.stream, failed=part == "error"))
        except answering.TooLarge as error:
            self._settle(current, _fault("Function.ResponseSizeTooLarge", str(error)))
            return _json(
                413, {"errorType": "RequestEntityTooLarge", "errorMessage": "Exceeded maximum allowed payload size"}
            )
        except BodyError as error:
            self._broken_off = current
            return _json(400, {"errorType": "TruncatedResponse", "errorMessage": str(error)})
        self._settle(current, outcome)
        return _json(202, {"status": "OK"})

    def _settle(self, invocation: Invocation, outcome: Outcome) -> None:
        self._polled = self._loop.create_future()
        if not invocation.outcome.done():
            invocation.outcome.set_result(outcome)

    # invokes

    async def invoke(self, invocation: Invocation, now: Callable[[], float]) -> tuple[Outcome, Report]:
        """Run the handler; `now` is real time in epoch seconds. An environment that has failed is `dead` after it."""
        assert self._process
        report = Report()
        if failed := await self._initialised(invocation.id, self._patience()):
            self.dead = True
            report.status = f"error\tError Type: {failed.error}"
            return failed, report
        if self.fresh:
            self.fresh, report.init_seconds = False, self._init_seconds
        timeout = self.deployment.timeout
        invocation.deadline = now() + timeout
        assert self._handed
        began = self._loop.time()
        self._handed.set_result(invocation)
        done, _ = await asyncio.wait(
            (invocation.outcome, self._process.exited), timeout=timeout, return_when=asyncio.FIRST_COMPLETED
        )
        report.seconds = self._loop.time() - began
        if invocation.outcome in done:
            outcome = invocation.outcome.result()
        elif done:
            outcome = self._exited(invocation.id)
            report.status = f"error\tError Type: {outcome.error}"
        else:
            outcome, report.status, report.seconds = _timed_out(invocation.id, timeout), "timeout", float(timeout)
            self.dead = True
        self.output.drain()
        report.peak = self.group.peak() or peak_of(self._process.started.result())
        return outcome, report

    async def warm_up(self) -> Outcome | None:
        """Initialise it without an event. What it has failed of."""
        failed = await self._initialised("", max(INIT_AHEAD, self.deployment.timeout))
        self.fresh, self.dead = False, failed is not None
        return failed

    @property
    def gone(self) -> bool:
        """Whether it can serve no invocation any more."""
        return self.dead or (self._process is not None and self._process.exited.done())

    def _patience(self) -> float:
        """Seconds for which an invoke waits for the runtime."""
        if not self.fresh:
            return INIT_SECONDS
        return max(INIT_SECONDS - (self._loop.time() - self._began), 0.0) + self.deployment.timeout

    async def _initialised(self, id: str, limit: float) -> Outcome | None:
        """Wait until the runtime asks for an event. What it has failed of."""
        assert self._process
        await asyncio.wait((self._polled, self._process.exited), timeout=limit, return_when=asyncio.FIRST_COMPLETED)
        if self._polled.done():
            return None
        self.output.drain()
        if self._process.exited.done():
            return self._init_error or self._exited(id)
        return _timed_out(id, self.deployment.timeout)

    def _exited(self, id: str) -> Outcome:
        """Of a process that has ended in the midst of it."""
        assert self._process
        self.dead = True
        code = self._process.exited.result()
        if self._init_seconds is None and (fault := entry.fault(self.deployment, code, self.output.last)):
            return _fault(fault.type, f"RequestId: {id} Error: {fault.message}")
        if code == 0:
            return _fault("Runtime.ExitError", f"RequestId: {id} Error: Runtime exited without providing a reason")
        if code == KILLED and self.group.starved:
            return _fault("Runtime.OutOfMemory", f"RequestId: {id} Error: Runtime exited with error: signal: killed")
        how = f"signal: {SIGNALS.get(code - 128, code - 128)}" if code > 128 else f"exit status {code}"
        return _fault("Runtime.ExitError", f"RequestId: {id} Error: Runtime exited with error: {how}")

    async def end(self) -> None:
        """Leave nothing of it."""
        self.dead = True
        if self._process:
            self._process.kill()
            await asyncio.wait((self._process.exited,), timeout=5)
        if self._door:
            await self._door.close()
        if self._handed and not self._handed.done():
            self._handed.cancel()
        self.output.close()
        self.group.remove()


SIGNALS = {4: "illegal instruction", 6: "aborted", 9: "killed", 11: "segmentation fault", 15: "terminated"}


def _fault(kind: str, message: str) -> Outcome:
    return Outcome(msgspec.json.encode({"errorType": kind, "errorMessage": message}), kind)


def _timed_out(id: str, seconds: int) -> Outcome:
    return _fault("Sandbox.Timedout", f"RequestId: {id} Error: Task timed out after {seconds:.2f} seconds")


def _json(status: int, body: dict[str, Any]) -> Response:
    return Response(status, [("Content-Type", "application/json")], msgspec.json.encode(body))
