"""GetFunction, GetFunctionConfiguration, ListFunctions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hodei.kernel.context import Context
from hodei.services.lambda_ import pages
from hodei.services.lambda_.find import describe
from hodei.services.lambda_.functions import views
from hodei.services.lambda_.packages import downloads
from hodei.services.lambda_.service import lambda_
from hodei.services.lambda_.state import LATEST, Version, functions, versions


@lambda_.operation("GetFunction")
def get_function(ctx: Context, *, FunctionName: str, Qualifier: str = "") -> dict[str, Any]:
    found = describe(ctx, FunctionName, Qualifier)
    there, version = found.ctx, found.version
    answer = {"Configuration": views.configuration(found), "Code": downloads.location(there, version)}
    if tags := there.tags.get(there, there.arn(f"function:{version.function}")):
        answer["Tags"] = dict(tags)
    function = functions.get(there, version.function)
    if function and function.reserved is not None:
        answer["Concurrency"] = {"ReservedConcurrentExecutions": function.reserved}
    return answer


@lambda_.operation("GetFunctionConfiguration")
def get_function_configuration(ctx: Context, *, FunctionName: str, Qualifier: str = "") -> dict[str, Any]:
    return views.configuration(describe(ctx, FunctionName, Qualifier))


@lambda_.operation("ListFunctions")
def list_functions(
    ctx: Context, *, FunctionVersion: str = "", Marker: str = "", MaxItems: int = pages.MANY
) -> dict[str, Any]:
    """With FunctionVersion "ALL" each published version besides, else the unpublished ones alone."""
    every = FunctionVersion == "ALL"
    page, rest = pages.cut(
        ctx, _found(ctx, pages.after(ctx, Marker), every=every), MaxItems, lambda one: (one.function, one.number)
    )
    return {"Functions": [views.listed(ctx, version, qualified=every) for version in page], **rest}


def _found(ctx: Context, after: tuple[Any, ...] | None, *, every: bool) -> Iterator[Version]:
    if every:
        return versions.by("numbers", ctx, after=after)
    names = functions.keys(ctx, after=after[:1] if after else None)
    return (version for (name,) in names if (version := versions.get(ctx, name, LATEST)))
