"""Provisioned capacity as CloudWatch shows it.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
"""

from __future__ import annotations

from collections.abc import Iterator

from hodei.kernel.context import Context
from hodei.kernel.metrics import Gauge
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import Throughput, tables


@dynamodb.gauges
def provisioned(ctx: Context) -> Iterator[Gauge]:
    for table in tables.scan(ctx):
        if table.billing != "PROVISIONED" or table.archived:
            continue
        yield from _of(table.throughput, TableName=table.name)
        for index in table.indexes:
            if not index.local:
                yield from _of(index.throughput, TableName=table.name, GlobalSecondaryIndexName=index.name)


def _of(throughput: Throughput, **dimensions: str) -> Iterator[Gauge]:
    yield Gauge("ProvisionedReadCapacityUnits", float(throughput.read), "Count", dimensions)
    yield Gauge("ProvisionedWriteCapacityUnits", float(throughput.write), "Count", dimensions)
