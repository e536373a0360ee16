"""What requests need of IAM: each operation is a resource of its own, as AWS's denials have it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.iam.needs import Need
from hodei.services.ce.service import ce


def needed(ctx: Context, params: Mapping[str, Any]) -> Iterator[Need]:
    yield Need(f"ce:{ctx.operation}", f"arn:aws:ce:us-east-1:{ctx.account}:/{ctx.operation}")


for _operation in ("GetCostAndUsage", "GetCostAndUsageWithResources", "GetDimensionValues", "GetTags"):
    ce.needs_of(_operation)(needed)
