"""What an account may run at once in a region, and what of it is nobody's yet; GetAccountSettings."""

from __future__ import annotations

from typing import Any

from hodei.kernel.context import Context
from hodei.services.lambda_.concurrency.load import load_of
from hodei.services.lambda_.packages import storage
from hodei.services.lambda_.packages.intake import UNPACKED, UPLOADED
from hodei.services.lambda_.service import lambda_
from hodei.services.lambda_.state import functions, provisioned

LEAST_UNRESERVED = 100


@lambda_.operation("GetAccountSettings")
def get_account_settings(ctx: Context) -> dict[str, Any]:
    return {
        "AccountLimit": {
            "TotalCodeSize": int(ctx.quota("code-storage")) * storage.GIB,
            "CodeSizeUnzipped": UNPACKED,
            "CodeSizeZipped": UPLOADED,
            "ConcurrentExecutions": limit(ctx),
            "UnreservedConcurrentExecutions": unreserved(ctx),
        },
        "AccountUsage": {"TotalCodeSize": storage.total(ctx), "FunctionCount": functions.count(ctx)},
    }


def limit(ctx: Context) -> int:
    return int(ctx.quota("concurrent-executions"))


def unreserved(ctx: Context, without: str = "") -> int:
    """What is left to functions that have nothing for themselves, be it reserved or provisioned; as if a function had
    nothing (`without`)."""
    reserved = {one.name: one.reserved or 0 for one in functions.by("reserved", ctx)}
    own = sum(
        one.requested for one in provisioned.scan(ctx) if one.function not in reserved and one.function != without
    )
    return limit(ctx) - own - sum(count for name, count in reserved.items() if name != without)


def provisioned_of(ctx: Context, function: str, but: str = "") -> int:
    """The provisioned concurrency of a function, but that of one qualifier."""
    return sum(one.requested for one in provisioned.scan(ctx, function) if one.qualifier != but)


def unreserved_running(ctx: Context) -> int:
    """How many invokes run in what is neither reserved for a function nor provisioned."""
    reserving = {name for _, name in functions.index_keys("reserved", ctx)}
    return sum(
        count
        for (owner, region, name), count in load_of(ctx).on_demand.items()
        if owner == ctx.account and region == ctx.region and name not in reserving
    )
