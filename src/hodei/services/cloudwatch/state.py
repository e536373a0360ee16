"""What Amazon CloudWatch keeps besides metrics, which are the kernel's. Configurations lie as the API has them."""

from __future__ import annotations

from typing import Any

from hodei.kernel.tables import Record
from hodei.services.cloudwatch.service import cloudwatch

Wire = dict[str, Any]
OK, ALARM, INSUFFICIENT = "OK", "ALARM", "INSUFFICIENT_DATA"


class Alarm(Record):
    """A metric alarm, or with an AlarmRule in `given` a composite one.

    `acted` is the state whose actions ran last: it differs from `state` while they are suppressed or muted.
    """

    name: str
    given: Wire
    created: float
    updated: float
    state: str = INSUFFICIENT
    reason: str = "Unchecked: Initial alarm creation"
    reason_data: str | None = None
    state_updated: float = 0.0
    transitioned: float = 0.0
    acted: str = INSUFFICIENT
    previous: Wire = {}  # the state before, as messages have it
    suppressed_by: str | None = None  # Alarm, WaitPeriod, ExtensionPeriod
    evaluation_state: str | None = None

    @property
    def composite(self) -> bool:
        return "AlarmRule" in self.given

    @property
    def enabled(self) -> bool:
        return bool(self.given["ActionsEnabled"])


class Parent(Record):
    """A composite alarm that has to look at itself when another one changes."""

    child: str
    name: str


class Contributor(Record):
    """A time series of an alarm on several, which is in ALARM."""

    alarm: str
    id: str
    attributes: dict[str, str]
    reason: str
    transitioned: float


class HistoryItem(Record):
    """`contributor` and `attributes` are those of the time series that it tells of."""

    alarm: str
    number: int
    at: float
    type: str  # ConfigurationUpdate, StateUpdate, Action, AlarmContributorStateUpdate, AlarmContributorAction
    summary: str
    data: str
    composite: bool = False
    contributor: str | None = None
    attributes: dict[str, str] = {}


class MuteRule(Record):
    """`start` and `expire` in epoch seconds."""

    name: str
    schedule: Wire
    targets: list[str]
    description: str | None
    start: float | None
    expire: float | None
    updated: float


class Detector(Record):
    """An anomaly detector of one metric, or of a metric math expression: `queries`."""

    id: str
    created: float
    given: Wire  # Namespace, MetricName, Dimensions, Stat; or MetricDataQueries
    settings: Wire = {}  # Configuration, MetricCharacteristics


class Dashboard(Record):
    name: str
    body: str
    modified: float


class Stream(Record):
    """A metric stream. Nothing flows: what it would flow to is not here."""

    name: str
    given: Wire
    created: float
    updated: float
    running: bool = True


class InsightRule(Record):
    """`since` is when it was enabled with this definition, `enabled_in` the times in which it was before that."""

    name: str
    definition: str
    enabled: bool
    transformed: bool = False
    since: float = 0.0
    enabled_in: list[tuple[float, float]] = []


alarms = cloudwatch.table("alarms", Alarm, key="name")
parents = cloudwatch.table("parents", Parent, key=("child", "name"))
contributors = cloudwatch.table("contributors", Contributor, key=("alarm", "id"))
history = cloudwatch.table("history", HistoryItem, key=("alarm", "number"), index={"time": ("at",)})
mute_rules = cloudwatch.table("mute_rules", MuteRule, key="name")
detectors = cloudwatch.table("detectors", Detector, key="id")
dashboards = cloudwatch.table("dashboards", Dashboard, key="name", scope="account")
streams = cloudwatch.table("streams", Stream, key="name")
insight_rules = cloudwatch.table("insight_rules", InsightRule, key="name")
