from __future__ import annotations

import asyncio

import pytest

from hodei.kernel.context import Context
from hodei.kernel.service import Service
from hodei.kernel.world import World

from .conftest import Run, context

DAY = 86400.0


def test_advance_fires_timers_in_order_at_their_own_time(run: Run, fake: Service) -> None:
    fired: list[tuple[str, float]] = []

    @fake.timer("ring")
    def ring(ctx: Context, name: str) -> None:
        fired.append((name, ctx.now))
        if name == "first":
            ctx.timers.set(ctx, "ring", ctx.now + DAY, "again")

    async def test(world: World) -> None:
        ctx, start = context(world), world.clock.now()
        with world.store.batch():
            ctx.timers.set(ctx, "ring", start + 3 * DAY, "third")
            ctx.timers.set(ctx, "ring", start + DAY, "first")
        await world.advance(2.5 * DAY)
        assert fired == [("first", start + DAY), ("again", start + 2 * DAY)]
        await world.advance(DAY)
        assert [name for name, _ in fired] == ["first", "again", "third"]
        assert world.agenda.next_due() is None

    run(test)


def test_a_timer_is_one_per_key_and_can_be_moved_and_cancelled(run: Run, fake: Service) -> None:
    fired: list[str] = []
    fake.timer("ring")(lambda ctx, name: fired.append(name))

    async def test(world: World) -> None:
        ctx, start = context(world), world.clock.now()
        with world.store.batch():
            ctx.timers.set(ctx, "ring", start + 10, "moved")
            ctx.timers.set(ctx, "ring", start + 1000, "moved")
            ctx.timers.set(ctx, "ring", start + 10, "cancelled")
            ctx.timers.cancel(ctx, "ring", "cancelled")
        await world.advance(100)
        assert fired == []
        await world.advance(1000)
        assert fired == ["moved"]

    run(test)


def test_a_timer_that_fails_is_tried_again_and_its_writes_are_dropped(run: Run, fake: Service) -> None:
    attempts: list[float] = []

    @fake.timer("ring")
    def ring(ctx: Context) -> None:
        attempts.append(ctx.now)
        ctx.store.put(b"written", b"%d" % len(attempts))
        if len(attempts) == 1:
            raise OSError("not now")

    async def test(world: World) -> None:
        ctx = context(world)
        with world.store.batch():
            ctx.timers.set(ctx, "ring", world.clock.now() + 5)
        await world.advance(10)
        assert (len(attempts), world.store.get(b"written")) == (1, None)
        await world.advance(60)
        assert (len(attempts), world.store.get(b"written")) == (2, b"2")

    run(test)


def test_timers_fire_by_themselves_when_time_runs(run: Run, fake: Service) -> None:
    rang = asyncio.Event()
    fake.timer("ring")(lambda ctx: rang.set())

    async def test(world: World) -> None:
        ctx = context(world)
        with world.store.batch():
            ctx.timers.set(ctx, "ring", world.clock.now() + 3600)
        world.set_rate(1_000_000)
        await asyncio.wait_for(rang.wait(), 2)

    run(test)


def test_a_frozen_clock_fires_nothing(run: Run, fake: Service) -> None:
    fired: list[str] = []
    fake.timer("ring")(lambda ctx: fired.append("rang"))

    async def test(world: World) -> None:
        ctx = context(world)
        world.set_rate(0)
        with world.store.batch():
            ctx.timers.set(ctx, "ring", world.clock.now() + 0.01)
        await asyncio.sleep(0.05)
        assert not fired
        world.set_rate(1)
        await asyncio.sleep(0.05)
        assert fired

    run(test)


def test_a_wait_ends_by_signal_or_by_time(run: Run, fake: Service) -> None:
    async def test(world: World) -> None:
        ctx = context(world)
        until = world.clock.now() + 20
        signalled = asyncio.ensure_future(ctx.wait("door", until))
        timed_out = asyncio.ensure_future(ctx.wait("window", until))
        await asyncio.sleep(0)
        ctx.signal("door")
        assert await signalled is True
        await world.advance(20)
        assert await timed_out is False

    run(test)


def test_a_thousand_waits_cost_nothing_and_leave_nothing(run: Run, fake: Service) -> None:
    async def test(world: World) -> None:
        ctx = context(world)
        waits = [asyncio.ensure_future(ctx.wait(("queue", n), world.clock.now() + 1e6)) for n in range(1000)]
        await asyncio.sleep(0)
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
        assert world.agenda.next_due() is None
        assert not world.agenda._channels

    run(test)


def test_each_stretch_of_background_work_between_waits_is_one_batch(run: Run, fake: Service) -> None:
    async def test(world: World) -> None:
        ctx = context(world)

        async def work() -> None:
            ctx.store.put(b"before", b"1")
            await ctx.wait("go", world.clock.now() + 100)
            ctx.store.put(b"after", b"1")
            raise ValueError("too late for what was before the wait")

        task = world.agenda.spawn(work())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert world.store.get(b"before") == b"1"
        ctx.signal("go")
        with pytest.raises(ValueError, match="too late"):
            await task
        assert world.store.get(b"before") == b"1"
        assert world.store.get(b"after") is None

    run(test)


def test_what_a_client_has_asked_for_does_not_hold_up_the_clock(run: Run, fake: Service) -> None:
    """It may itself be about to turn it. Like all background work it ends with the world."""

    async def test(world: World) -> None:
        forever: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def work() -> None:
            await forever

        task = world.agenda.spawn(work(), asked=True)
        async with asyncio.timeout(5):
            await world.agenda.settle()
            await world.advance(60)
        assert not task.done()
        await world.agenda.stop()
        assert task.cancelled()

    run(test)
