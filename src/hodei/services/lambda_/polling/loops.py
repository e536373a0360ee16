"""What polls in a cloud: one loop an event source mapping."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Protocol

Place = tuple[str, str, str]  # account, region, UUID


class OnOver(Protocol):
    def __call__(self, *, lost: bool) -> None: ...


@dataclass
class Loop:
    """A loop, which is `over` when the cloud has become another one: then it does no more to it."""

    over: bool = False
    on_over: OnOver | None = None
    task: asyncio.Task[None] | None = None

    def is_running(self) -> bool:
        return self.task is not None and not self.task.done()

    def end(self) -> None:
        self.over = True
        if self.on_over:
            self.on_over(lost=True)


@dataclass
class Loops:
    running: dict[Place, Loop] = field(default_factory=dict)

    def forget(self) -> None:
        for loop in self.running.values():
            loop.end()
        self.running.clear()
