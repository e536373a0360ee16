"""ListMetrics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hodei.kernel import pages
from hodei.kernel.context import Context
from hodei.kernel.metrics import DAY, HOUR, Series, unpack_dimensions
from hodei.services.cloudwatch import errors
from hodei.services.cloudwatch.service import cloudwatch

PAGE = 500
LISTED = 14 * DAY  # "Metrics ... are returned if they have reported data in the past two weeks"
ACTIVE = 3 * HOUR


@cloudwatch.operation("ListMetrics")
def list_metrics(
    ctx: Context,
    *,
    Namespace: str | None = None,
    MetricName: str | None = None,
    Dimensions: Sequence[Mapping[str, str]] = (),
    NextToken: str = "",
    RecentlyActive: str | None = None,
    OwningAccount: str | None = None,
) -> dict[str, Any]:
    after = page_after(ctx, NextToken)
    if OwningAccount not in (None, ctx.account):
        return {"Metrics": []}
    ctx.world.metrics.refresh(ctx, [Namespace] if Namespace else [])
    oldest = ctx.now - (ACTIVE if RecentlyActive else LISTED)
    found = (
        series
        for series in series_of(ctx, Namespace, MetricName, after)
        if series.last >= oldest and _matches(series, Dimensions)
    )
    page, token = pages.cut(ctx, found, PAGE, lambda series: series.metric)
    listed = [describe(series) for series in page]
    return {"Metrics": listed} | ({"NextToken": token} if token else {})


def page_after(ctx: Context, token: str) -> tuple[Any, ...] | None:
    """The key of the last item of the page before. Raises: InvalidNextToken or InvalidParameterValue."""
    try:
        return pages.after(ctx, token)
    except ValueError:
        operation = ctx.service.model.operations[ctx.operation]
        if any(shape.error_code == "InvalidNextToken" for shape in operation.errors):
            raise errors.InvalidNextToken() from None
        raise errors.InvalidParameterValue(reason="The value for parameter NextToken is invalid.") from None


def series_of(
    ctx: Context, namespace: str | None, name: str | None, after: tuple[Any, ...] | None = None
) -> Iterator[Series]:
    """All metrics of a namespace and a name, or of any."""
    table = ctx.world.metrics.series
    for series in table.scan(ctx, *((namespace,) if namespace else ()), after=after and after[bool(namespace) :]):
        if name in (None, series.name):
            yield series


def describe(series: Series) -> dict[str, Any]:
    dimensions = unpack_dimensions(series.dimensions)
    return {
        "Namespace": series.namespace,
        "MetricName": series.name,
        "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
    }


def _matches(series: Series, filters: Sequence[Mapping[str, str]]) -> bool:
    dimensions = unpack_dimensions(series.dimensions)
    return all(
        one["Name"] in dimensions and one.get("Value", dimensions[one["Name"]]) == dimensions[one["Name"]]
        for one in filters
    )
