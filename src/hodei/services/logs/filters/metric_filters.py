"""Metric filters: events that match become values of a metric."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from hodei.engines.filterpatterns import InvalidPattern, compile_pattern, extractor
from hodei.kernel.context import Context
from hodei.kernel.keys import text_end
from hodei.services.logs import errors, pages
from hodei.services.logs.events.filter import compiled
from hodei.services.logs.filters.values import Values
from hodei.services.logs.find import group_named
from hodei.services.logs.service import logs
from hodei.services.logs.state import Group, MetricFilter, Wire, groups, metric_filters

MOST = 100
MOST_DIMENSIONS = 3
MOST_REGEXES = 5  # filters with regular expressions in a group


@logs.operation("PutMetricFilter")
def put_metric_filter(
    ctx: Context,
    *,
    logGroupName: str,
    filterName: str,
    filterPattern: str,
    metricTransformations: Sequence[Mapping[str, Any]],
    applyOnTransformedLogs: bool = False,
) -> None:
    group = group_named(ctx, logGroupName)
    if group.kind != "STANDARD":
        raise errors.InvalidOperationException(
            reason="Metric filters are supported for log groups of the STANDARD class only."
        )
    pattern = compiled(filterPattern)
    transformation = dict(metricTransformations[0])
    _check(filterPattern, transformation)
    old = metric_filters.get(ctx, group.id, filterName)
    others = [one for one in metric_filters.scan(ctx, group.id) if one.name != filterName]
    with_regex = sum(compile_pattern(one.pattern).regexes > 0 for one in others)
    if len(others) >= MOST or (pattern.regexes and with_regex >= MOST_REGEXES):
        raise errors.LimitExceededException()
    created = old.created if old else ctx.now
    metric_filters.put(
        ctx,
        MetricFilter(
            group=group.id,
            name=filterName,
            pattern=filterPattern,
            created=created,
            transformation=transformation,
            transformed=applyOnTransformedLogs,
        ),
    )
    groups.put(ctx, replace(group, metric_filters=len(others) + 1))


def _check(pattern: str, given: Wire) -> None:
    dimensions = given.get("dimensions") or {}
    if dimensions and "defaultValue" in given:
        raise errors.InvalidParameterException(
            reason="Invalid metric transformation: dimensions and default value are mutually exclusive properties."
        )
    if len(dimensions) > MOST_DIMENSIONS:
        raise errors.InvalidParameterException(
            reason=f"Invalid metric transformation: at most {MOST_DIMENSIONS} dimensions are allowed."
        )
    if any(not field.startswith("$") for field in dimensions.values()):
        raise errors.InvalidParameterException(
            reason="Invalid metric transformation: dimension values must be field selectors."
        )
    value = given["metricValue"]
    try:
        extractor(pattern, tuple(name for name in (value, *dimensions.values()) if name.startswith("$")))
    except InvalidPattern as error:
        raise errors.InvalidParameterException(reason=f"Invalid metric transformation: {error}") from None
    if not value.startswith("$") and _number(value) is None:
        raise errors.InvalidParameterException(reason="Invalid metric transformation: metricValue must be a number.")


@logs.operation("DescribeMetricFilters")
def describe_metric_filters(
    ctx: Context,
    *,
    logGroupName: str = "",
    filterNamePrefix: str = "",
    metricName: str = "",
    metricNamespace: str = "",
    nextToken: str = "",
    limit: int = pages.MOST,
) -> dict[str, Any]:
    if bool(metricName) != bool(metricNamespace):
        raise errors.InvalidParameterException(reason="metricName and metricNamespace must be specified together.")
    found = (
        (group, one)
        for group, one in _listed(ctx, logGroupName, filterNamePrefix, pages.after(ctx, nextToken))
        if not metricName
        or (one.transformation["metricName"], one.transformation["metricNamespace"]) == (metricName, metricNamespace)
    )
    page, rest = pages.cut(ctx, found, limit, lambda pair: (pair[0].name, pair[1].name))
    return {"metricFilters": [_view(group, one) for group, one in page], **rest}


def _listed(
    ctx: Context, name: str, prefix: str, after: tuple[Any, ...] | None
) -> Iterator[tuple[Group, MetricFilter]]:
    """The filters of a group, or of all in the order of their names."""
    stop = text_end(prefix)
    of_groups = [group_named(ctx, name)] if name else groups.scan(ctx, start=(after[0],) if after else None)
    for group in of_groups:
        if group.metric_filters:
            beyond = (after[1],) if after and after[0] == group.name else None
            for one in metric_filters.scan(ctx, group.id, start=(prefix,), end=(stop,) if stop else None, after=beyond):
                yield group, one


def _view(group: Group, one: MetricFilter) -> Wire:
    return {
        "filterName": one.name,
        "filterPattern": one.pattern,
        "metricTransformations": [one.transformation],
        "creationTime": int(one.created * 1000),
        "logGroupName": group.name,
        "applyOnTransformedLogs": one.transformed,
    }


@logs.operation("DeleteMetricFilter")
def delete_metric_filter(ctx: Context, *, logGroupName: str, filterName: str) -> None:
    group = group_named(ctx, logGroupName)
    if not metric_filters.delete(ctx, group.id, filterName):
        raise errors.ResourceNotFoundException(reason="The specified metric filter does not exist.")
    groups.put(ctx, replace(group, metric_filters=group.metric_filters - 1))


def measure(ctx: Context, group: Group, times: list[int], messages: list[str], as_made: list[str]) -> None:
    """Let the metrics have what the filters of a group see in events, or in these as its transformer makes them."""
    values = Values()
    for one in metric_filters.scan(ctx, group.id):
        pattern, given = compile_pattern(one.pattern), one.transformation
        read = _reading(one)
        for time, message in zip(times, as_made if one.transformed else messages):
            if pattern.matches(message):
                value, dimensions = read(message)
            else:
                value, dimensions = given.get("defaultValue"), {}
            if value is not None and all(dimensions.values()):
                values.add(
                    given["metricNamespace"],
                    given["metricName"],
                    value,
                    unit=given.get("unit", "None"),
                    at=time,
                    dimensions=dimensions.items(),
                )
    values.publish(ctx)


def _reading(one: MetricFilter) -> Callable[[str], tuple[float | None, dict[str, str]]]:
    """A function that gives the value and the dimensions that a filter sees in a message that it matches; a dimension
    that the message does not have is empty."""
    given = one.transformation["metricValue"]
    fields: dict[str, str] = one.transformation.get("dimensions") or {}
    selectors = tuple(name for name in (given, *fields.values()) if name.startswith("$"))
    extract = extractor(one.pattern, selectors)
    constant = None if given.startswith("$") else _number(given)

    def read(message: str) -> tuple[float | None, dict[str, str]]:
        found = extract(message) if selectors else {}
        value = constant if constant is not None else _number(found.get(given, ""))
        return value, {name: found.get(field, "") for name, field in fields.items()}

    return read


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
