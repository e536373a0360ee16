"""How events of other services get into a queue."""

from __future__ import annotations

from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.kernel.deliver import Delivery
from hodei.services.sqs.service import sqs


@sqs.delivers
async def receive(ctx: Context, arn: Arn, delivery: Delivery) -> None:
    """The payload becomes a message, under SendMessage's rules: a FIFO queue refuses it, for want of a group."""
    url = f"{ctx.world.url}/{arn.account}/{arn.resource}"
    await ctx.call("sqs", "SendMessage", QueueUrl=url, MessageBody=delivery.payload.decode())
