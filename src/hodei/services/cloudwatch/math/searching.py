"""SEARCH: the lines of all metrics that a search means."""

from __future__ import annotations

from hodei.engines.metricmath import searches
from hodei.engines.metricmath.expressions import Malformed
from hodei.engines.metricmath.searches import Candidate
from hodei.kernel.context import Context
from hodei.kernel.metrics import unpack_dimensions
from hodei.services.cloudwatch.data import queries, reading
from hodei.services.cloudwatch.data.listing import LISTED, series_of
from hodei.services.cloudwatch.data.queries import Found, Frame, Query
from hodei.services.cloudwatch.data.statistics import statistic

MOST = 500


def lines(ctx: Context, text: str, stat: str, period: int, frame: Frame) -> list[Found]:
    """Up to 500, of metrics that had data in the last two weeks."""
    test = searches.parse(text)
    try:
        statistic(stat)
    except ValueError:
        raise Malformed(f"there is no statistic {stat}") from None
    if not reading.valid_period(period):
        raise Malformed(f"{period} is no period")
    oldest = ctx.now - LISTED
    found: list[Found] = []
    for series in series_of(ctx, None, None):
        one = Candidate(series.namespace, series.name, unpack_dimensions(series.dimensions))
        if series.last >= oldest and test(one):
            query = Query("", None, True, period, metric=series.metric, stat=stat, account=ctx.account)
            found.append(queries.read(ctx, query, frame))
            if len(found) == MOST:
                break
    return found
