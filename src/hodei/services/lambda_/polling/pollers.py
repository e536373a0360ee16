"""Who asks the sources of event source mappings for something to do: one loop a mapping, while it is enabled."""

from __future__ import annotations

import asyncio
from weakref import WeakKeyDictionary

from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.kernel.tables import places
from hodei.kernel.world import World
from hodei.services.lambda_.mappings import states
from hodei.services.lambda_.polling import queues
from hodei.services.lambda_.service import lambda_
from hodei.services.lambda_.state import EventSource, mappings

Place = tuple[str, str, str]  # account, region, UUID

_running: WeakKeyDictionary[World, dict[Place, asyncio.Task[None]]] = WeakKeyDictionary()


@lambda_.on_start
def resume(world: World) -> None:
    """Those of all accounts and regions, when the cloud has been started, or is another one now."""
    for account, region in places(world.store):
        ctx = world.context("lambda", account=account, region=region)
        for mapping in mappings.scan(ctx):
            begin(ctx, mapping)


def begin(ctx: Context, mapping: EventSource) -> None:
    """Poll for a mapping, if it is enabled and that is not done already."""
    if mapping.state != "Enabled" or Arn.parse(mapping.source).service != "sqs":
        return
    tasks = _running.setdefault(ctx.world, {})
    place = (ctx.account, ctx.region, mapping.uuid)
    if (task := tasks.get(place)) is None or task.done():
        tasks[place] = ctx.timers.spawn(queues.poll(ctx, mapping.uuid))


states.on_settled.append(begin)
