"""The auto scaling of writes, which a global table of provisioned capacity has in all its regions alike."""

from __future__ import annotations

from collections.abc import Iterator

from hodei.kernel.context import Context
from hodei.services.dynamodb.state import Table

TABLE, INDEX = "dynamodb:table:WriteCapacityUnits", "dynamodb:index:WriteCapacityUnits"


def writes_scaled(ctx: Context, table: Table) -> bool:
    """Whether the writes of a table and of all its global indexes are scaled."""
    from hodei.services.application_autoscaling.api import is_scaled

    return all(is_scaled(ctx, "dynamodb", resource, dimension) for resource, dimension in _dimensions(table))


def share(ctx: Context, table: Table, region: str) -> None:
    """Let the writes of a new replica be scaled as they are here."""
    from hodei.services.application_autoscaling.api import copy

    if table.billing == "PROVISIONED":
        for resource, dimension in _dimensions(table):
            copy(ctx, "dynamodb", resource, dimension, region)


def _dimensions(table: Table) -> Iterator[tuple[str, str]]:
    yield f"table/{table.name}", TABLE
    for index in table.indexes:
        if not index.local:
            yield f"table/{table.name}/index/{index.name}", INDEX
