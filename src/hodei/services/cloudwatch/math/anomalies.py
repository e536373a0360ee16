"""ANOMALY_DETECTION_BAND: what to expect of a line, learned from its past.

AWS's model is not published. This one expects of each hour of the day the mean of the same hour on the days before,
give or take so many standard deviations; with less than three days of data, the mean of all.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from typing import TYPE_CHECKING

from hodei.engines.metricmath.expressions import Node
from hodei.services.cloudwatch.data.queries import Found, Frame
from hodei.services.cloudwatch.math.values import derived, grid

if TYPE_CHECKING:
    from hodei.services.cloudwatch.math.evaluation import Evaluation

DAY = 86400
TRAINING = 14 * DAY
FEWEST = 3  # values to learn from


def band(evaluation: Evaluation, node: Node, line: Found, width: float) -> list[Found]:
    """The upper and the lower limit; empty while there is too little to learn from."""
    frame = evaluation.frame
    past = type(evaluation)(
        evaluation.ctx, list(evaluation.asked.values()), Frame(frame.start - TRAINING, frame.start)
    ).work_out(node)
    assert isinstance(past, Found)
    known = _kept(evaluation, line, past)
    upper, lower = [], []
    if len(known) >= FEWEST:
        model = _Model(known)
        for at in grid(frame, line.period, evaluation.ctx.now):
            expected, spread = model.at(at)
            upper.append((at, expected + width * spread))
            lower.append((at, expected - width * spread))
    return [derived(line, upper), derived(line, lower)]


def _kept(evaluation: Evaluation, line: Found, past: Found) -> dict[int, float]:
    """Without what the metric's anomaly detector excludes."""
    from hodei.services.cloudwatch.detectors import excluded

    spans = excluded(evaluation.ctx, line)
    return {at: value for at, value in past.values.items() if not any(start <= at < end for start, end in spans)}


class _Model:
    def __init__(self, known: dict[int, float]) -> None:
        self._all = (statistics.fmean(known.values()), statistics.pstdev(known.values()))
        hours: defaultdict[int, list[tuple[int, float]]] = defaultdict(list)
        for at, value in known.items():
            hours[at % DAY // 3600].append((at // DAY, value))
        self._hours = {
            hour: (statistics.fmean(value for _, value in found), statistics.pstdev(value for _, value in found))
            for hour, found in hours.items()
            if len({day for day, _ in found}) >= FEWEST
        }

    def at(self, time: int) -> tuple[float, float]:
        """The value to expect, and its standard deviation."""
        return self._hours.get(time % DAY // 3600, self._all)
