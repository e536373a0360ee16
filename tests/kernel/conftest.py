from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from hodei.kernel.context import Context
from hodei.kernel.manifest import Manifest
from hodei.kernel.service import Service
from hodei.kernel.world import World

Run = Callable[[Callable[[World], Coroutine[Any, Any, None]]], None]


@pytest.fixture
def fake() -> Service:
    """A service that exists only in this test."""
    service = Service("fake")
    service.__dict__["manifest"] = Manifest(name="fake", title="Fake")
    return service


@pytest.fixture
def run(fake: Service, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a coroutine function on a started world that knows the service `fake`."""
    monkeypatch.setattr("hodei.kernel.deliver.load_service", lambda name: fake)

    def run(test: Callable[[World], Coroutine[Any, Any, None]]) -> None:
        async def main() -> None:
            world = World(seed=1)
            world._services["fake"] = fake
            await world.start()
            try:
                await test(world)
            finally:
                await world.stop()

        asyncio.run(main())

    return run


def context(world: World) -> Context:
    return world.context("fake", account="000000000000", region="us-east-1")
