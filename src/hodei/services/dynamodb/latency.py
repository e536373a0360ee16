"""How long requests take that succeed, as CloudWatch shows it, by table and operation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hodei.kernel.context import Context
from hodei.services.dynamodb.service import dynamodb

Params = Mapping[str, Any]
OPERATIONS = (
    "BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "TransactGetItems",
    "TransactWriteItems", "UpdateItem",
)  # fmt: skip


@dynamodb.meters(*OPERATIONS)
def succeeded(ctx: Context, params: Params, result: Params, error: Exception | None) -> None:
    if error is None and ctx.request is not None:
        for table in _tables(params):
            name = table.rpartition("/")[2]  # of an ARN
            taken = ctx.elapsed * 1000
            ctx.metric(
                "AWS/DynamoDB",
                "SuccessfulRequestLatency",
                taken,
                "Milliseconds",
                TableName=name,
                Operation=ctx.operation,
            )


def _tables(params: Params) -> Iterable[str]:
    if "TableName" in params:
        return (params["TableName"],)
    if "RequestItems" in params:
        return tuple(params["RequestItems"])
    return {part["TableName"] for item in params["TransactItems"] for part in item.values()}
