"""The environments of a cloud: warm ones are used again, new ones started when all are busy."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from weakref import WeakKeyDictionary

from hodei.kernel.world import World
from hodei.services.lambda_.runtime.deployment import Deployment
from hodei.services.lambda_.runtime.environment import Environment, Invocation, Outcome, Report
from hodei.services.lambda_.runtime.host import Host

IDLE_SECONDS = 600.0  # real ones, for which an environment is kept without an invoke
LIFETIME = 11 * 3600.0  # seconds of the cloud's clock for which it is used: its credentials end after twelve hours

Say = Callable[[str], None]
Credentials = Callable[[], Mapping[str, str]]


class Warm:
    """An environment, with where its log goes now: into that of the invoke that it serves."""

    def __init__(self, stream: str, until: float) -> None:
        self.stream = stream
        self.until = until
        self.lines: list[str] = []
        self.environment: Environment | None = None

    def say(self, line: str) -> None:
        self.lines.append(line)

    def said(self) -> list[str]:
        lines, self.lines = self.lines, []
        return lines


class Pool:
    def __init__(self, world: World) -> None:
        self._world = world
        self._host = Host(world)
        self._idle: defaultdict[str, list[tuple[float, Warm]]] = defaultdict(list)  # by deployment: since when
        self._all: set[Warm] = set()
        self.busy: Counter[tuple[str, str, str]] = Counter()  # invokes that run, by account, region and function
        self._sweep: asyncio.TimerHandle | None = None
        world.closing.append(self.close)
        world.store.on_switch(self._forget)

    async def invoke(
        self, deployment: Deployment, invocation: Invocation, stream: Callable[[], str], credentials: Credentials
    ) -> tuple[Outcome, Report, list[str], str]:
        """Run the handler. Gives what has come of it, a report, the lines of its log, and their stream.

        Raises: NoInterpreter, CannotStart.
        """
        function = (deployment.account, deployment.region, deployment.name)
        self.busy[function] += 1
        try:
            warm = await self._taken(deployment, stream, credentials)
            assert warm.environment
            outcome, report = await warm.environment.invoke(invocation, self._world.clock.real)
            if warm.environment.dead:
                await self._end(warm)
            else:
                self._back(deployment, warm)
            return outcome, report, warm.said(), warm.stream
        finally:
            self.busy[function] -= 1
            if not self.busy[function]:
                del self.busy[function]

    @property
    def scratch(self) -> Path:
        """Where packages are unpacked."""
        return self._host.folder / "packages"

    def running(self, account: str, region: str) -> int:
        """How many invokes run in an account and region."""
        return sum(count for place, count in self.busy.items() if place[:2] == (account, region))

    async def _taken(self, deployment: Deployment, stream: Callable[[], str], credentials: Credentials) -> Warm:
        idle = self._idle.get(deployment.key)
        while idle:
            _, warm = idle.pop()
            if warm.environment and not warm.environment.dead and self._world.clock.now() < warm.until:
                return warm
            self._world.agenda.spawn(self._end(warm))
        self._drop_older(deployment)
        warm = Warm(stream(), self._world.clock.now() + LIFETIME)
        self._all.add(warm)
        try:
            warm.environment = await self._host.start(deployment, credentials(), warm.stream, warm.say)
        except BaseException:
            self._all.discard(warm)
            raise
        return warm

    def _back(self, deployment: Deployment, warm: Warm) -> None:
        loop = asyncio.get_running_loop()
        self._idle[deployment.key].append((loop.time(), warm))
        if self._sweep is None:
            self._sweep = loop.call_later(IDLE_SECONDS, self._sweep_idle)

    def _sweep_idle(self) -> None:
        """End what has been idle for long."""
        self._sweep = None
        now = asyncio.get_running_loop().time()
        for key, idle in list(self._idle.items()):
            old = [warm for since, warm in idle if since + IDLE_SECONDS <= now]
            self._idle[key] = [one for one in idle if one[1] not in old]
            for warm in old:
                self._world.agenda.spawn(self._end(warm))
        if any(self._idle.values()):
            self._sweep = asyncio.get_running_loop().call_later(IDLE_SECONDS / 10, self._sweep_idle)

    async def _end(self, warm: Warm) -> None:
        self._all.discard(warm)
        if warm.environment:
            await warm.environment.end()

    def _drop_older(self, deployment: Deployment) -> None:
        """Idle environments of what this version was before it was changed."""
        before = f"{deployment.arn} "
        self.drop(lambda key: key == deployment.key or not key.startswith(before))

    def drop(self, keep: Callable[[str], bool]) -> None:
        """End the idle environments of deployments that are not to be kept: their function was changed or deleted."""
        for key in [key for key in self._idle if not keep(key)]:
            for _, warm in self._idle.pop(key):
                self._world.agenda.spawn(self._end(warm))

    def _forget(self) -> None:
        """The cloud is another one now."""
        self.drop(lambda key: False)

    async def close(self) -> None:
        if self._sweep:
            self._sweep.cancel()
        for warm in list(self._all):
            await self._end(warm)
        await self._host.close()


_pools: WeakKeyDictionary[World, Pool] = WeakKeyDictionary()


def pool_of(world: World) -> Pool:
    if world not in _pools:
        _pools[world] = Pool(world)
    return _pools[world]
