"""Receives that wait for messages stand in a line, in memory.

Only the first in line looks at the clock for messages that become visible, and only it is woken by what happens to the
queue; when it leaves, it wakes the next. So a thousand waiting receives cost no more than one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from hodei.kernel.context import Context
from hodei.services.sqs.memory import memory
from hodei.services.sqs.state import Queue

T = TypeVar("T")


def wake(ctx: Context, queue: Queue) -> None:
    """There may be something to receive: let the first in line look."""
    if line := memory(ctx).waiting.get(queue.id):
        ctx.signal(("sqs", queue.id, next(iter(line))))


async def wait_for(
    ctx: Context,
    queue: Queue,
    deadline: float,
    take: Callable[[], list[T]],
    next_visible: Callable[[], float | None],
) -> list[T]:
    """What `take` gives as soon as it gives something; nothing at the deadline."""
    remembered = memory(ctx)
    remembered.tickets = ticket = remembered.tickets + 1
    line = remembered.waiting.setdefault(queue.id, {})
    line[ticket] = None
    try:
        while not (found := take()) and ctx.now < deadline:
            until = deadline
            if next(iter(line)) == ticket and (visible := next_visible()) is not None:
                until = min(until, visible)
            await ctx.wait(("sqs", queue.id, ticket), until)
        return found
    finally:
        del line[ticket]
        if line:
            wake(ctx, queue)
        else:
            remembered.waiting.pop(queue.id, None)
