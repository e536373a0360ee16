"""Reserved concurrency: a function's guarantee and its ceiling."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.lambda_ import errors
from hodei.services.lambda_.concurrency.account import LEAST_UNRESERVED, provisioned_of, unreserved
from hodei.services.lambda_.find import function_of, read
from hodei.services.lambda_.service import lambda_
from hodei.services.lambda_.state import functions


@lambda_.operation("PutFunctionConcurrency")
def put_function_concurrency(ctx: Context, *, FunctionName: str, ReservedConcurrentExecutions: int) -> dict[str, Any]:
    name = read(ctx, FunctionName)
    function = function_of(name)
    there, wanted = name.ctx, ReservedConcurrentExecutions
    total = provisioned_of(there, name.function)
    if wanted < total:
        raise errors.Plain(
            f" ReservedConcurrentExecutions  {wanted} should not be lower than function's total provisioned "
            f"concurrency [{total}]."
        )
    if unreserved(there, without=name.function) - wanted < LEAST_UNRESERVED:
        raise errors.Plain(
            "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
            f"below its minimum value of [{LEAST_UNRESERVED}]."
        )
    functions.put(there, replace(function, reserved=wanted), old=function)
    return {"ReservedConcurrentExecutions": wanted}


@lambda_.operation("GetFunctionConcurrency")
def get_function_concurrency(ctx: Context, *, FunctionName: str) -> dict[str, Any]:
    function = function_of(read(ctx, FunctionName))
    return {} if function.reserved is None else {"ReservedConcurrentExecutions": function.reserved}


@lambda_.operation("DeleteFunctionConcurrency")
def delete_function_concurrency(ctx: Context, *, FunctionName: str) -> None:
    name = read(ctx, FunctionName)
    function = function_of(name)
    functions.put(name.ctx, replace(function, reserved=None), old=function)
