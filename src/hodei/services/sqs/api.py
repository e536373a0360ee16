"""What other services use of SQS, apart from its operations: to know when there is something to receive."""

from __future__ import annotations

from itertools import islice

from hodei.kernel.context import Context
from hodei.services.sqs import mailbox
from hodei.services.sqs.find import find_queue
from hodei.services.sqs.receiving import polling


async def arrival(ctx: Context, url: str, until: float) -> None:
    """Wait until there may be messages in a queue, or a moment of the cloud's clock. `ctx` is that of any service.

    Raises: InvalidAddress, QueueDoesNotExist.
    """
    there = ctx.world.context("sqs", account=ctx.account, region=ctx.region)
    queue = find_queue(there, url)[1]
    await polling.wait_for(
        there,
        queue,
        until,
        lambda: list(islice(mailbox.available(*find_queue(there, url)), 1)),
        lambda: mailbox.next_visible(*find_queue(there, url)),
    )
