"""What is due when: durable timers, and the waits of handlers, both on the cloud's clock.

A durable timer is a row in the store, so it survives a restart and is part of a snapshot. A wait (a long poll) lives in
memory and dies with its connection. Both fire in order of their virtual time; `advance` makes days of them happen.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
from collections import defaultdict
from collections.abc import Coroutine, Hashable
from typing import TYPE_CHECKING, Any

from hodei.kernel import errors, keys
from hodei.kernel.atomic import in_batches

if TYPE_CHECKING:
    from hodei.kernel.context import Context
    from hodei.kernel.world import World

log = logging.getLogger("hodei.agenda")

DUE = ("", "", "kernel", "timers_due")
SET = ("", "", "kernel", "timers")
RETRY_SECONDS = 60.0
LONGEST_SLEEP = 3600.0
GRACE_SECONDS = 1.0  # for what clients wait for, when the cloud is about to stop


class Agenda:
    def __init__(self, world: World) -> None:
        self._world = world
        self._loop: asyncio.AbstractEventLoop | None = None
        self._handle: asyncio.TimerHandle | None = None
        self._waits: list[tuple[float, int, asyncio.Future[bool]]] = []
        self._sequence = 0
        self._channels: dict[Hashable, list[asyncio.Future[bool]]] = defaultdict(list)
        self._polls: set[asyncio.Future[bool]] = set()  # the waits of requests: not of background work
        self._running: set[asyncio.Task[Any]] = set()
        self._asked: set[asyncio.Task[Any]] = set()  # what clients wait for
        self._parked: dict[asyncio.Task[Any], asyncio.Future[bool]] = {}  # background work that waits, and on what
        self._stirred = asyncio.Event()  # background work has ended, or waits
        self._advancing = False
        self._due_start, self._due_end = keys.pack(DUE), keys.prefix_end(keys.pack(DUE))

    # durable timers

    def set(self, ctx: Context, name: str, at: float, *key: str) -> None:
        """Call the service's timer `name` with `key` at virtual time `at`; one per (service, name, place, key)."""
        self.cancel(ctx, name, *key)
        at = float(at)  # ints and floats sort apart in keys
        identity = (ctx.service.name, name, ctx.account, ctx.region, *key)
        ctx.store.put(keys.pack((*SET, *identity)), keys.pack((at,)))
        ctx.store.put(keys.pack((*DUE, at, *identity)), b"")
        ctx.store.when_durable(self.reschedule)

    def due(self, ctx: Context, name: str, *key: str) -> float | None:
        """When that timer will fire, or None if it is not set."""
        value = ctx.store.get(keys.pack((*SET, ctx.service.name, name, ctx.account, ctx.region, *key)))
        return keys.unpack(value)[0] if value is not None else None

    def cancel(self, ctx: Context, name: str, *key: str) -> None:
        if (at := self.due(ctx, name, *key)) is not None:
            identity = (ctx.service.name, name, ctx.account, ctx.region, *key)
            ctx.store.delete(keys.pack((*SET, *identity)))
            ctx.store.delete(keys.pack((*DUE, at, *identity)))

    def forget(self, account: str) -> None:
        """Cancel all timers of an account, in the open batch."""
        store = self._world.store
        for key in list(store.keys(self._due_start, self._due_end)):
            identity = keys.unpack(key)[len(DUE) + 1 :]
            if identity[2] == account:
                store.delete(key)
                store.delete(keys.pack((*SET, *identity)))

    # waits and background work

    async def wait(self, channel: Hashable, until: float) -> bool:
        """Sleep until somebody signals `channel` (True) or the clock shows `until` (False). Costs nothing meanwhile.

        Raises: ServiceUnavailable in a request that still waits when the cloud is about to stop.
        """
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._sequence += 1
        heapq.heappush(self._waits, (until, self._sequence, future))
        self._channels[channel].append(future)
        task = asyncio.current_task()
        if task in self._running:
            self._parked[task] = future
            self._stirred.set()
        else:
            self._polls.add(future)
        self.reschedule()
        try:
            return await future
        finally:
            self._polls.discard(future)
            if task is not None:
                self._parked.pop(task, None)
            waiting = self._channels.get(channel)
            if waiting and future in waiting:
                waiting.remove(future)
            if not waiting:
                self._channels.pop(channel, None)

    def signal(self, channel: Hashable) -> None:
        """Wake every handler that waits on `channel`, once the present batch is over."""
        for future in self._channels.pop(channel, ()):
            if not future.done():
                future.set_result(True)

    def break_off(self) -> None:
        """Let requests that wait end now, by an error that clients meet by asking again: the cloud is about to stop.
        Work that they wait for has a moment to come to its end, and is cancelled then."""
        for future in self._polls:
            if not future.done():
                future.set_exception(errors.ServiceUnavailable())
        asyncio.get_running_loop().call_later(GRACE_SECONDS, self._cancel_asked)

    def _cancel_asked(self) -> None:
        for task in self._asked:
            task.cancel()

    def spawn(self, coroutine: Coroutine[Any, Any, Any], *, asked: bool = False) -> asyncio.Task[Any]:
        """Run background work; `settle` waits for it, unless a client has asked for it and waits. Its failure is
        logged, never lost."""
        assert self._loop is not None, "the world has not been started"
        task = self._loop.create_task(in_batches(self._world.store, coroutine))
        self._running.add(task)
        if asked:
            self._asked.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        self._asked.discard(task)
        self._stirred.set()
        if not task.cancelled() and (error := task.exception()):
            log.error("background work failed", exc_info=error)

    async def settle(self) -> None:
        """Wait until all background work has ended or waits for a later virtual time."""
        while any(self._is_busy(task) for task in self._running - self._asked):
            self._stirred.clear()
            await self._stirred.wait()

    def _is_busy(self, task: asyncio.Task[Any]) -> bool:
        """Also what has been woken and has not run since."""
        waits_on = self._parked.get(task)
        return (waits_on is None or waits_on.done()) and task is not asyncio.current_task()

    # the loop

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.reschedule()

    async def stop(self) -> None:
        """End background work; what is durable goes on at the next start."""
        await asyncio.sleep(0)  # a task cancelled before its first step would never await its coroutine
        for task in list(self._running):
            task.cancel()
        if self._running:
            await asyncio.wait(self._running, timeout=5)
        self._loop = None
        if self._handle:
            self._handle.cancel()

    def next_due(self) -> float | None:
        """The virtual time of what comes next, or None."""
        while self._waits and self._waits[0][2].done():
            heapq.heappop(self._waits)
        wait = self._waits[0][0] if self._waits else None
        timer = next((self._at(key) for key in self._world.store.keys(self._due_start, self._due_end)), None)
        return min((at for at in (wait, timer) if at is not None), default=None)

    def reschedule(self) -> None:
        """Sleep until what is due next; called whenever that or the clock may have changed."""
        if self._loop is None or self._advancing:
            return
        if self._handle:
            self._handle.cancel()
            self._handle = None
        if (at := self.next_due()) is not None and (delay := self._world.clock.real_delay(at)) is not None:
            self._handle = self._loop.call_later(min(delay, LONGEST_SLEEP), self._wake)

    def _wake(self) -> None:
        self._fire(self._world.clock.now())
        self.reschedule()

    def _fire(self, now: float) -> None:
        """Fire what is due at `now`, in order of time."""
        self._world.ledger.tick(now)
        end = keys.pack((*DUE, float(now)))
        for key in list(self._world.store.keys(self._due_start, keys.prefix_end(end))):
            self._fire_timer(keys.unpack(key)[len(DUE) :])
        while self._waits and self._waits[0][0] <= now:
            future = heapq.heappop(self._waits)[2]
            if not future.done():
                future.set_result(False)

    def _fire_timer(self, row: tuple[Any, ...]) -> None:
        at, service, name, account, region, *key = row
        ctx = self._world.context(service, account=account, region=region)
        if self.due(ctx, name, *key) != at:
            return  # an earlier timer of this round moved or cancelled it
        try:
            with ctx.store.batch():
                self.cancel(ctx, name, *key)
                ctx.service.timers[name](ctx, *key)
        except Exception:
            log.exception("timer %s.%s%r failed; again in %d s", service, name, tuple(key), RETRY_SECONDS)
            with ctx.store.batch():
                self.set(ctx, name, ctx.now + RETRY_SECONDS, *key)

    @staticmethod
    def _at(key: bytes) -> float:
        return float(keys.unpack(key)[len(DUE)])

    async def advance(self, to: float) -> None:
        """Move the clock forward to `to`, firing all that falls due on the way in order, until nothing is left."""
        clock = self._world.clock
        rate, self._advancing = clock.rate, True
        clock.run(0)
        try:
            await self.settle()
            while (at := self.next_due()) is not None and at <= to:
                clock.set(max(at, clock.now()))
                self._fire(clock.now())
                await asyncio.sleep(0)
                await self.settle()
            clock.set(to)
        finally:
            self._advancing = False
            clock.run(rate)
            self.reschedule()
