from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from hodei.services.cloudwatch.alarms import actions, definitions, messages, rule
from hodei.testing import Cloud

composite = pytest.mark.feature("cloudwatch.composite")


@composite
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ALARM(a)", True),
        ('ALARM("a") AND OK("b")', True),
        ("ALARM(b) OR OK(a) OR FALSE", False),
        ("NOT ALARM(b) AND TRUE", True),
        ("ALARM(a) OR ALARM(b) AND FALSE", True),
        ("(ALARM(a) OR ALARM(b)) AND FALSE", False),
        ("INSUFFICIENT_DATA(c)", True),
        ("OK(gone) OR ALARM(gone) OR INSUFFICIENT_DATA(gone)", False),
        ("ALARM(with space and-dash)", True),
        ("NOT NOT(ALARM(a))", True),
    ],
)
def test_rules(text: str, expected: bool) -> None:
    states = {"a": "ALARM", "b": "OK", "c": "INSUFFICIENT_DATA", "with space and-dash": "ALARM"}
    assert rule.holds(rule.parse(text)[0], states.get) is expected


@composite
@pytest.mark.parametrize("text", ["", "ALARM()", "ALARM(a) ALARM(b)", "(ALARM(a)", "NOT", "OR", "alarm(a)", "(" * 200])
def test_what_are_no_rules(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        rule.parse(text)


class Tower:
    """Alarms a, b, quiet, and composite ones on them."""

    def __init__(self, cloud: Cloud, client: Any) -> None:
        self.cloud = cloud
        self.client = client
        for name in ("a", "b", "quiet"):
            client.put_metric_alarm(
                AlarmName=name,
                MetricName=name,
                Namespace="Shop",
                Period=60,
                Statistic="Sum",
                EvaluationPeriods=1,
                Threshold=1,
                ComparisonOperator="GreaterThanThreshold",
                TreatMissingData="ignore",
            )

    def put(self, rule: str, name: str = "top", **more: Any) -> None:
        self.client.put_composite_alarm(AlarmName=name, AlarmRule=rule, **more)

    def set(self, name: str, state: str) -> None:
        self.client.set_alarm_state(AlarmName=name, StateValue=state, StateReason="test")
        self.cloud.settle()
        self.cloud.clock.advance(seconds=0)

    def get(self, name: str = "top") -> dict[str, Any]:
        found = self.client.describe_alarms(AlarmNames=[name], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
        return dict(found[0])

    def state(self, name: str = "top") -> str:
        return str(self.get(name)["StateValue"])


@pytest.fixture
def tower(cloud: Cloud, cloudwatch: Any) -> Tower:
    return Tower(cloud, cloudwatch)


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The states whose actions ran."""
    states: list[str] = []
    monkeypatch.setattr(actions, "run", lambda ctx, alarm: states.append(alarm.state) if alarm.composite else None)
    yield states


@composite
def test_children_change_it(tower: Tower) -> None:
    tower.put("ALARM(a) OR ALARM(b)")
    new = tower.get()
    assert new["StateValue"] == "OK"
    assert new["StateReason"] == (
        "arn:aws:cloudwatch:us-east-1:000000000000:alarm:top was created and its alarm rule evaluates to OK"
    )
    tower.set("a", "ALARM")
    top = tower.get()
    assert top["StateValue"] == "ALARM"
    assert top["StateReason"].startswith("arn:aws:cloudwatch:us-east-1:000000000000:alarm:a transitioned to ALARM at ")
    (triggering,) = json.loads(top["StateReasonData"])["triggeringAlarms"]
    assert triggering["arn"].endswith(":alarm:a")
    assert triggering["state"]["value"] == "ALARM"
    tower.set("b", "ALARM")
    assert tower.get()["StateReason"] == top["StateReason"]
    tower.set("a", "OK")
    assert tower.state() == "ALARM"
    tower.set("b", "OK")
    assert tower.state() == "OK"


@composite
def test_towers_of_them(tower: Tower, cloudwatch: Any) -> None:
    tower.put("ALARM(a)", "middle")
    tower.put('ALARM("arn:aws:cloudwatch:us-east-1:000000000000:alarm:middle") AND NOT ALARM(quiet)')
    tower.set("a", "ALARM")
    assert tower.state() == "ALARM"
    tower.set("quiet", "ALARM")
    assert tower.state() == "OK"
    children = cloudwatch.describe_alarms(ChildrenOfAlarmName="top")
    assert [one["AlarmName"] for one in children["CompositeAlarms"]] == ["middle"]
    assert [one["AlarmName"] for one in children["MetricAlarms"]] == ["quiet"]
    above = cloudwatch.describe_alarms(ParentsOfAlarmName="a")
    assert [one["AlarmName"] for one in above["CompositeAlarms"]] == ["middle"]


@composite
def test_circles_come_to_rest(tower: Tower) -> None:
    tower.put("ALARM(a)", "one")
    tower.put("NOT ALARM(one)", "two")
    tower.put("ALARM(a) OR ALARM(two)", "one")
    tower.set("a", "ALARM")
    assert (tower.state("one"), tower.state("two")) == ("ALARM", "OK")


@composite
def test_suppressed_by_an_alarm(tower: Tower, ran: list[str], cloud: Cloud) -> None:
    tower.put(
        "ALARM(a)", ActionsSuppressor="quiet", ActionsSuppressorWaitPeriod=60, ActionsSuppressorExtensionPeriod=30
    )
    cloud.clock.advance(minutes=2)
    ran.clear()
    tower.set("quiet", "ALARM")
    tower.set("a", "ALARM")
    top = tower.get()
    assert (top["StateValue"], top["ActionsSuppressedBy"]) == ("ALARM", "Alarm")
    assert top["ActionsSuppressedReason"] == "Actions suppressed by Alarm"
    cloud.clock.advance(minutes=10)
    assert ran == []
    tower.set("quiet", "OK")
    assert tower.get()["ActionsSuppressedBy"] == "ExtensionPeriod"
    cloud.clock.advance(seconds=29)
    assert ran == []
    cloud.clock.advance(seconds=1)
    assert ran == ["ALARM"]
    assert "ActionsSuppressedBy" not in tower.get()


@composite
def test_actions_wait_for_the_suppressor(tower: Tower, ran: list[str], cloud: Cloud) -> None:
    tower.put(
        "ALARM(a)", ActionsSuppressor="quiet", ActionsSuppressorWaitPeriod=60, ActionsSuppressorExtensionPeriod=30
    )
    cloud.clock.advance(minutes=2)
    ran.clear()
    tower.set("a", "ALARM")
    assert tower.get()["ActionsSuppressedBy"] == "WaitPeriod"
    cloud.clock.advance(seconds=60)
    assert ran == ["ALARM"]
    tower.set("a", "OK")
    tower.set("a", "ALARM")
    cloud.clock.advance(minutes=5)
    assert ran == ["ALARM"], "it was back before anybody was told"
    tower.set("a", "OK")
    tower.set("quiet", "ALARM")
    assert tower.get()["ActionsSuppressedBy"] == "Alarm"
    cloud.clock.advance(minutes=5)
    assert ran == ["ALARM"]


@composite
def test_topics_are_told_of_children(tower: Tower, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(actions.TOLD, "sqs", (messages.to_topic, "cloudwatch.amazonaws.com"))
    monkeypatch.setattr(definitions, "COMPOSITE_ACTIONS", ("sqs",))
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName="told")["QueueUrl"]
    arn = "arn:aws:sqs:us-east-1:000000000000:told"
    let = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
    sqs.set_queue_attributes(
        QueueUrl=url, Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": let})}
    )
    tower.put("ALARM(a)", AlarmActions=[arn])
    tower.set("a", "ALARM")
    cloud.settle()
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    body = json.loads(message["Body"])
    assert body["AlarmRule"] == "ALARM(a)"
    assert body["OldStateValue"] == "OK"
    assert body["TriggeringChildren"][0]["State"]["Value"] == "ALARM"
    assert "Trigger" not in body


@composite
def test_what_is_refused(tower: Tower, refused: Any, cloudwatch: Any) -> None:
    def message(rule: str, **more: Any) -> str:
        error = refused(tower.put, rule=rule, **more)
        assert error["Code"] == "ValidationError"
        return str(error["Message"])

    assert (
        message("ALARM(none)") == "Could not save the composite alarm as alarms [none] in the alarm rule do not exist"
    )
    assert "AlarmRule" in message("ALARM(")
    assert "ActionsSuppressorWaitPeriod" in message("TRUE", ActionsSuppressor="quiet")
    assert "not exist" in message(
        "TRUE", ActionsSuppressor="none", ActionsSuppressorWaitPeriod=1, ActionsSuppressorExtensionPeriod=1
    )
    assert "another type" in message("TRUE", name="a")
    assert message(" AND ".join(["TRUE"] * 501)) == "AlarmRule must not have more than 500 elements."
    tower.put("TRUE")
    assert refused(cloudwatch.delete_alarms, AlarmNames=["top", "a"])["Code"] == "ValidationError"
    cloudwatch.delete_alarms(AlarmNames=["top"])
    assert cloudwatch.describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"] == []
