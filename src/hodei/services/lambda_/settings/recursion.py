"""What becomes of a function that invokes itself over and over, by queues and topics."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.lambda_.find import function_of, read
from hodei.services.lambda_.service import lambda_
from hodei.services.lambda_.state import functions


@lambda_.operation("PutFunctionRecursionConfig")
def put_function_recursion_config(ctx: Context, *, FunctionName: str, RecursiveLoop: str) -> dict[str, Any]:
    name = read(ctx, FunctionName)
    function = function_of(name)
    functions.put(name.ctx, replace(function, recursion=RecursiveLoop), old=function)
    return {"RecursiveLoop": RecursiveLoop}


@lambda_.operation("GetFunctionRecursionConfig")
def get_function_recursion_config(ctx: Context, *, FunctionName: str) -> dict[str, Any]:
    return {"RecursiveLoop": function_of(read(ctx, FunctionName)).recursion}
