"""The environments of a cloud: warm ones are used again, new ones started when all are busy."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from weakref import WeakKeyDictionary

from hodei.kernel.atomic import in_batches
from hodei.kernel.limits import Bucket
from hodei.kernel.world import World
from hodei.services.lambda_.runtime.deployment import PROVISIONED, Deployment
from hodei.services.lambda_.runtime.environment import Environment
from hodei.services.lambda_.runtime.host import Host
from hodei.services.lambda_.runtime.invocation import Invocation, Outcome, Report
from hodei.services.lambda_.runtime.journal import Line

IDLE_SECONDS = 600.0  # real ones, for which an environment is kept without an invoke
LIFETIME = 11 * 3600.0  # seconds of the cloud's clock for which it is used: its credentials end after twelve hours

# https://docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html#scaling-rate
BURST, GROWTH = 1000, 100.0  # environments that a function can begin at once, and more of them a second


class TooFast(Exception):
    """A function that has begun all the environments which it may for now."""


@dataclass(frozen=True)
class Making:
    """What an environment begins with: its log stream, and variables that are not kept. `written` takes a stream and
    what has been said without an invoke."""

    stream: Callable[[], str]
    credentials: Callable[[], Mapping[str, str]]
    written: Callable[[str, Sequence[Line]], None]


class Warm:
    """An environment, with its log stream."""

    def __init__(self, key: str, making: Making, until: float) -> None:
        self.key = key  # of its deployment
        self.stream = making.stream()
        self.written: Callable[[str, Sequence[Line]], None] | None = making.written
        self.until = until
        self.port = 0  # at which it listens for a debugger
        self.environment: Environment | None = None

    def said(self) -> list[Line]:
        return self.environment.journal.take() if self.environment else []


@dataclass
class Kept:
    """How many environments of a deployment are there ahead, and how more are made."""

    count: int
    making: Making
    filling: asyncio.Lock = field(default_factory=asyncio.Lock)


class Pool:
    def __init__(self, world: World) -> None:
        self._world = world
        self._host = Host(world)
        self._idle: defaultdict[str, list[tuple[float, Warm]]] = defaultdict(list)  # by deployment: since when
        self._all: set[Warm] = set()
        self._ending: set[Warm] = set()
        self._kept: dict[str, Kept] = {}  # by deployment
        self._growing: dict[tuple[str, str, str], Bucket] = {}  # by account, region and function
        self._sweep: asyncio.TimerHandle | None = None
        world.closing.append(self.close)
        world.store.on_switch(self._forget)

    async def invoke(
        self, deployment: Deployment, invocation: Invocation, making: Making
    ) -> tuple[Outcome, Report, list[Line], str]:
        """Run the handler. Gives what has come of it, a report, the lines of its log, and their stream.

        Raises: NoInterpreter, CannotStart, TooFast.
        """
        warm = await self._taken(deployment, making)
        assert warm.environment
        try:
            outcome, report = await warm.environment.invoke(invocation)
        except BaseException:  # it cannot start, or nobody waits for it any more
            self._let_go(warm)
            raise
        self._back(deployment, warm)
        return outcome, report, warm.said(), warm.stream

    @property
    def scratch(self) -> Path:
        """Where packages are unpacked."""
        return self._host.folder / "packages"

    async def _taken(self, deployment: Deployment, making: Making) -> Warm:
        idle = self._idle.get(deployment.key)
        while idle:
            _, warm = idle.pop()
            if warm.environment and not warm.environment.dead and self._world.clock.now() < warm.until:
                return warm
            self._let_go(warm)
        deployment = await self._debuggable(deployment)
        self._drop_older(deployment)
        if not deployment.provisioned:
            self._grow(deployment)
        return await self._started(deployment, making)

    async def _started(self, deployment: Deployment, making: Making) -> Warm:
        warm = Warm(deployment.key, making, self._world.clock.now() + LIFETIME)
        warm.port = deployment.debugger.port if deployment.debugger else 0
        self._all.add(warm)
        try:
            warm.environment = await self._host.start(deployment, making.credentials(), warm.stream)
        except BaseException:
            self._all.discard(warm)
            raise
        return warm

    async def _debuggable(self, deployment: Deployment) -> Deployment:
        """One environment at a time can have the port of its debugger: those that were there before the function was
        changed give it up; besides one that is busy others run without."""
        if deployment.debugger is None:
            return deployment
        port = deployment.debugger.port
        older = [warm for idle in self._idle.values() for _, warm in idle if warm.port == port]
        for key, idle in self._idle.items():
            self._idle[key] = [one for one in idle if one[1] not in older]
        await asyncio.gather(*(in_batches(self._world.store, self._end(warm)) for warm in older))
        taken = any(warm.port == port for warm in self._all)
        return replace(deployment, debugger=None) if taken else deployment

    def _grow(self, deployment: Deployment) -> None:
        """Raises: TooFast."""
        now, function = self._world.clock.now(), (deployment.account, deployment.region, deployment.name)
        if (bucket := self._growing.get(function)) is None:
            bucket = self._growing[function] = Bucket(BURST, now)
        if not bucket.fill(now, GROWTH, BURST):
            raise TooFast
        bucket.tokens -= 1

    def _back(self, deployment: Deployment, warm: Warm) -> None:
        """After an invoke. One that is dead is replaced, if it is to be there ahead."""
        assert warm.environment
        if not warm.environment.dead and (not deployment.provisioned or self._of_version(deployment.arn)):
            self._shelve(warm)
            return
        self._let_go(warm)
        if kept := self._kept.get(deployment.key):
            self._world.agenda.spawn(self._fill(deployment, kept))

    def _shelve(self, warm: Warm) -> None:
        loop = asyncio.get_running_loop()
        self._idle[warm.key].append((loop.time(), warm))
        if self._sweep is None:
            self._sweep = loop.call_later(IDLE_SECONDS, self._sweep_idle)

    # environments that are there ahead

    async def keep(self, deployment: Deployment, kept: Kept) -> Outcome | None:
        """Have so many environments of a deployment begun and initialised until `release`, new ones for those that die.
        Gives what one has failed of; then none is there.

        Raises: NoInterpreter, CannotStart.
        """
        for other in self._of_version(deployment.arn):
            del self._kept[other]
        self._kept[deployment.key] = kept
        idle = self._idle[deployment.key]
        for _ in range(min(self._count(deployment.key) - kept.count, len(idle))):
            self._let_go(idle.pop(0)[1])
        failed = None
        try:
            failed = await self._fill(deployment, kept)
        finally:
            if failed or self._count(deployment.key) < kept.count:
                self.release(deployment.arn)
        return failed

    async def _fill(self, deployment: Deployment, kept: Kept) -> Outcome | None:
        """The first one alone: the others most likely fail as it does."""
        async with kept.filling:
            missing = kept.count - self._count(deployment.key)
            for some in (1, missing - 1) if missing > 0 else ():
                begun = (self._warmed(deployment, kept) for _ in range(some))
                found = await asyncio.gather(*(in_batches(self._world.store, one) for one in begun))
                if failed := next(filter(None, found), None):
                    return failed
        return None

    async def _warmed(self, deployment: Deployment, kept: Kept) -> Outcome | None:
        deployment = await self._debuggable(deployment)
        warm = await self._started(deployment, kept.making)
        assert warm.environment
        try:
            failed = await warm.environment.initialise()
        except BaseException:
            self._let_go(warm)
            raise
        kept.making.written(warm.stream, warm.said())
        if failed or self._kept.get(deployment.key) is not kept:
            self._let_go(warm)
        else:
            self._shelve(warm)
        return failed

    def _count(self, key: str) -> int:
        return sum(warm.key == key for warm in self._all)

    def keeps(self, key: str) -> int:
        """How many environments of a deployment are there ahead."""
        kept = self._kept.get(key)
        return kept.count if kept else 0

    def release(self, arn: str) -> None:
        """No longer keep the environments of a version ahead; those that run go on to the end of their invoke."""
        for key in self._of_version(arn):
            del self._kept[key]
            self.drop(lambda other, key=key: other != key)  # type: ignore[misc]

    def _of_version(self, arn: str) -> list[str]:
        """The deployments of a version that are kept ahead."""
        return [key for key in self._kept if key.startswith(f"{arn} ")]

    def _sweep_idle(self) -> None:
        """End what has been idle for long."""
        self._sweep = None
        now = asyncio.get_running_loop().time()
        for key, idle in list(self._idle.items()):
            spare = len(idle) - self.keeps(key)
            old = [warm for since, warm in idle[: max(spare, 0)] if since + IDLE_SECONDS <= now]
            self._idle[key] = [one for one in idle if one[1] not in old]
            for warm in old:
                self._let_go(warm)
        if any(self._idle.values()):
            self._sweep = asyncio.get_running_loop().call_later(IDLE_SECONDS / 10, self._sweep_idle)

    def _let_go(self, warm: Warm) -> None:
        """It has an end in the background, which may take seconds where there are extensions."""
        self._all.discard(warm)
        self._ending.add(warm)
        self._world.agenda.spawn(self._end(warm))

    async def _end(self, warm: Warm) -> None:
        self._all.discard(warm)
        self._ending.add(warm)
        if warm.environment:
            await warm.environment.end()
        self._ending.discard(warm)
        if warm.written and (said := warm.said()):
            warm.written(warm.stream, said)

    def _drop_older(self, deployment: Deployment) -> None:
        """Idle environments of what this version was before it was changed."""
        before, now = f"{deployment.arn} ", deployment.key.removesuffix(PROVISIONED)
        self.drop(lambda key: key.startswith(now) or not key.startswith(before))

    def drop(self, keep: Callable[[str], bool]) -> None:
        """End the idle environments of deployments that are not to be kept: their function was changed or deleted."""
        for key in [key for key in self._idle if not keep(key)]:
            for _, warm in self._idle.pop(key):
                self._let_go(warm)

    def _forget(self) -> None:
        """The cloud is another one now: nothing is written into it of what was said in this one."""
        for warm in (*self._all, *self._ending):
            warm.written = None
        self._kept.clear()
        self._growing.clear()
        self.drop(lambda key: False)

    async def close(self) -> None:
        if self._sweep:
            self._sweep.cancel()
        remaining = (*self._all, *self._ending)
        await asyncio.gather(*(in_batches(self._world.store, self._end(warm)) for warm in remaining))
        await self._host.close()


_pools: WeakKeyDictionary[World, Pool] = WeakKeyDictionary()


def pool_of(world: World) -> Pool:
    if world not in _pools:
        _pools[world] = Pool(world)
    return _pools[world]


def drop_version(world: World, arn: str) -> None:
    """End the idle environments of a version that is gone; without a number: of a function, and all its versions."""
    if pool := _pools.get(world):
        pool.drop(lambda key: not key.startswith((f"{arn} ", f"{arn}:")))
