"""Metrics Insights: metrics grouped by dimensions, and put together."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping

from hodei.engines.metricmath import insights
from hodei.kernel.context import Context
from hodei.kernel.metrics import Sample, unpack_dimensions
from hodei.services.cloudwatch.data import reading
from hodei.services.cloudwatch.data.listing import LISTED, series_of
from hodei.services.cloudwatch.data.queries import Found, Frame, Query

MOST = 500

_OF_SAMPLE: dict[str, Callable[[Sample], float]] = {
    "AVG": lambda sample: sample.total / sample.count,
    "COUNT": lambda sample: sample.count,
    "MAX": lambda sample: sample.most,
    "MIN": lambda sample: sample.least,
    "SUM": lambda sample: sample.total,
}
_OF_LINE: dict[str, Callable[[list[float]], float]] = {
    "AVG": statistics.fmean,
    "COUNT": lambda values: float(len(values)),
    "MAX": max,
    "MIN": min,
    "SUM": sum,
}


def lines(ctx: Context, query: Query, frame: Frame, period: int) -> Found | list[Found]:
    """One line, or with GROUP BY one for each group. Raises: Malformed."""
    asked = insights.parse(query.expression)
    ctx.world.metrics.refresh(ctx, [asked.namespace])
    groups: dict[tuple[str, ...], dict[int, Sample]] = {}
    start = reading.rounded(frame.start, period, ctx.now)
    for series in series_of(ctx, asked.namespace, asked.metric):
        dimensions = unpack_dimensions(series.dimensions)
        if series.last < ctx.now - LISTED or not _meant(asked, dimensions):
            continue
        group = groups.setdefault(tuple(dimensions[key] for key in asked.group), {})
        for found in reading.samples(ctx, series.metric, period, start, frame.end).values():
            for at, sample in found.items():
                group[at] = group[at].merged(sample) if at in group else sample
    function = _OF_SAMPLE[asked.function]
    made = [
        Found(
            query.id,
            " ".join(group),
            {at: function(one) for at, one in sorted(samples.items())},
            period,
            attributes=dict(zip(asked.group, group)),
        )
        for group, samples in groups.items()
    ]
    if not asked.group:
        return made[0] if made else Found(query.id, "", {}, period)
    if asked.order:
        by = _OF_LINE[asked.order]
        made = [line for line in made if line.values]
        made.sort(key=lambda line: by(list(line.values.values())), reverse=asked.descending)
    return made[: asked.limit or MOST]


def _meant(asked: insights.Query, dimensions: Mapping[str, str]) -> bool:
    if asked.schema is not None and asked.schema != dimensions.keys():
        return False
    if any(key not in dimensions for key in asked.group):
        return False
    return all((dimensions.get(one.key) == one.value) is one.equal for one in asked.where)
