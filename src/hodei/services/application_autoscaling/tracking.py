"""Target tracking: which metric a policy tracks, and which capacity would bring it to its target.

https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from hodei.services.application_autoscaling.scalables import Scalable, TrackedMetric
from hodei.services.application_autoscaling.state import Policy

MINUTE = 60
DEFAULT_COOLDOWN = 0  # seconds: of DynamoDB's and Lambda's dimensions
PREDEFINED, CUSTOMIZED = "PredefinedMetricSpecification", "CustomizedMetricSpecification"


def cooldown(policy: Policy, name: str) -> float:
    """Seconds. `name` is ScaleOutCooldown or ScaleInCooldown."""
    return float(policy.configuration.get(name, DEFAULT_COOLDOWN))


def predefined(policy: Policy, scaled: Scalable) -> TrackedMetric | None:
    """The predefined metric that a policy tracks; None: it tracks a customized one."""
    given = policy.configuration.get(PREDEFINED)
    return scaled.metric(given["PredefinedMetricType"]) if given else None


def wanted(
    policy: Policy, scaled: Scalable, capacity: int, points: Sequence[tuple[float, float]], changed: float
) -> int | None:
    """The capacity that the highest of datapoints (their minutes' beginnings and values) asks for.

    A utilisation says nothing of the capacity if it was measured before that was last changed; None: there is no other.
    """
    aim = float(policy.configuration["TargetValue"])
    metric = predefined(policy, scaled)
    if metric and metric.units:
        return _up(max(value for _, value in points) / MINUTE / (aim / 100)) if points else None
    fresh = [value for at, value in points if at >= changed]
    return _up(capacity * max(fresh) / aim) if fresh else None


def _up(number: float) -> int:
    """A capacity that is enough, without what floating point adds."""
    return math.ceil(round(number, 6))
