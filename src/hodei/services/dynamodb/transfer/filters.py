"""Exports of some items, and of some of their attributes.

See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Filtered.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from hodei.services.dynamodb import errors, keys
from hodei.services.dynamodb.expressions.conditions import Condition
from hodei.services.dynamodb.expressions.keyconditions import KeyCondition
from hodei.services.dynamodb.expressions.projections import Projection
from hodei.services.dynamodb.items import asked
from hodei.services.dynamodb.state import Item, Table

Bounds = dict[str, Any]  # start and end of scans below a table


class Filter(NamedTuple):
    """What a FilterSpecification lets through; `bounds` are those of the places to be read."""

    bounds: Bounds
    condition: Condition | None = None
    projection: Projection | None = None

    def holds(self, item: Item) -> bool:
        return self.condition is None or self.condition.holds(item)

    def part(self, item: Item) -> Item:
        """What is wanted of an item."""
        return item if self.projection is None else self.projection.of(item)


def filter_of(table: Table, given: Mapping[str, Any] | None) -> Filter:
    """Raises: ValidationException for expressions that are none, or do not fit the table."""
    if given is None:
        return Filter({})
    bounds: Bounds = {}
    if "KeyConditionExpression" in given:
        wanted, tests, _ = asked.queried(given, None)
        bounds = _bounds(table, tests.on(table.key))
        if wanted.filter and (found := [name for name in table.key.names if name in wanted.filter.names]):
            raise errors.ValidationException(
                f"Filter Expression can only contain non-primary key attributes: Primary key attribute: {found[0]}"
            )
    else:
        wanted, *_ = asked.scanned(given, None)
    keys.check_scalars(table, wanted.filter, wanted.projection)
    return Filter(bounds, wanted.filter, wanted.projection)


def _bounds(table: Table, condition: KeyCondition) -> Bounds:
    partition = keys.partition(table.key, condition.partition)
    if condition.sort is None:
        return {"start": (partition,), "end": (partition + b"\0",)}
    start, end = condition.sort
    return {"start": (partition, start), "end": (partition + b"\0",) if end is None else (partition, end)}
