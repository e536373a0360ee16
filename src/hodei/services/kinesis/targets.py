"""How events of other services get into a stream."""

from __future__ import annotations

from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.kernel.deliver import Delivery
from hodei.services.kinesis.service import kinesis


@kinesis.delivers
async def receive(ctx: Context, arn: Arn, delivery: Delivery) -> None:
    """The payload becomes a record, by PutRecord and its rules; its partition key is the delivery's id, as
    EventBridge's is that of the event."""
    await ctx.call("kinesis", "PutRecord", StreamARN=delivery.arn, Data=delivery.payload, PartitionKey=delivery.id)
