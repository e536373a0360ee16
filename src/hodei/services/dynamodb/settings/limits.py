"""What an account may have, and where it is served."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from hodei.kernel.context import Context
from hodei.services.dynamodb.service import dynamodb

CACHE_MINUTES = 1440


@dynamodb.operation("DescribeLimits")
def describe_limits(ctx: Context) -> dict[str, Any]:
    return {
        "AccountMaxReadCapacityUnits": int(ctx.quota("account-read")),
        "AccountMaxWriteCapacityUnits": int(ctx.quota("account-write")),
        "TableMaxReadCapacityUnits": int(ctx.quota("table-read")),
        "TableMaxWriteCapacityUnits": int(ctx.quota("table-write")),
    }


@dynamodb.operation("DescribeEndpoints")
def describe_endpoints(ctx: Context) -> dict[str, Any]:
    """This cloud, not AWS: clients that discover their endpoint go where it says."""
    return {"Endpoints": [{"Address": urlsplit(ctx.world.url).netloc, "CachePeriodInMinutes": CACHE_MINUTES}]}
