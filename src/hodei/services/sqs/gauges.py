"""The metrics of what lies in queues.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
"""

from __future__ import annotations

from collections.abc import Iterator

from hodei.kernel.context import Context
from hodei.kernel.metrics import Gauge
from hodei.services.sqs import mailbox
from hodei.services.sqs.service import sqs
from hodei.services.sqs.state import messages, queues


@sqs.gauges
def depths(ctx: Context) -> Iterator[Gauge]:
    for queue in queues.scan(ctx):
        of_queue = {"QueueName": queue.name}
        depth = mailbox.depth(ctx, queue)
        oldest = next(messages.scan(ctx, queue.mailbox), None)
        yield Gauge("ApproximateNumberOfMessagesVisible", depth.visible, "Count", of_queue)
        yield Gauge("ApproximateNumberOfMessagesNotVisible", depth.in_flight, "Count", of_queue)
        yield Gauge("ApproximateNumberOfMessagesDelayed", depth.delayed, "Count", of_queue)
        yield Gauge("ApproximateAgeOfOldestMessage", ctx.now - oldest.enqueued if oldest else 0.0, "Seconds", of_queue)
