"""An execution environment: its processes, the APIs that they ask, and the phases of its life.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import msgspec

from hodei.engines.sandbox.cgroups import Cgroup
from hodei.engines.sandbox.memory import Watch
from hodei.engines.sandbox.users import User
from hodei.kernel.clock import ticks
from hodei.kernel.world import Door
from hodei.protocol.http import Request, Response
from hodei.services.lambda_.runtime import entry, failures
from hodei.services.lambda_.runtime.apis import extensions, runtime_api, telemetry
from hodei.services.lambda_.runtime.apis.extensions import Extension, Extensions
from hodei.services.lambda_.runtime.apis.runtime_api import RuntimeApi
from hodei.services.lambda_.runtime.apis.telemetry import Telemetry
from hodei.services.lambda_.runtime.deployment import ON_DEMAND, Deployment
from hodei.services.lambda_.runtime.initialisation import Initialisation
from hodei.services.lambda_.runtime.invocation import Invocation, Outcome, Report
from hodei.services.lambda_.runtime.journal import Journal, milliseconds, moment
from hodei.services.lambda_.runtime.processes import Plan, Processes

INIT_SECONDS = 10.0
INIT_AHEAD = 130.0  # seconds, at least, of environments that are there before anybody asks for them
SHUTDOWN_SECONDS = 2.0  # of environments with external extensions, in which the runtime comes first
SIGTERM_SECONDS, SIGTERM_SECONDS_INTERNAL = 0.3, 0.5  # for the runtime; more with internal extensions
EXIT_SECONDS = 0.3  # in which an extension that has failed should exit
KILLED = 137
MEMORY_OF_A_CPU = 1769  # MB


class Environment:
    """Serves one invocation after the other, until it fails or is ended. `new_id` makes the identifiers of extensions,
    `now` is real time in epoch seconds."""

    def __init__(
        self, deployment: Deployment, journal: Journal, new_id: Callable[[], str], now: Callable[[], float]
    ) -> None:
        self.deployment = deployment
        self.journal = journal
        self.group = Cgroup((deployment.memory + deployment.storage) << 20)
        self._memory = Watch(self.group, deployment.memory << 20)
        self._new_id = new_id
        self._now = now
        self._loop = asyncio.get_running_loop()
        self._door: Door | None = None
        self._plan: Plan | None = None
        self._user: User | None = None
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
        self._runtime = RuntimeApi(self._broken, self._snapshot)

    def _listen(self, names: Iterable[str]) -> None:
        """To extensions, of which these are external."""
        self.extensions = Extensions(self.deployment, names, self.journal, self._new_id)
        structured = self.deployment.log_format == "JSON"
        self.telemetry = Telemetry(self.journal, self.extensions.of, structured=structured)

    def furnish(self, door: Door, plan: Plan, user: User) -> None:
        self._door, self._plan, self._user = door, plan, user

    @property
    def dead(self) -> bool:
        """Whether it can serve no invocation any more."""
        return self._dead or (self._broken.done() and not self._failed)

    def answer(self, request: Request) -> Response | Awaitable[Response]:
        """What the runtime and the extensions ask."""
        path = request.path
        if path.startswith(extensions.PATH):
            return self.extensions.answer(request)
        if path.rstrip("/") in telemetry.APIS:
            return self.telemetry.answer(request)
        if path.startswith(runtime_api.PATH):
            return self._runtime.answer(request)
        return extensions.answered(404, {"errorType": "InvalidRequest", "errorMessage": "no such resource"})

    # initialisation

    async def initialise(self) -> Outcome | None:
        """What it fails of shows in the first invoke too, which does it again. Raises: CannotStart."""
        patient = self.deployment.initialization != ON_DEMAND or self.deployment.debugger
        limit = max(INIT_AHEAD, self.deployment.timeout) if patient else INIT_SECONDS
        self._failed = await self._initialised("init", limit)
        self._memory.rest()
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
        self._init.end(self.extensions, failures.status(failed))
        self.telemetry.shut()
        return failed

    def _snapshot(self) -> bool:
        assert self._processes and self._init
        self._processes.drain()
        return self._init.snapshot(self.extensions)

    async def _started(self, until: float, id: str) -> Outcome | None:
        """The runtime starts when all external extensions have registered. What has failed."""
        assert self._plan
        self._processes = processes = Processes(self._plan, self.journal)
        self._memory.begin(processes)
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
        return await self._until(self._runtime.polled, until, id) or await self._until(self.extensions.idle, until, id)

    async def _until(self, awaited: asyncio.Future[Any], until: float, id: str) -> Outcome | None:
        """Wait for something. What has failed meanwhile, be it the time (that of the loop)."""
        if not awaited.done():
            left = max(until - ticks(), 0.0)
            await asyncio.wait((awaited, self._broken), timeout=left, return_when=asyncio.FIRST_COMPLETED)
        if awaited.done():
            return None
        return await self._fault(id) if self._broken.done() else failures.timed_out(id, self.deployment.timeout)

    # invokes

    async def invoke(self, invocation: Invocation) -> tuple[Outcome, Report]:
        """Run the handler. An environment that has failed is `dead` after it. Raises: CannotStart."""
        if self._processes is None:
            await self.initialise()
        if self._failed:
            await self._shut_down("failure")
        report, timeout = Report(), self.deployment.timeout
        began, invocation.deadline = ticks(), self._now() + timeout
        self._memory.hurry()
        if self._failed:
            self._failed = await self._initialised("invoke", timeout, invocation.id)
        else:
            self._report_initialisation(report)
        self.journal.platform("start", {"requestId": invocation.id, "version": self.deployment.version})
        failed = self._failed or await self._served(invocation, began, report)
        report.seconds = min(ticks() - began, float(timeout))
        assert self._processes
        self._processes.drain()
        if failed:
            self._fails(invocation, failed, report)
        report.peak = self._memory.peak()
        self.journal.note(f"END RequestId: {invocation.id}")
        self._memory.rest()
        self.journal.platform("report", report.record(invocation.id, self.deployment.memory))
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
        self._runtime.hand(invocation)
        failed = await self._until(invocation.outcome, until, id)
        answered = ticks()
        size = {} if failed else {"producedBytes": invocation.produced}
        metrics = {"durationMs": milliseconds(answered - began), **size}
        self.journal.platform("runtimeDone", {"requestId": id, **failures.status(failed), "metrics": metrics})
        if not failed:
            if self.extensions.any:
                invocation.early.set_result(None)
            failed = await self._ready(until, id)
            if self.extensions.any:
                report.after = ticks() - answered
        return failed

    def _fails(self, invocation: Invocation, failed: Outcome, report: Report) -> None:
        """The environment is of no use any more. What the runtime has answered before stands."""
        self._dead = True
        report.status, report.error = "error", failed.error
        self._reason = "failure"
        if failed.error == failures.TIMEOUT:
            report.status, report.error, self._reason = "timeout", "", "timeout"
            after = f"Task timed out after {self.deployment.timeout:.2f} seconds"
            self.journal.note(f"{moment(self.journal.now())} {invocation.id} {after}")
        elif failed is not self._runtime.error:
            self.journal.note(f"{msgspec.json.decode(failed.payload)['errorMessage']}\n{failed.error}")
        invocation.settle(failed)

    def _report_initialisation(self, report: Report) -> None:
        """In the first invoke; not if it came ahead, be it to be in a snapshot."""
        if self._init and not self._reported:
            self._reported = True
            on_demand = self.deployment.initialization == ON_DEMAND
            report.init_seconds = self._init.seconds if on_demand else None
            report.restore_seconds = self._init.restore_seconds

    async def _fault(self, id: str) -> Outcome:
        """Of what has ended that has to run."""
        assert self._processes
        ended = [name for name, process in self._processes.extensions.items() if process.exited.done()]
        if self.extensions.failed.done() or ended:
            one = self.extensions.failed.result() if self.extensions.failed.done() else self.extensions.get(ended[0])
            return await self._extension_failed(one, id)
        return self._runtime.error or self._exited(id)

    async def _extension_failed(self, one: Extension, id: str) -> Outcome:
        assert self._processes
        code = 0
        if process := self._processes.extensions.get(one.name):
            await asyncio.wait((process.exited,), timeout=EXIT_SECONDS)
            code = process.exited.result() if process.exited.done() else 0
        return failures.of_extension(id, one, code)

    def _exited(self, id: str) -> Outcome:
        """Of a runtime that has ended in the midst of it."""
        assert self._processes and self._processes.runtime
        code = self._processes.runtime.exited.result()
        if self._init and not self._init.over and (fault := entry.fault(self.deployment, code, self._processes.last)):
            return failures.fault(fault.type, f"RequestId: {id} Error: {fault.message}")
        return failures.exited(id, code, starved=code == KILLED and self._memory.starved)

    # shutdown

    async def end(self) -> None:
        """Leave nothing of it, once its extensions have had their time."""
        self._dead = True
        async with self._ending:
            await self._shut_down(self._reason)
            if self._door:
                await self._door.close()
            await self.group.removed()
            if self._user:
                self._user.leave()
                self._user = None

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
        self._memory.end()
        await self._processes.end()  # before anything closes: programs would tell of that in the log
        self.extensions.close()
        self.telemetry.close()
        self._runtime.close()
        self._blank()


def _set(happened: asyncio.Future[None]) -> None:
    if not happened.done():
        happened.set_result(None)
