from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.kernel.deliver import Deliveries, Delivery, Retry
from hodei.kernel.errors import declare
from hodei.kernel.service import Service
from hodei.kernel.tables import Place
from hodei.kernel.world import World

from .conftest import Run, context

TARGET = "arn:aws:fake:us-east-1:000000000000:target"
DEAD = "arn:aws:fake:us-east-1:000000000000:dead"
Refused = declare("Refused", "Not today.")


def pending(world: World) -> list[Delivery]:
    return list(Deliveries.table.scan(Place(world.store, "", "")))


def test_a_delivery_arrives_once_with_its_removal_in_one_batch(run: Run, fake: Service) -> None:
    received: list[bytes] = []

    @fake.delivers
    async def receive(ctx: Context, arn: Arn, delivery: Delivery) -> None:
        assert (arn.resource, delivery.source) == ("target", "fake.amazonaws.com")
        received.append(delivery.payload)
        ctx.store.put(b"received", delivery.payload)

    async def test(world: World) -> None:
        with world.store.batch():
            context(world).deliver(TARGET, b"hello", source="fake.amazonaws.com")
        assert len(pending(world)) == 1
        world.store.flush()
        await world.agenda.settle()
        assert (received, world.store.get(b"received"), pending(world)) == ([b"hello"], b"hello", [])

    run(test)


def test_a_delivery_of_a_batch_that_is_dropped_never_leaves(run: Run, fake: Service) -> None:
    received: list[Any] = []

    @fake.delivers
    async def receive(ctx: Context, arn: Arn, delivery: Delivery) -> None:
        received.append(delivery)

    async def test(world: World) -> None:
        world.store.begin()
        context(world).deliver(TARGET, b"hello", source="fake")
        world.store.rollback()
        world.store.flush()
        await asyncio.sleep(0.01)
        assert (received, pending(world)) == ([], [])

    run(test)


def test_failures_back_off_on_the_clock_and_end_in_the_dead_letter_queue(run: Run, fake: Service) -> None:
    tries: list[float] = []
    dead: list[bytes] = []

    @fake.delivers
    async def receive(ctx: Context, arn: Arn, delivery: Delivery) -> None:
        if arn.resource == "dead":
            dead.append(delivery.payload)
            return
        tries.append(ctx.now)
        raise Refused()

    async def test(world: World) -> None:
        world.set_rate(0)
        with world.store.batch():
            context(world).deliver(TARGET, b"poison", source="fake", retry=Retry(attempts=3, first=10), dlq=DEAD)
        world.store.flush()
        await world.advance(3600)
        gaps = [round(later - earlier) for earlier, later in pairwise(tries)]
        assert (gaps, dead, pending(world)) == ([10, 20, 40], [b"poison"], [])

    run(test)


def test_a_target_that_breaks_is_tried_again_and_loses_nothing(run: Run, fake: Service) -> None:
    tries: list[float] = []

    @fake.delivers
    async def receive(ctx: Context, arn: Arn, delivery: Delivery) -> None:
        tries.append(ctx.now)
        ctx.store.put(b"half", b"done")
        if len(tries) < 2:
            raise RuntimeError("a bug of ours")

    async def test(world: World) -> None:
        with world.store.batch():
            context(world).deliver(TARGET, b"x", source="fake")
        world.store.flush()
        await world.agenda.settle()
        assert (len(tries), world.store.get(b"half"), len(pending(world))) == (1, None, 1)
        await world.advance(60)
        assert (len(tries), world.store.get(b"half"), pending(world)) == (2, b"done", [])

    run(test)


def test_a_thousand_deliveries_arrive(run: Run, fake: Service) -> None:
    received: set[bytes] = set()

    @fake.delivers
    async def receive(ctx: Context, arn: Arn, delivery: Delivery) -> None:
        received.add(delivery.payload)

    async def test(world: World) -> None:
        with world.store.batch():
            for number in range(1000):
                context(world).deliver(TARGET, b"%d" % number, source="fake")
        world.store.flush()
        await world.agenda.settle()
        assert (len(received), pending(world)) == (1000, [])

    run(test)
