"""Lookup tables: CSV files that queries take further fields from.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Lookup.html
"""

from __future__ import annotations

import csv
import io
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from hodei.engines.insights import InvalidQuery, Table
from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError, NotImplementedByHodei
from hodei.kernel.keys import text_end
from hodei.services.logs import errors, pages, tagging
from hodei.services.logs.service import logs
from hodei.services.logs.state import LookupTable, Wire, lookup_tables, queries, results

MOST_BYTES = 10 * 1024 * 1024
ENDED = ("Complete", "Cancelled")  # queries whose results can be taken
POINTER = "@ptr"
NO_TAGS: Mapping[str, str] = {}


@logs.operation("CreateLookupTable")
async def create_lookup_table(
    ctx: Context,
    *,
    lookupTableName: str,
    description: str = "",
    tableBody: str = "",
    queryId: str = "",
    kmsKeyId: str = "",
    tags: Mapping[str, str] = NO_TAGS,
) -> dict[str, Any]:
    _without_key(kmsKeyId)
    table = await _made(ctx, LookupTable(name=lookupTableName, created=ctx.now), tableBody, queryId)
    if lookup_tables.get(ctx, lookupTableName):
        raise errors.TableExists()
    if lookup_tables.count(ctx) >= ctx.quota("lookup-tables"):
        raise errors.LimitExceededException()
    table = replace(table, description=description)
    ctx.tags.set(ctx, table.arn(ctx), tagging.checked(NO_TAGS, tags))
    lookup_tables.put(ctx, table)
    return {"lookupTableArn": table.arn(ctx), "createdAt": int(table.created * 1000)}


@logs.operation("UpdateLookupTable")
async def update_lookup_table(
    ctx: Context,
    *,
    lookupTableArn: str,
    description: str | None = None,
    tableBody: str = "",
    queryId: str = "",
    kmsKeyId: str = "",
) -> dict[str, Any]:
    _without_key(kmsKeyId)
    table = await _made(ctx, _named(ctx, lookupTableArn), tableBody, queryId)
    if description is not None:
        table = replace(table, description=description)
    _named(ctx, lookupTableArn)  # it may have been deleted meanwhile
    lookup_tables.put(ctx, table)
    return {"lookupTableArn": table.arn(ctx), "lastUpdatedTime": int(table.updated * 1000)}


def _without_key(key: str) -> None:
    if key:
        raise NotImplementedByHodei("KMS keys of lookup tables are not implemented by Hodei.")


async def _made(ctx: Context, table: LookupTable, body: str, query: str) -> LookupTable:
    """A table with that content, or with the results of a query. Raises: InvalidParameterException and others."""
    if bool(body) == bool(query):
        raise errors.InvalidParameterException(reason="Exactly one of tableBody and queryId must be specified.")
    raw = (body if body else _of_query(ctx, query)).encode()
    if len(raw) > MOST_BYTES:
        raise errors.InvalidParameterException(reason="The table body must not exceed 10 MB.")
    try:
        columns, rows = await ctx.offload(_parsed, raw)
    except (csv.Error, ValueError) as error:
        raise errors.InvalidParameterException(reason=f"The table body is not valid CSV: {error}") from None
    packed = await ctx.offload(zlib.compress, raw)
    return replace(table, columns=columns, records=len(rows), body=packed, size=len(raw), updated=ctx.now)


def _parsed(raw: bytes) -> tuple[list[str], list[list[str]]]:
    """The header of a CSV file and its rows. Raises: ValueError."""
    columns, *rows = [row for row in csv.reader(io.StringIO(raw.decode(), newline=""), strict=True) if row] or [[]]
    if not columns or not all(columns) or len(set(columns)) < len(columns):
        raise ValueError("the first row must have names of columns, all different")
    for number, row in enumerate(rows, 2):
        if len(row) != len(columns):
            raise ValueError(f"row {number} has {len(row)} values where there are {len(columns)} columns")
    return columns, rows


def _of_query(ctx: Context, id: str) -> str:
    """The results of a query as CSV. Raises: InvalidParameterException, ResourceNotFoundException."""
    run, found = queries.get(ctx, id), results.get(ctx, id)
    if run is None:
        raise errors.ResourceNotFoundException(reason=f"Query [{id}] does not exist.")
    if run.status not in ENDED:
        raise errors.InvalidParameterException(reason=f"Query [{id}] is not completed or cancelled.")
    rows = [dict(row) for row in found.rows] if found else []
    columns = [name for name in dict.fromkeys(name for row in rows for name in row) if name != POINTER]
    if not columns:
        raise errors.InvalidParameterException(reason=f"Query [{id}] has no results.")
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([row.get(name, "") for name in columns] for row in rows)
    return text.getvalue()


@logs.operation("GetLookupTable")
async def get_lookup_table(ctx: Context, *, lookupTableArn: str) -> dict[str, Any]:
    table = _named(ctx, lookupTableArn)
    body = await ctx.offload(zlib.decompress, table.body)
    described = _view(ctx, table)
    del described["tableFields"], described["recordsCount"]
    return described | {"tableBody": body.decode()}


@logs.operation("DescribeLookupTables")
def describe_lookup_tables(
    ctx: Context, *, lookupTableNamePrefix: str = "", maxResults: int = pages.MOST, nextToken: str = ""
) -> dict[str, Any]:
    stop = text_end(lookupTableNamePrefix)
    found = lookup_tables.scan(
        ctx, start=(lookupTableNamePrefix,), end=(stop,) if stop else None, after=pages.after(ctx, nextToken)
    )
    page, rest = pages.cut(ctx, found, maxResults, lambda table: (table.name,))
    return {"lookupTables": [_view(ctx, table) for table in page], **rest}


@logs.operation("DeleteLookupTable")
def delete_lookup_table(ctx: Context, *, lookupTableArn: str) -> None:
    table = _named(ctx, lookupTableArn)
    ctx.tags.set(ctx, table.arn(ctx), NO_TAGS)
    lookup_tables.delete(ctx, table.name)


def _named(ctx: Context, arn: str) -> LookupTable:
    """Raises: ResourceNotFoundException."""
    name = arn.removeprefix(ctx.arn("lookup-table:"))
    if name == arn or (found := lookup_tables.get(ctx, name)) is None:
        raise _absent(arn)
    return found


def _absent(name: str) -> AwsError:
    return errors.ResourceNotFoundException(reason=f"The lookup table {name} does not exist.")


def _view(ctx: Context, table: LookupTable) -> Wire:
    view: Wire = {
        "lookupTableArn": table.arn(ctx),
        "lookupTableName": table.name,
        "tableFields": table.columns,
        "recordsCount": table.records,
        "sizeBytes": table.size,
        "lastUpdatedTime": int(table.updated * 1000),
    }
    return view | ({"description": table.description} if table.description else {})


def check(ctx: Context, tables: Sequence[Table]) -> None:
    """Whether what a query names is there. Raises: InvalidQuery, ResourceNotFoundException."""
    for table in tables:
        found = lookup_tables.get(ctx, table.name)
        if found is None:
            raise _absent(table.name)
        table.check(found.columns)


async def fill(ctx: Context, tables: Sequence[Table]) -> None:
    """Give a query its tables, as they are now. Raises: InvalidQuery for what is not there any more."""
    for table in tables:
        found = lookup_tables.get(ctx, table.name)
        if found is None:
            raise InvalidQuery(f"the lookup table {table.name} does not exist")
        await ctx.offload(_fill, table, found.body)


def _fill(table: Table, body: bytes) -> None:
    table.fill(*_parsed(zlib.decompress(body)))
