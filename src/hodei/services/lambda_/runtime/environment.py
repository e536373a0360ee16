"""An execution environment: its processes, the Runtime API that they ask for events, and the phases of its life.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from hodei.engines.sandbox.cgroups import Cgroup, peak_of
from hodei.kernel.world import Door
from hodei.protocol.http import BodyError, Request, Response
from hodei.services.lambda_.runtime import answering, entry, extensions, telemetry
from hodei.services.lambda_.runtime.deployment import ON_DEMAND, Deployment
from hodei.services.lambda_.runtime.extensions import Extension, Extensions
from hodei.services.lambda_.runtime.initialisation import Initialisation
from hodei.services.lambda_.runtime.journal import Journal, milliseconds, moment
from hodei.services.lambda_.runtime.processes import Plan, Processes
from hodei.services.lambda_.runtime.telemetry import Telemetry

RUNTIME = "/2018-06-01/runtime/"
INIT_SECONDS = 10.0
INIT_AHEAD = 130.0  # seconds, at least, of environments that are there before anybody asks for them
SHUTDOWN_SECONDS = 2.0  # of environments with external extensions, in which the runtime comes first
SIGTERM_SECONDS, SIGTERM_SECONDS_INTERNAL = 0.3, 0.5  # for the runtime; more with internal extensions
EXIT_SECONDS = 0.3  # in which an extension that has failed should exit
KILLED = 137
MEMORY_OF_A_CPU = 1769  # MB

Answer = Response | Awaitable[Response]


@dataclass
class Invocation:
    """An event on its way through an environment. `deadline` is in real epoch seconds; `early` tells of an outcome that
    is there while extensions go on."""

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
    early: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    @property
    def qualifier(self) -> str:
        """By which the function was invoked; "" if by none."""
        return ":".join(self.arn.split(":")[7:])

    @property
    def produced(self) -> int:
        """The bytes of its answer, when that is over."""
        return len(self.outcome.result().payload) + (self.stream.size if self.stream else 0)


@dataclass(frozen=True)
class Outcome:
    """What has come of an invocation: the handler's answer, or an error (`error` is its type) as JSON."""

    payload: bytes
    error: str = ""


@dataclass
class Report:
    """Of one invoke; seconds, and bytes. It has failed if its `status` is "timeout" or "error", of a type."""

    seconds: float = 0.0
    init_seconds: float | None = None  # of an environment that was started for it
    restore_seconds: float | None = None  # of one that began with a snapshot
    peak: int = 0
    status: str = "success"
    error: str = ""
    after: float | None = None  # for which extensions went on after the runtime

    @property
    def billed(self) -> float:
        """Seconds."""
        return self.seconds + (self.init_seconds or 0.0) + (self.restore_seconds or 0.0)


