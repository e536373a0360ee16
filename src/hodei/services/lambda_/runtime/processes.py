"""The processes of an environment: its runtime and external extensions, in one sandbox where the machine has them."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from hodei.engines.sandbox.launcher import CannotStart, ForkServer, Process, Program
from hodei.services.lambda_.runtime.journal import Journal
from hodei.services.lambda_.runtime.output import Output

PATIENCE = 20.0  # seconds for what is killed to be gone


@dataclass(frozen=True)
class Plan:
    """What is to run. `label` names the runtime in the log; `sandbox` is the tree that all of it runs in (None: each
    sees the machine as it is)."""

    server: ForkServer
    label: str
    runtime: Program
    sandbox: Program | None = None
    extensions: Mapping[str, Program] = field(default_factory=dict)  # by the names of their files


class Processes:
    def __init__(self, plan: Plan, journal: Journal) -> None:
        self._plan = plan
        self._sandbox: Process | None = None
        self._output = Output(journal.function)
        self._outputs = [self._output]
        if plan.extensions:
            self._outputs.append(Output(journal.extension))
        self.runtime: Process | None = None
        self.extensions: dict[str, Process] = {}

    async def start_extensions(self) -> Iterable[Process]:
        """Raises: CannotStart."""
        for name, program in self._plan.extensions.items():
            self.extensions[name] = await self._start(program, self._outputs[-1])
        return self.extensions.values()

    async def start_runtime(self) -> Process:
        """It, and nothing more: what runs has the ends of the pipes. Raises: CannotStart."""
        self.runtime = await self._start(self._plan.runtime, self._output)
        for output in self._outputs:
            output.started()
        return self.runtime

    async def _start(self, program: Program, output: Output) -> Process:
        null = os.open(os.devnull, os.O_RDONLY)
        try:
            to, run = output.writing, self._plan.server.run
            if self._plan.sandbox and self._sandbox is None:
                self._sandbox = await run(self._plan.sandbox, stdin=null, stdout=to, stderr=to)
            return await run(program, stdin=null, stdout=to, stderr=to, inside=self._sandbox)
        finally:
            os.close(null)

    @property
    def last(self) -> str:
        """The last line that the runtime has printed."""
        self._output.drain()
        return self._output.last

    @property
    def pids(self) -> list[int]:
        """Of the runtime and the extensions that run."""
        started = [one for one in (self.runtime, *self.extensions.values()) if one]
        return [one.started.result() for one in started if not one.exited.done()]

    @property
    def sandbox(self) -> int:
        """The first process of the tree that they are in; 0 without one."""
        return self._sandbox.started.result() if self._sandbox and not self._sandbox.exited.done() else 0

    @property
    def _all(self) -> list[Process]:
        found = [self._sandbox, self.runtime, *self.extensions.values()]
        return [one for one in found if one is not None]

    def drain(self) -> None:
        """Take all that has been printed so far."""
        for output in self._outputs:
            output.drain()

    async def stop_runtime(self, seconds: float) -> None:
        """Ask it to end, and end it if that takes too long."""
        if self.runtime is None or self.runtime.exited.done():
            return
        with suppress(CannotStart):
            self.runtime.kill(signal.SIGTERM)
            await asyncio.wait((self.runtime.exited,), timeout=seconds)
            self.runtime.kill()

    async def extensions_end(self, seconds: float) -> None:
        """Give them so long."""
        running = [one.exited for one in self.extensions.values() if not one.exited.done()]
        if running:
            await asyncio.wait(running, timeout=seconds)

    async def end(self) -> None:
        """Leave nothing of it."""
        with suppress(CannotStart):
            for one in self._all if self._sandbox is None else [self._sandbox]:
                one.kill()
        running = [one.exited for one in self._all if not one.exited.done()]
        if running:
            await asyncio.wait(running, timeout=PATIENCE)
        for output in self._outputs:
            output.close()
