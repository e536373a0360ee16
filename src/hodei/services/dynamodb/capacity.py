"""What operations consume, as AWS counts it: units for the table and for each index, and item collections' sizes."""

from __future__ import annotations

import functools
from typing import Any

from hodei.kernel.arns import Arn, partition_of
from hodei.kernel.context import Context
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import Item, Table, collections

READ_BYTES = 4096
WRITE_BYTES = 1024
GIGABYTE = 1024**3
REQUESTS = {"Read": "read-units", "Write": "write-units"}
TABLE = ""  # the table itself, where indexes go by their names

Units = dict[str, float]  # index name (or TABLE) -> capacity units


def read_units(size: int, *, consistent: bool) -> float:
    """The units of reading `size` bytes at once: at least those of one block."""
    units = -(-size // READ_BYTES) or 1
    return float(units) if consistent else units / 2


def write_units(size: int) -> float:
    """The units of writing an item of `size` bytes (the larger of the old and the new one)."""
    return float(-(-size // WRITE_BYTES) or 1)


def add(total: Units, more: Units, times: float = 1.0) -> None:
    """Adds to `total` what was consumed besides."""
    for index, units in more.items():
        total[index] = total.get(index, 0.0) + units * times


def record(ctx: Context, table: Table, kind: str, units: Units) -> None:
    """Counts consumption in CloudWatch, and on the bill; `kind` is "Read" or "Write"."""
    bill(ctx, table, kind, units)
    name = f"Consumed{kind}CapacityUnits"
    for index, consumed in units.items():
        if index == TABLE:
            ctx.metric("AWS/DynamoDB", name, consumed, "Count", TableName=table.name)
        elif (found := table.index(index)) and not found.local:
            ctx.metric("AWS/DynamoDB", name, consumed, "Count", TableName=table.name, GlobalSecondaryIndexName=index)


def bill(ctx: Context, table: Table, kind: str, units: Units) -> None:
    """Counts the request units of a table on demand. Writes to a member of a global table are units of their own,
    writes to its indexes are not."""
    if table.billing != "PAY_PER_REQUEST":
        return
    arn, total = arn_of(ctx.account, ctx.region, table.name), sum(units.values())
    if table.replicas and kind == "Write":
        replicated = units.get(TABLE, 0.0)
        total -= replicated
        ctx.meter(f"{rare(table)}repl-write-units", replicated, arn)
    if total:
        ctx.meter(rare(table) + REQUESTS[kind], total, arn)


@functools.lru_cache(4096)
def arn_of(account: str, region: str, table: str) -> str:
    """Of a table, for the bill, which asks with every request."""
    return str(Arn(partition_of(region), dynamodb.name, region, account, f"table/{table}"))


def rare(table: Table) -> str:
    """What usages of tables for infrequent access begin with."""
    return "ia-" if table.table_class == "STANDARD_INFREQUENT_ACCESS" else ""


def consumed(mode: str, given: str, table: Table, units: Units, kind: str = "") -> dict[str, Any]:
    """A ConsumedCapacity. `given` is the table as the caller named it.

    Transactions name the `kind` of their units too: "Read" or "Write".
    """

    def capacity(number: float) -> dict[str, float]:
        return {"CapacityUnits": number, f"{kind}CapacityUnits": number} if kind else {"CapacityUnits": number}

    report: dict[str, Any] = {"TableName": given, **capacity(sum(units.values()))}
    if mode != "INDEXES":
        return report
    report["Table"] = capacity(units.get(TABLE, 0.0))
    for index in table.indexes:
        if index.name in units:
            kinds = "LocalSecondaryIndexes" if index.local else "GlobalSecondaryIndexes"
            report.setdefault(kinds, {})[index.name] = capacity(units[index.name])
    return report


def collection_metrics(ctx: Context, table: Table, partition: bytes, item: Item) -> dict[str, Any]:
    """ItemCollectionMetrics of the collection that an item is in; for tables with local indexes only."""
    collection = collections.get(ctx, table.id, partition)
    whole = (collection.size if collection else 0) // GIGABYTE
    name = table.key.names[0]
    return {"ItemCollectionKey": {name: item[name]}, "SizeEstimateRangeGB": [float(whole), float(whole + 1)]}
