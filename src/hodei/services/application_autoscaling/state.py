"""What Application Auto Scaling keeps."""

from __future__ import annotations

from typing import Any, NamedTuple

from hodei.kernel.tables import Record
from hodei.services.application_autoscaling.service import application_autoscaling

Wire = dict[str, Any]


class Dimension(NamedTuple):
    """What is scaled: ("dynamodb", "table/orders", "dynamodb:table:ReadCapacityUnits")."""

    namespace: str
    resource: str
    name: str

    @property
    def members(self) -> Wire:
        """As the API has it."""
        return {"ServiceNamespace": self.namespace, "ResourceId": self.resource, "ScalableDimension": self.name}


class OfDimension(Record):
    namespace: str
    resource: str
    dimension: str

    @property
    def of(self) -> Dimension:
        return Dimension(self.namespace, self.resource, self.dimension)


class Target(OfDimension):
    """A scalable target. `scaled_out` and `scaled_in` are when policies last did so, `scaled_from` the capacity before
    the last scale-out, `changed` when the capacity was last set from here."""

    id: str
    minimum: int
    maximum: int
    created: float
    suspended: dict[str, bool] = {}
    scaled_out: float = 0.0
    scaled_from: int = 0
    scaled_in: float = 0.0
    changed: float = 0.0


class Policy(OfDimension):
    """A target tracking policy. `alarms` are names by what they are for; `wanted` is the capacity to which it would
    scale in, as of `wanted_at`."""

    name: str
    id: str
    created: float
    configuration: Wire
    alarms: dict[str, str] = {}
    wanted: int = 0
    wanted_at: float = 0.0


class ScheduledAction(OfDimension):
    name: str
    id: str
    created: float
    schedule: str
    action: dict[str, int]
    timezone: str | None = None
    start: float | None = None
    end: float | None = None


class Activity(OfDimension):
    """`reasons` (NotScaledReasons) are of one that has not scaled. `wanted` is the capacity that it waits for."""

    number: int  # in the order in which they have happened
    id: str
    at: float
    description: str
    cause: str
    status: str
    message: str = ""
    ended: float | None = None
    reasons: list[Wire] = []
    wanted: int = 0


KEY = ("namespace", "resource", "dimension")
targets = application_autoscaling.table("targets", Target, key=KEY, index={"ids": ("id",)})
policies = application_autoscaling.table("policies", Policy, key=(*KEY, "name"), index={"ids": ("id",)})
scheduled_actions = application_autoscaling.table("scheduled_actions", ScheduledAction, key=(*KEY, "name"))
activities = application_autoscaling.table("activities", Activity, key=("namespace", "number"))
