"""A table's stream: switched on and off by CreateTable and UpdateTable."""

from __future__ import annotations

from hodei.kernel.context import Context
from hodei.services.dynamodb import errors
from hodei.services.dynamodb.schemas import Definition
from hodei.services.dynamodb.state import Table
from hodei.services.dynamodb.streams.lifecycle import begin, end
from hodei.services.dynamodb.values import invalid


def check_stream(given: Definition) -> None:
    """Raises: ValidationException for a StreamSpecification that contradicts itself."""
    if given["StreamEnabled"] and "StreamViewType" not in given:
        raise invalid("StreamViewType is required when StreamEnabled is true")
    if not given["StreamEnabled"] and "StreamViewType" in given:
        raise invalid("If stream is being disabled, then UpdateViewType must not be specified")


def stream_changed(ctx: Context, table: Table, given: Definition) -> Table:
    """Raises: ValidationException if the stream is that way already; its view type never changes."""
    check_stream(given)
    if given["StreamEnabled"]:
        if table.stream_view:
            raise errors.ValidationException(f"Table already has an enabled stream: TableName: {table.name}")
        return begin(ctx, table, given["StreamViewType"])
    if not table.stream_view:
        raise errors.ValidationException(f"Table already has stream disabled: TableName: {table.name}")
    if table.replicas:
        raise invalid("Disabling Stream is not allowed for a Global Table replica.")
    return end(ctx, table)