class Environment:
    """Serves one invocation after the other, until it fails or is ended. `new_id` makes the identifiers of extensions,
    `now` is real time in epoch seconds."""

    def __init__(
        self, deployment: Deployment, journal: Journal, new_id: Callable[[], str], now: Callable[[], float]
    ) -> None:
        self.deployment = deployment
        self.journal = journal
        self.group = Cgroup(deployment.memory << 20)
        self._new_id = new_id
        self._now = now
        self._loop = asyncio.get_running_loop()
        self._door: Door | None = None
        self._plan: Plan | None = None
        self._init: Initialisation | None = None
        self._reported = False
        self._failed: Outcome | None = None  # what the initialisation has failed of
        self._dead = False
        self._ending = asyncio.Lock()
        self._reason = "spindown"  # for which it is shut down
        self._blank()

    def _blank(self) -> None:
        """As it is while nothing runs."""
        self._listen(())
        self._processes: Processes | None = None
        self._broken: asyncio.Future[None] = self._loop.create_future()  # something has ended that has to run
        self._polled: asyncio.Future[None] = self._loop.create_future()  # the runtime waits for an event
        self._handed: asyncio.Future[Invocation] | None = None
        self._current: Invocation | None = None
        self._broken_off: Invocation | None = None  # its answer has not come to its end, and the process goes on
        self._init_error: Outcome | None = None

    def _listen(self, names: Iterable[str]) -> None:
        """To extensions, of which these are external."""
        self.extensions = Extensions(self.deployment, names, self.journal, self._new_id)
        structured = self.deployment.log_format == "JSON"
        self.telemetry = Telemetry(self.journal, self.extensions.of, structured=structured)

    def furnish(self, door: Door, plan: Plan) -> None:
        self._door, self._plan = door, plan

    @property
    def dead(self) -> bool:
        """Whether it can serve no invocation any more."""
        return self._dead or (self._broken.done() and not self._failed)

    # the Runtime API

    def answer(self, request: Request) -> Answer:
        """What the runtime and the extensions ask."""
        path = request.path
        if path.startswith(extensions.PATH):
            return self.extensions.answer(request)
        if path.rstrip("/") in telemetry.APIS:
            return self.telemetry.answer(request)
        if not path.startswith(RUNTIME):
            return _json(404, {"errorType": "InvalidRequest", "errorMessage": "no such resource"})
        what = path[len(RUNTIME) :]
        if request.method == "GET" and what == "invocation/next":
            return self._next()
        if request.method == "GET" and what == "restore/next":
            return self._restored()
        return self._told(what, request)

    async def _next(self) -> Response:
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
        if what in ("init/error", "restore/error"):
            kind = request.headers.get(answering.ERROR_TYPE) or "Runtime.Unknown"
            self._init_error = Outcome(await answering.whole(request), kind)
            _set(self._broken)
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

    # initialisation

    async def initialise(self) -> Outcome | None:
        """What it fails of shows in the first invoke too, which does it again. Raises: CannotStart."""
        patient = self.deployment.initialization != ON_DEMAND or self.deployment.debugger
        limit = max(INIT_AHEAD, self.deployment.timeout) if patient else INIT_SECONDS
        self._failed = await self._initialised("init", limit)
        return self._failed

    async def _initialised(self, phase: str, limit: float, id: str = "") -> Outcome | None:
        """Start all there is, and wait until it has asked for an event. What it has failed of."""
        assert self._plan
        self._listen(self._plan.extensions)
        self._init = Initialisation(self.deployment, self.journal, phase, self._plan.label)
        failed = await self._started(self._init.began + limit, id)
        if self._processes:
            self._processes.drain()
        self.group.slow(self.deployment.memory / MEMORY_OF_A_CPU)  # the initialisation has whole ones
        self._init.end(self.extensions, _status(failed))
        self.telemetry.shut()
        return failed

    def _restored(self) -> Response:
        assert self._processes and self._init
        self._processes.drain()
        if self._init.snapshot(self.extensions):
            return Response(200)
        return _json(403, {"errorType": "InvalidStateTransition", "errorMessage": "State transition is not allowed"})

    async def _started(self, until: float, id: str) -> Outcome | None:
        """The runtime starts when all external extensions have registered. What has failed."""
        assert self._plan
        self._processes = processes = Processes(self._plan, self.journal)
        breaks = self._breaks()
        self.extensions.failed.add_done_callback(breaks)
        for process in await processes.start_extensions():
            process.exited.add_done_callback(breaks)
        if failed := await self._until(self.extensions.registered, until, id):
            return failed
        runtime = await processes.start_runtime()
        runtime.exited.add_done_callback(breaks)
        self.extensions.running = True
        return await self._ready(until, id)

    def _breaks(self) -> Callable[[asyncio.Future[Any]], None]:
        """What the end of a process does: it breaks the initialisation that has begun it, and none after that."""
        broken = self._broken
        return lambda _: _set(broken)

    async def _ready(self, until: float, id: str) -> Outcome | None:
        """Wait until everybody has asked for the next event. What has failed meanwhile."""
        return await self._until(self._polled, until, id) or await self._until(self.extensions.idle, until, id)

    async def _until(self, awaited: asyncio.Future[Any], until: float, id: str) -> Outcome | None:
        """Wait for something. What has failed meanwhile, be it the time (that of the loop)."""
        if not awaited.done():
            left = max(until - self._loop.time(), 0.0)
            await asyncio.wait((awaited, self._broken), timeout=left, return_when=asyncio.FIRST_COMPLETED)
        if awaited.done():
            return None
        return await self._fault(id) if self._broken.done() else _timed_out(id, self.deployment.timeout)

    # invokes

    async def invoke(self, invocation: Invocation) -> tuple[Outcome, Report]:
        """Run the handler. An environment that has failed is `dead` after it. Raises: CannotStart."""
        if self._processes is None:
            await self.initialise()
        if self._failed:
            await self._shut_down("failure")
        report, timeout = Report(), self.deployment.timeout
        began, invocation.deadline = self._loop.time(), self._now() + timeout
        if self._failed:
            self._failed = await self._initialised("invoke", timeout, invocation.id)
        else:
            self._report_initialisation(report)
        self.journal.platform("start", {"requestId": invocation.id, "version": self.deployment.version})
        failed = self._failed or await self._served(invocation, began, report)
        report.seconds = min(self._loop.time() - began, float(timeout))
        assert self._processes
        self._processes.drain()
        if failed:
            self._fails(invocation, failed, report)
        process = self._processes.runtime
        report.peak = self.group.peak() or (peak_of(process.started.result()) if process else 0)
        self.journal.note(f"END RequestId: {invocation.id}")
        self._tell_report(invocation, report)
        return invocation.outcome.result(), report

    async def _served(self, invocation: Invocation, began: float, report: Report) -> Outcome | None:
        """The invocation is over when everybody has asked for the next event. What has failed meanwhile."""
        until, id = began + self.deployment.timeout, invocation.id
        if failed := await self._ready(until, id):
            return failed
        self.extensions.invoke(
            {
                "deadlineMs": int(invocation.deadline * 1000),
                "requestId": id,
                "invokedFunctionArn": invocation.arn,
                "tracing": {"type": "X-Amzn-Trace-Id", "value": invocation.trace},
            }
        )
        assert self._handed
        self._handed.set_result(invocation)
        failed = await self._until(invocation.outcome, until, id)
        answered = self._loop.time()
        size = {} if failed else {"producedBytes": invocation.produced}
        metrics = {"durationMs": milliseconds(answered - began), **size}
        self.journal.platform("runtimeDone", {"requestId": id, **_status(failed), "metrics": metrics})
        if not failed:
            if self.extensions.any:
                invocation.early.set_result(None)
            failed = await self._ready(until, id)
            if self.extensions.any:
                report.after = self._loop.time() - answered
        return failed

    def _fails(self, invocation: Invocation, failed: Outcome, report: Report) -> None:
        """The environment is of no use any more. What the runtime has answered before stands."""
        self._dead = True
        report.status, report.error = "error", failed.error
        self._reason = "failure"
        if failed.error == TIMEOUT:
            report.status, report.error, self._reason = "timeout", "", "timeout"
            after = f"Task timed out after {self.deployment.timeout:.2f} seconds"
            self.journal.note(f"{moment(self.journal.now())} {invocation.id} {after}")
        elif failed is not self._init_error:
            self.journal.note(f"{msgspec.json.decode(failed.payload)['errorMessage']}\n{failed.error}")
        if not invocation.outcome.done():
            invocation.outcome.set_result(failed)

    def _report_initialisation(self, report: Report) -> None:
        """In the first invoke; not if it came ahead, be it to be in a snapshot."""
        if self._init and not self._reported:
            self._reported = True
            on_demand = self.deployment.initialization == ON_DEMAND
            report.init_seconds = self._init.seconds if on_demand else None
            report.restore_seconds = self._init.restore_seconds

    def _tell_report(self, invocation: Invocation, report: Report) -> None:
        """Billed is what runs, with what starts it."""
        metrics = {
            "durationMs": milliseconds(report.seconds),
            "billedDurationMs": math.ceil(report.billed * 1000),
            "memorySizeMB": self.deployment.memory,
            "maxMemoryUsedMB": max(math.ceil(report.peak / 2**20), 1),
        }
        if report.init_seconds is not None:
            metrics["initDurationMs"] = milliseconds(report.init_seconds)
        if report.restore_seconds is not None:
            metrics["restoreDurationMs"] = milliseconds(report.restore_seconds)
            metrics["billedRestoreDurationMs"] = math.ceil(report.restore_seconds * 1000)
        status = {"status": report.status, **({"errorType": report.error} if report.error else {})}
        self.journal.platform("report", {"requestId": invocation.id, "metrics": metrics, **status})

    async def _fault(self, id: str) -> Outcome:
        """Of what has ended that has to run."""
        assert self._processes
        ended = [name for name, process in self._processes.extensions.items() if process.exited.done()]
        if self.extensions.failed.done() or ended:
            one = self.extensions.failed.result() if self.extensions.failed.done() else self.extensions.get(ended[0])
            return await self._extension_failed(one, id)
        return self._init_error or self._exited(id)

    async def _extension_failed(self, one: Extension, id: str) -> Outcome:
        assert self._processes
        kind, code = one.state if one.error else "Crash", 0
        if process := self._processes.extensions.get(one.name):
            await asyncio.wait((process.exited,), timeout=EXIT_SECONDS)
            code = process.exited.result() if process.exited.done() else 0
        how = _ending(code) if code else "exit code 0"
        if code in NOT_LAUNCHED and not one.id:
            kind = one.state = "LaunchError"
            one.error, reason = NOT_LAUNCHED[code]
            how = f"fork/exec /opt/extensions/{one.name}: {reason}"
        return _fault(f"Extension.{kind}", f"RequestId: {id} Error: {how}")

    def _exited(self, id: str) -> Outcome:
        """Of a runtime that has ended in the midst of it."""
        assert self._processes and self._processes.runtime
        code = self._processes.runtime.exited.result()
        if self._init and not self._init.over and (fault := entry.fault(self.deployment, code, self._processes.last)):
            return _fault(fault.type, f"RequestId: {id} Error: {fault.message}")
        if code == 0:
            return _fault("Runtime.ExitError", f"RequestId: {id} Error: Runtime exited without providing a reason")
        kind = "Runtime.OutOfMemory" if code == KILLED and self.group.starved else "Runtime.ExitError"
        return _fault(kind, f"RequestId: {id} Error: Runtime exited with error: {_ending(code)}")

    # shutdown

    async def end(self) -> None:
        """Leave nothing of it, once its extensions have had their time."""
        self._dead = True
        async with self._ending:
            await self._shut_down(self._reason)
            if self._door:
                await self._door.close()
            self.group.remove()

    async def _shut_down(self, reason: str) -> None:
        """https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-shutdown"""
        if not self._processes:
            return
        if self.extensions.any:
            until = self._loop.time() + SHUTDOWN_SECONDS
            seconds = SIGTERM_SECONDS_INTERNAL if self.extensions.internal else SIGTERM_SECONDS
            await self._processes.stop_runtime(seconds)
            deadline = self._now() + until - self._loop.time()
            await self.telemetry.delivered(until - self._loop.time())
            self.extensions.shut_down({"shutdownReason": reason, "deadlineMs": int(deadline * 1000)})
            await self._processes.extensions_end(until - self._loop.time())
        self.extensions.close()
        self.telemetry.close()
        if self._handed:
            self._handed.cancel()
        await self._processes.end()
        self._blank()


def _set(happened: asyncio.Future[None]) -> None:
    if not happened.done():
        happened.set_result(None)


TIMEOUT = "Sandbox.Timedout"
NOT_LAUNCHED = {126: ("PermissionDenied", "permission denied"), 127: ("UnknownError", "no such file or directory")}
SIGNALS = {4: "illegal instruction", 6: "aborted", 9: "killed", 11: "segmentation fault", 15: "terminated"}


def _fault(kind: str, message: str) -> Outcome:
    return Outcome(msgspec.json.encode({"errorType": kind, "errorMessage": message}), kind)


def _timed_out(id: str, seconds: int) -> Outcome:
    return _fault(TIMEOUT, f"RequestId: {id} Error: Task timed out after {seconds:.2f} seconds")


def _ending(code: int) -> str:
    return f"signal: {SIGNALS.get(code - 128, code - 128)}" if code > 128 else f"exit status {code}"


def _status(failed: Outcome | None) -> dict[str, str]:
    if failed is None:
        return {"status": "success"}
    return {"status": "timeout"} if failed.error == TIMEOUT else {"status": "error", "errorType": failed.error}


def _json(status: int, body: dict[str, Any]) -> Response:
    return Response(status, [("Content-Type", "application/json")], msgspec.json.encode(body))
