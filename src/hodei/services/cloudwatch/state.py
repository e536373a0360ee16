"""What Amazon CloudWatch keeps besides metrics, which are the kernel's. Configurations lie as the API has them."""

from __future__ import annotations

from typing import Any

from hodei.kernel.tables import Record
from hodei.services.cloudwatch.service import cloudwatch

Wire = dict[str, Any]
OK, ALARM, INSUFFICIENT = "OK", "ALARM", "INSUFFICIENT_DATA"


class Alarm(Record):
    """A metric alarm, or with an AlarmRule in `given` a composite one.

    `acted` is the state whose actions ran last, or need not run: it differs from `state` while they are suppressed.
    `busy` tells evaluations apart that the first one after a change has to tell of.
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


class HistoryItem(Record):
    alarm: str
    number: int
    at: float
    type: str  # ConfigurationUpdate, StateUpdate, Action
    summary: str
    data: str
    composite: bool = False


alarms = cloudwatch.table("alarms", Alarm, key="name")
parents = cloudwatch.table("parents", Parent, key=("child", "name"))
history = cloudwatch.table("history", HistoryItem, key=("alarm", "number"), index={"time": ("at",)})
