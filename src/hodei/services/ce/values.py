"""GetDimensionValues, GetTags: what there is to group and to filter by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hodei.kernel.context import Context
from hodei.services.ce import costs, dimensions, errors, expressions, pages, periods
from hodei.services.ce.costs import METRICS, Charge
from hodei.services.ce.expressions import Expression
from hodei.services.ce.service import ce

PAGE = 1000
COSTS = "COST_AND_USAGE"

Found = dict[str, list[Charge]]


@ce.operation("GetDimensionValues")
def get_dimension_values(
    ctx: Context,
    *,
    TimePeriod: Mapping[str, str],
    Dimension: str,
    SearchString: str = "",
    Context: str = COSTS,
    Filter: Expression | None = None,
    SortBy: Sequence[Mapping[str, str]] = (),
    MaxResults: int = PAGE,
    NextPageToken: str = "",
) -> dict[str, Any]:
    """There are no reservations and no savings plans: no dimension has a value in their contexts."""
    if Dimension not in dimensions.FILTERS:
        raise errors.ValidationException(
            f"Dimension not valid. Valid values are {', '.join(sorted(dimensions.FILTERS))}"
        )
    request = (TimePeriod, Dimension, SearchString, Context, Filter, SortBy)
    found: Found = {}
    if Dimension in dimensions.VALUES:
        for charge in _charges(ctx, TimePeriod, Filter, wanted=Context == COSTS):
            if name := dimensions.VALUES[Dimension](charge.line):
                found.setdefault(name, []).append(charge)
    names, answer = _page(ctx, found, SearchString, SortBy, MaxResults, NextPageToken, request)
    told = [{"Value": name, "Attributes": dimensions.attributes(ctx, Dimension, name)} for name in names]
    return {"DimensionValues": told, **answer}


@ce.operation("GetTags")
def get_tags(
    ctx: Context,
    *,
    TimePeriod: Mapping[str, str],
    TagKey: str | None = None,
    SearchString: str = "",
    Filter: Expression | None = None,
    SortBy: Sequence[Mapping[str, str]] = (),
    MaxResults: int = PAGE,
    NextPageToken: str = "",
) -> dict[str, Any]:
    """The keys of tags; with a key its values, "" of what does not have it."""
    request = (TimePeriod, TagKey, SearchString, Filter, SortBy)
    found: Found = {}
    for charge in _charges(ctx, TimePeriod, Filter):
        tags = charge.line.tags
        for name in tags if TagKey is None else [tags.get(TagKey, "")]:
            found.setdefault(name, []).append(charge)
    names, answer = _page(ctx, found, SearchString, SortBy, MaxResults, NextPageToken, request)
    return {"Tags": names, **answer}


def _charges(ctx: Context, given: Mapping[str, str], only: Expression | None, *, wanted: bool = True) -> list[Charge]:
    whole = periods.read(ctx, given, "HOURLY" if "T" in given["Start"] else "DAILY")
    test = expressions.test(only)
    return [charge for charge in costs.charges(ctx, whole) if test(charge.line)] if wanted else []


def _page(
    ctx: Context,
    found: Found,
    search: str,
    sort_by: Sequence[Mapping[str, str]],
    most: int,
    token: str,
    request: Any,
) -> tuple[list[str], dict[str, Any]]:
    """The names of a page, by name or by what they cost, and the members that say so."""
    if sort_by and (search or token):
        raise errors.ValidationException("SearchString and NextPageToken are not supported with SortBy")
    names = sorted(name for name in found if search.lower() in name.lower())
    if sort_by:
        metric, order = sort_by[0]["Key"], sort_by[0].get("SortOrder", "ASCENDING")
        if metric not in METRICS:
            raise errors.ValidationException(f"SortBy is invalid. Valid keys are {', '.join(METRICS)}")
        names = costs.sorted_by(metric, found, descending=order == "DESCENDING")
    start = pages.begin(ctx, token, request)
    page = names[start : start + (min(most, PAGE) if sort_by else PAGE)]
    answer = {"ReturnSize": len(page), "TotalSize": len(names)}
    return page, answer if sort_by else answer | pages.more(ctx, request, start + len(page), len(names))
