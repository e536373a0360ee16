"""Scan: a table or index in the order of its partitions' hashes, whole or by segments."""

from __future__ import annotations

from typing import Any, Unpack

from hodei.kernel.context import Context
from hodei.services.dynamodb import errors
from hodei.services.dynamodb.find import table_of
from hodei.services.dynamodb.items import asked, pages, segments
from hodei.services.dynamodb.items.pages import Position, Source
from hodei.services.dynamodb.items.segments import Segment as Part
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import Item


class ScanOptions(pages.ReadOptions, total=False):
    ScanFilter: dict[str, Any]


@dynamodb.operation("Scan")
def scan(
    ctx: Context,
    *,
    TableName: str,
    TotalSegments: int | None = None,
    Segment: int | None = None,
    ExclusiveStartKey: Item | None = None,
    ReturnConsumedCapacity: str = "NONE",
    **given: Unpack[ScanOptions],
) -> dict[str, Any]:
    """In an order that tells a client nothing, but the same one each time."""
    wanted, start = asked.scanned(given, ExclusiveStartKey)
    segment = segments.segment_of(Segment, TotalSegments)
    there, table = table_of(ctx, TableName)
    source = pages.source_of(there, table, given)
    pages.check_wanted(source, wanted)
    after = None if start is None else _after(source, segment, start)
    rows = source.rows(start=segment.start, end=segment.end, after=after)
    answer, units = pages.read_page(source, wanted, rows)
    return pages.with_capacity(answer, ReturnConsumedCapacity, TableName, table, units)


def _after(source: Source, segment: Part, start: Item) -> Position:
    """Where the page before ended. Raises: ValidationException for what can end no page of this scan."""
    try:
        position = source.position(start)
    except errors.ValidationException as error:
        raise asked.invalid_start(error.message) from None
    if not segment.has(position):
        raise asked.invalid_start(
            "Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. "
            f"TotalSegments: {segment.total} Segment: {segment.number}"
        )
    return position
