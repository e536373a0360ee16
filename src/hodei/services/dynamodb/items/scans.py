"""Scan: a table or index in the order of its partitions' hashes, whole or by segments."""

from __future__ import annotations

from typing import Any, Unpack

from hodei.kernel.context import Context
from hodei.services.dynamodb.find import table_of
from hodei.services.dynamodb.items import asked, pages, starts
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import Item


class ScanOptions(pages.ReadOptions, total=False):
    ScanFilter: dict[str, Any]
    TotalSegments: int
    Segment: int


@dynamodb.operation("Scan")
def scan(
    ctx: Context,
    *,
    TableName: str,
    ExclusiveStartKey: Item | None = None,
    ReturnConsumedCapacity: str = "NONE",
    **given: Unpack[ScanOptions],
) -> dict[str, Any]:
    """In an order that tells a client nothing, but the same one each time."""
    wanted, start, segment = asked.scanned(given, ExclusiveStartKey)
    there, table = table_of(ctx, TableName)
    source = pages.source_of(there, table, given)
    pages.check_wanted(source, wanted)
    after = None if start is None else starts.of_scan(source, segment, start)
    rows = source.rows(start=segment.start, end=segment.end, after=after)
    answer, units = pages.read_page(source, wanted, rows)
    return pages.with_capacity(answer, ReturnConsumedCapacity, TableName, table, units)
