"""Who asks the sources of event source mappings for something to do: one loop a mapping, while it is enabled."""

from __future__ import annotations

from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.kernel.tables import places
from hodei.kernel.world import World
from hodei.services.lambda_.mappings import states
from hodei.services.lambda_.polling import queues
from hodei.services.lambda_.polling.loops import Loop, Loops
from hodei.services.lambda_.polling.streams import checkpoints
from hodei.services.lambda_.service import lambda_
from hodei.services.lambda_.state import EventSource, mappings


@lambda_.on_start
def resume(world: World) -> None:
    """Those of all accounts and regions, when the cloud has been started, or is another one now."""
    for account, region in places(world.store):
        ctx = world.context("lambda", account=account, region=region)
        for mapping in mappings.scan(ctx):
            begin(ctx, mapping)


def begin(ctx: Context, mapping: EventSource) -> None:
    """Poll for a mapping, if it is enabled and that is not done already."""
    if mapping.state != "Enabled":
        return
    running, place = ctx.world.memory(Loops).running, (ctx.account, ctx.region, mapping.uuid)
    if place in running and running[place].is_running():
        return
    loop = running[place] = Loop()
    if Arn.parse(mapping.source).service == "sqs":
        loop.task = ctx.timers.spawn(queues.poll(ctx, mapping.uuid, loop))
    else:
        from hodei.services.lambda_.polling.streams import polling  # brings Kinesis and DynamoDB

        loop.task = ctx.timers.spawn(polling.poll(ctx, mapping.uuid, loop))


states.on_settled.append(begin)
states.on_deleted.append(checkpoints.forget)
