"""Query: the items of one partition key of a table or index, in the order of their sort keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Unpack

from hodei.kernel.context import Context
from hodei.services.dynamodb import errors, keys
from hodei.services.dynamodb.expressions.conditions import Condition
from hodei.services.dynamodb.expressions.keyconditions import KeyCondition
from hodei.services.dynamodb.find import table_of
from hodei.services.dynamodb.items import asked, pages, starts
from hodei.services.dynamodb.items.pages import Position, Row, Source
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import Item


class QueryOptions(pages.ReadOptions, total=False):
    QueryFilter: dict[str, Any]
    KeyConditions: dict[str, Any]
    KeyConditionExpression: str


@dynamodb.operation("Query")
def query(
    ctx: Context,
    *,
    TableName: str,
    ScanIndexForward: bool = True,
    ExclusiveStartKey: Item | None = None,
    ReturnConsumedCapacity: str = "NONE",
    **given: Unpack[QueryOptions],
) -> dict[str, Any]:
    wanted, tests, start = asked.queried(given, ExclusiveStartKey)
    there, table = table_of(ctx, TableName)
    source = pages.source_of(there, table, given)
    after = None if start is None else starts.of_query(source, start)
    condition = tests.on(source.key)
    partition = keys.partition(source.key, condition.partition)
    if after:
        _check_within(after, partition, condition)
    if wanted.filter:
        _check_filter(source, wanted.filter, "QueryFilter" if "QueryFilter" in given else "Filter Expression")
    pages.check_wanted(source, wanted)
    found = rows(source, partition, condition, after, forward=ScanIndexForward)
    answer, units = pages.read_page(source, wanted, found)
    return pages.with_capacity(answer, ReturnConsumedCapacity, TableName, table, units)


def rows(
    source: Source, partition: bytes, condition: KeyCondition, after: Position | None, *, forward: bool
) -> Iterator[Row]:
    """What a key condition finds, from the beginning or after a row of this partition."""
    low, high = _range(condition)
    return source.rows(partition, start=low, end=high, after=after[1:] if after else None, reverse=not forward)


def _range(condition: KeyCondition) -> tuple[Position | None, Position | None]:
    """The bounds of the sort keys: inclusive, exclusive."""
    if condition.sort is None:
        return None, None
    return (condition.sort.start,), None if condition.sort.end is None else (condition.sort.end,)


def _check_filter(source: Source, condition: Condition, what: str) -> None:
    """Raises: ValidationException for a filter on what the query's key conditions are for."""
    if found := [name for name in source.key.names if name in condition.names]:
        raise errors.ValidationException(
            f"{what} can only contain non-primary key attributes: Primary key attribute: {found[0]}"
        )


def _check_within(after: Position, partition: bytes, condition: KeyCondition) -> None:
    """That a page of this query can end there. Raises: ValidationException, in words that AWS has chosen strangely."""
    found, *rest = after
    low, high = _range(condition)
    if (low and tuple(rest) < low) or (high and tuple(rest) >= high):
        raise errors.ValidationException("The provided starting key does not match the range key predicate")
    if found == partition:
        return
    if condition.sort:
        raise errors.ValidationException("The query can return at most one row and cannot be restarted")
    raise errors.ValidationException(
        "The provided starting key is outside query boundaries based on provided conditions"
    )
