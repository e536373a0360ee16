"""What is kept of executions costs by the month. https://aws.amazon.com/lambda/pricing/"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from hodei.kernel.arns import partition_of
from hodei.kernel.ledger.meter import Stock
from hodei.kernel.store import Store
from hodei.services.lambda_.durable.records import executions


def kept(store: Store) -> Iterator[Stock]:
    """The bytes of each function, as long as its executions are there."""
    total: Counter[tuple[str, str, str]] = Counter()
    for account, region, execution in executions.all(store):
        total[account, region, execution.function] += execution.written
    for (account, region, function), size in total.items():
        arn = f"arn:{partition_of(region)}:lambda:{region}:{account}:function:{function}"
        yield Stock(account, region, "durable-retained", size, arn)
