"""What a restart has cut off, or was going on when a snapshot was taken: queries and exports begin anew."""

from __future__ import annotations

from hodei.kernel.world import World
from hodei.services.logs.events import export
from hodei.services.logs.insights import running
from hodei.services.logs.service import logs
from hodei.services.logs.state import export_tasks, queries


@logs.on_start
def resume(world: World) -> None:
    with world.store.batch():
        for account, region, query in list(queries.all(world.store)):
            if query.status == "Running":
                ctx = world.context("logs", account=account, region=region)
                ctx.timers.set(ctx, running.TIMER, ctx.now, query.id)
        for account, region, task in list(export_tasks.all(world.store)):
            if task.status == "RUNNING":
                ctx = world.context("logs", account=account, region=region)
                ctx.timers.set(ctx, export.TIMER, ctx.now, task.id)
