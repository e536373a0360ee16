"""GetCostAndUsage, GetCostAndUsageWithResources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from hodei.kernel.context import Context
from hodei.services.ce import costs, dimensions, errors, expressions, pages, periods
from hodei.services.ce.costs import Charge
from hodei.services.ce.dimensions import Group
from hodei.services.ce.expressions import Expression
from hodei.services.ce.periods import Period
from hodei.services.ce.service import ce

PAGE = 5000  # groups, or periods without any
GROUPED = "The request has to be grouped or filtered by RESOURCE_ID"  # in words of our own


@ce.operation("GetCostAndUsage")
def get_cost_and_usage(
    ctx: Context,
    *,
    TimePeriod: Mapping[str, str],
    Granularity: str,
    Metrics: Sequence[str],
    Filter: Expression | None = None,
    GroupBy: Sequence[Mapping[str, str]] = (),
    NextPageToken: str = "",
) -> dict[str, Any]:
    request = (TimePeriod, Granularity, Metrics, Filter, GroupBy)
    return _answer(ctx, request, NextPageToken, by_resource=False)


@ce.operation("GetCostAndUsageWithResources")
def get_cost_and_usage_with_resources(
    ctx: Context,
    *,
    TimePeriod: Mapping[str, str],
    Granularity: str,
    Filter: Expression,
    Metrics: Sequence[str] = (),
    GroupBy: Sequence[Mapping[str, str]] = (),
    NextPageToken: str = "",
) -> dict[str, Any]:
    """Of the last 14 days. Of AWS's services only some tell of single resources, here all do."""
    if dimensions.RESOURCE not in expressions.names(Filter).union(one.get("Key", "") for one in GroupBy):
        raise errors.ValidationException(GROUPED)
    request = (TimePeriod, Granularity, Metrics, Filter, GroupBy)
    return _answer(ctx, request, NextPageToken, by_resource=True)


Request = tuple[Mapping[str, str], str, Sequence[str], Expression | None, Sequence[Mapping[str, str]]]


def _answer(ctx: Context, request: Request, token: str, *, by_resource: bool) -> dict[str, Any]:
    given, granularity, metrics, only, group_by = request
    whole = periods.read(ctx, given, granularity, by_resource=by_resource)
    costs.check_metrics(metrics)
    if len(group_by) > dimensions.MOST_GROUPS:
        raise errors.ValidationException(dimensions.TOO_MANY)
    groups = [dimensions.group(one, by_resource=by_resource) for one in group_by]
    test = expressions.test(only, by_resource=by_resource)
    begin = pages.begin(ctx, token, request)
    found = [charge for charge in costs.charges(ctx, whole) if test(charge.line)]
    parts = list(periods.parts(whole, granularity))
    results: list[dict[str, Any]] = []
    seen = 0
    for part in parts[begin:]:
        result = _result(ctx, part, _within(part, found), granularity, metrics, groups)
        seen += len(result["Groups"]) or 1
        if results and seen > PAGE:
            break
        results.append(result)
    answer: dict[str, Any] = {"ResultsByTime": results, "DimensionValueAttributes": _attributes(ctx, group_by, results)}
    if group_by:
        answer["GroupDefinitions"] = list(group_by)
    return answer | pages.more(ctx, request, begin + len(results), len(parts))


def _within(part: Period, found: Sequence[Charge]) -> list[Charge]:
    start, end = part.start.timestamp(), part.end.timestamp()
    return [charge for charge in found if start <= charge.line.metered.hour < end]


def _result(
    ctx: Context, part: Period, found: list[Charge], granularity: str, metrics: Sequence[str], groups: Sequence[Group]
) -> dict[str, Any]:
    """Costs of the current month are an estimate."""
    estimated = part.end > periods.month(datetime.fromtimestamp(ctx.now, UTC))
    result: dict[str, Any] = {"TimePeriod": part.told(granularity), "Estimated": estimated}
    if not groups:
        return result | {"Total": costs.told(found, metrics), "Groups": []}
    grouped: dict[tuple[str, ...], list[Charge]] = {}
    for charge in found:
        grouped.setdefault(tuple(group(charge.line) for group in groups), []).append(charge)
    told = [{"Keys": list(keys), "Metrics": costs.told(grouped[keys], metrics)} for keys in sorted(grouped)]
    return result | {"Total": {}, "Groups": told}


def _attributes(
    ctx: Context, group_by: Sequence[Mapping[str, str]], results: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The names of the accounts that are groups."""
    found: dict[str, dict[str, str]] = {}
    for number, given in enumerate(group_by):
        for name in {group["Keys"][number]: None for result in results for group in result["Groups"]}:
            if attributes := dimensions.attributes(ctx, given.get("Key", ""), name):
                found[name] = attributes
    return [{"Value": name, "Attributes": attributes} for name, attributes in sorted(found.items())]
