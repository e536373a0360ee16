from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import pytest

from hodei.services.cloudwatch.alarms import actions, schedules
from hodei.testing import Cloud

of_alarms = pytest.mark.feature("cloudwatch.alarms")


def starts(expression: str, timezone: str = "UTC", duration: str = "PT1H") -> list[str]:
    after = datetime(2026, 2, 26, 12, tzinfo=UTC).timestamp()  # a Thursday
    windows = islice(schedules.parse(expression, duration, timezone).windows(after), 3)
    return [datetime.fromtimestamp(start, UTC).strftime("%m-%d %H:%M") for start, _ in windows]


@of_alarms
@pytest.mark.parametrize(
    ("expression", "timezone", "expected"),
    [
        ("cron(0 2 * * *)", "UTC", ["02-27 02:00", "02-28 02:00", "03-01 02:00"]),
        ("cron(30 11 * * *)", "UTC", ["02-26 11:30", "02-27 11:30", "02-28 11:30"]),
        ("cron(0 18 * * FRI)", "UTC", ["02-27 18:00", "03-06 18:00", "03-13 18:00"]),
        ("cron(0 1 1 * *)", "UTC", ["03-01 01:00", "04-01 01:00", "05-01 01:00"]),
        ("cron(0,30 8-9 1 MAR *)", "UTC", ["03-01 08:00", "03-01 08:30", "03-01 09:00"]),
        ("cron(0 */12 * * 7)", "UTC", ["03-01 00:00", "03-01 12:00", "03-08 00:00"]),
        ("cron(0 2 * * *)", "America/New_York", ["02-27 07:00", "02-28 07:00", "03-01 07:00"]),
        ("at(2026-03-01T08:00)", "Asia/Tokyo", ["02-28 23:00"]),
        ("at(2026-02-01T08:00)", "UTC", []),
    ],
)
def test_schedules(expression: str, timezone: str, expected: list[str]) -> None:
    assert starts(expression, timezone) == expected


@of_alarms
@pytest.mark.parametrize(
    ("expression", "duration", "timezone"),
    [
        ("cron(0 2 * *)", "PT1H", "UTC"),
        ("cron(60 2 * * *)", "PT1H", "UTC"),
        ("cron(0 2 * * XXX)", "PT1H", "UTC"),
        ("cron(*/0 2 * * *)", "PT1H", "UTC"),
        ("rate(1 hour)", "PT1H", "UTC"),
        ("at(soon)", "PT1H", "UTC"),
        ("cron(0 2 * * *)", "PT1S", "UTC"),
        ("cron(0 2 * * *)", "P16D", "UTC"),
        ("cron(0 2 * * *)", "PT1H", "Nowhere/City"),
        ("cron(0 2 * * *)", "PT1H", "../etc/passwd"),
    ],
)
def test_what_are_no_schedules(expression: str, duration: str, timezone: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        schedules.parse(expression, duration, timezone)


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    states: list[str] = []
    monkeypatch.setattr(actions, "run", lambda ctx, alarm: states.append(alarm.state))
    yield states


@of_alarms
def test_muted_alarms_act_when_it_is_over(cloud: Cloud, cloudwatch: Any, ran: list[str]) -> None:
    cloudwatch.put_metric_alarm(
        AlarmName="a", MetricName="m", Namespace="n", Period=60, Statistic="Sum", EvaluationPeriods=1, Threshold=1,
        ComparisonOperator="GreaterThanThreshold", TreatMissingData="ignore",
    )  # fmt: skip
    now = cloud.clock.now()
    schedule = {"Expression": f"at({now:%Y-%m-%dT%H}:10)", "Duration": "PT30M"}
    cloudwatch.put_alarm_mute_rule(Name="r", Rule={"Schedule": schedule}, MuteTargets={"AlarmNames": ["a"]})

    def set_state(state: str) -> None:
        cloudwatch.set_alarm_state(AlarmName="a", StateValue=state, StateReason="test")

    rule = cloudwatch.get_alarm_mute_rule(AlarmMuteRuleName="r")
    assert (rule["Status"], rule["MuteType"]) == ("SCHEDULED", "ONE_TIME")
    set_state("OK")
    assert ran == ["OK"]
    cloud.clock.advance(minutes=15)
    assert cloudwatch.list_alarm_mute_rules(AlarmName="a", Statuses=["ACTIVE"])["AlarmMuteRuleSummaries"]
    set_state("ALARM")
    assert ran == ["OK"]
    cloud.clock.advance(minutes=26)
    assert ran == ["OK", "ALARM"]
    assert cloudwatch.get_alarm_mute_rule(AlarmMuteRuleName="r")["Status"] == "EXPIRED"


@of_alarms
def test_deleting_a_rule_unmutes(cloud: Cloud, cloudwatch: Any, ran: list[str], refused: Any) -> None:
    cloudwatch.put_metric_alarm(
        AlarmName="a", MetricName="m", Namespace="n", Period=60, Statistic="Sum", EvaluationPeriods=1, Threshold=1,
        ComparisonOperator="GreaterThanThreshold", TreatMissingData="ignore",
    )  # fmt: skip
    always = {"Schedule": {"Expression": "cron(* * * * *)", "Duration": "PT1H"}}
    cloudwatch.put_alarm_mute_rule(Name="r", Rule=always, MuteTargets={"AlarmNames": ["a"]})
    cloudwatch.set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="test")
    assert ran == []
    cloudwatch.delete_alarm_mute_rule(AlarmMuteRuleName="r")
    cloudwatch.delete_alarm_mute_rule(AlarmMuteRuleName="r")
    assert ran == ["ALARM"]
    assert refused(cloudwatch.get_alarm_mute_rule, AlarmMuteRuleName="r")["Code"] == "ResourceNotFoundException"
    wrong = {"Schedule": {"Expression": "never", "Duration": "PT1H"}}
    assert refused(cloudwatch.put_alarm_mute_rule, Name="r", Rule=wrong)["Code"] == "ValidationError"
    none = {"AlarmNames": ["none"]}
    assert refused(cloudwatch.put_alarm_mute_rule, Name="r", Rule=always, MuteTargets=none)["Code"] == "ValidationError"
