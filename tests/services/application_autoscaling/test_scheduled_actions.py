from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hodei.testing import Cloud

MONDAY = datetime(2030, 7, 1, tzinfo=UTC).timestamp()


@pytest.mark.feature("dynamodb.capacity")
def test_bounds_by_the_hour(cloud: Cloud, tables: Any, scaling: Any) -> None:
    tables.create()
    tables.register(low=1, high=10)
    scaling.put_scheduled_action(
        **tables.of(),
        ScheduledActionName="morning",
        Schedule="rate(1 hour)",
        ScalableTargetAction={"MinCapacity": 15, "MaxCapacity": 20},
    )
    cloud.clock.advance(minutes=59)
    assert tables.capacity() == (5, 5)
    cloud.clock.advance(minutes=2)
    assert tables.capacity() == (5, 15)
    bounds, capacity = tables.activities()
    assert bounds["Description"] == "Setting min capacity to 15 and max capacity to 20"
    assert bounds["Cause"] == "scheduled action name morning was triggered"
    assert bounds["StatusMessage"] == "Successfully set min capacity to 15 and max capacity to 20"
    assert capacity["Cause"] == "minimum capacity was set to 15"
    assert capacity["StatusMessage"] == (
        "Successfully set write capacity units to 15. Change successfully fulfilled by dynamodb."
    )


@pytest.mark.parametrize(
    ("schedule", "timezone", "hours"),
    [
        ("at(2030-07-01T18:00:00)", None, 18.0),
        ("at(2030-07-01T18:00:00)", "Asia/Tokyo", 9.0),
        ("cron(30 6 ? * MON-FRI *)", None, 6.5),
        ("cron(0 8 1 JUL ? 2030)", "Europe/Madrid", 6.0),
        ("rate(90 minutes)", None, 1.5),
    ],
)
def test_schedules(cloud: Cloud, tables: Any, scaling: Any, schedule: str, timezone: str | None, hours: float) -> None:
    cloud.clock.advance(seconds=MONDAY - cloud.clock.now().timestamp())
    tables.create()
    tables.register(low=1, high=10)
    scaling.put_scheduled_action(
        **tables.of(),
        ScheduledActionName="a",
        Schedule=schedule,
        ScalableTargetAction={"MinCapacity": 7},
        **({"Timezone": timezone} if timezone else {}),
    )
    cloud.clock.advance(hours=hours - 0.01)
    assert tables.activities() == []
    cloud.clock.advance(minutes=1)
    assert tables.capacity() == (5, 7)


def test_start_and_end(cloud: Cloud, tables: Any, scaling: Any) -> None:
    """They go when an update does not have them."""
    tables.create()
    tables.register(low=1, high=10)
    now = cloud.clock.now()
    given = {**tables.of(), "ScheduledActionName": "a"}
    span = {"StartTime": now + timedelta(hours=2), "EndTime": now + timedelta(hours=4, minutes=1)}
    action = {"MinCapacity": 2}
    scaling.put_scheduled_action(**given, Schedule="rate(1 hour)", ScalableTargetAction=action, **span)
    cloud.clock.advance(hours=10)
    assert [one["StartTime"] - now for one in tables.activities()] == [timedelta(hours=3), timedelta(hours=4)]
    scaling.put_scheduled_action(**given, ScalableTargetAction={"MaxCapacity": 9})
    (found,) = scaling.describe_scheduled_actions(ServiceNamespace="dynamodb")["ScheduledActions"]
    assert (found["Schedule"], found["ScalableTargetAction"]) == ("rate(1 hour)", {"MaxCapacity": 9})
    assert "StartTime" not in found
    assert found["ScheduledActionARN"].endswith(":resource/dynamodb/table/orders:scheduledActionName/a")
    cloud.clock.advance(hours=1)
    assert len(tables.activities()) == 3


def test_what_is_suspended_or_deleted_does_not_run(tables: Any, scaling: Any, refused: Any, cloud: Cloud) -> None:
    tables.create()
    tables.register()
    given = {**tables.of(), "ScheduledActionName": "a"}
    scaling.put_scheduled_action(**given, Schedule="rate(1 hour)", ScalableTargetAction={"MinCapacity": 50})
    scaling.register_scalable_target(**tables.of(), SuspendedState={"ScheduledScalingSuspended": True})
    cloud.clock.advance(hours=1)
    scaling.delete_scheduled_action(**given)
    scaling.register_scalable_target(**tables.of(), SuspendedState={"ScheduledScalingSuspended": False})
    cloud.clock.advance(hours=2)
    assert tables.activities() == []
    with refused("ObjectNotFoundException", "No scheduled action found"):
        scaling.delete_scheduled_action(**given)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Schedule": "cron(0 0 * * * *)"}, "Schedule expression cron(0 0 * * * *) is invalid"),
        ({"Schedule": "cron(61 0 * * ? *)"}, "is invalid"),
        ({"Schedule": "rate(0 minutes)"}, "is invalid"),
        ({"Schedule": "at(2030-13-01T00:00:00)"}, "is invalid"),
        ({"Schedule": "daily"}, "is invalid"),
        ({"Timezone": "Mars/Olympus"}, "The time zone Mars/Olympus is not known"),
        ({"ScalableTargetAction": {}}, "At least one of MinCapacity and MaxCapacity"),
        ({"ScalableTargetAction": {"MinCapacity": 3, "MaxCapacity": 2}}, "Maximum capacity cannot be less"),
        ({"StartTime": 20, "EndTime": 10}, "The end time must be after the start time"),
        ({"ScheduledActionName": "a:b"}, "scheduledActionName"),
    ],
)
def test_what_is_no_scheduled_action(
    tables: Any, scaling: Any, refused: Any, change: dict[str, Any], message: str
) -> None:
    tables.create()
    tables.register()
    given = {**tables.of(), "ScheduledActionName": "a", "Schedule": "rate(1 day)"}
    with refused("ValidationException", message):
        scaling.put_scheduled_action(**given | {"ScalableTargetAction": {"MinCapacity": 2}} | change)
    with refused("ValidationException", "are required to create a scheduled action"):
        scaling.put_scheduled_action(**given)
