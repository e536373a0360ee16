"""The seam between scaling and what is scaled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from hodei.kernel.context import Context


class Missing(Exception):
    """The resource is not there; what AWS says of that."""

    is_transient = False  # as errors of AWS are or are not


@dataclass(frozen=True)
class Capacity:
    """`value` None: the resource has none that could be set now. `settled`: no change is under way."""

    value: int | None
    settled: bool = True


@dataclass(frozen=True)
class TrackedMetric:
    """The CloudWatch metric behind a predefined one. Alarms go off after so many minutes over the target value, and
    below `low`, of it.

    `units`: it counts what is consumed in a minute of the capacity, a unit a second, and the target is a percentage;
    else it is the utilisation itself.
    """

    namespace: str
    name: str
    dimensions: dict[str, str]
    statistic: str
    minutes: int
    units: bool = False
    provisioned: str = ""  # the metric that shows the capacity


class Scalable(Protocol):
    @property
    def noun(self) -> str:
        """What activities call the capacity."""

    @property
    def least(self) -> int:
        """The smallest capacity that can be set."""

    def metric(self, predefined: str) -> TrackedMetric | None:
        """The metric of a PredefinedMetricType; None if it is not one of this dimension."""

    async def capacity(self, ctx: Context) -> Capacity:
        """Raises: Missing, AwsError."""

    async def put(self, ctx: Context, wanted: int) -> None:
        """Raises: AwsError."""
