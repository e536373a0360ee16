"""Alarms on Metrics Insights queries with GROUP BY: each group has a state of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from hodei.testing import Cloud

pytestmark = pytest.mark.feature("cloudwatch.alarms")
BY_HOST = "SELECT SUM(Errors) FROM SCHEMA(Shop, Host) GROUP BY Host"


class Grouped:
    def __init__(self, cloud: Cloud, client: Any, data: Any) -> None:
        self.cloud, self.client, self.data = cloud, client, data

    def put(self, expression: str = BY_HOST, **more: Any) -> None:
        query = {"Id": "q", "Expression": expression, "Period": 60}
        given = {"EvaluationPeriods": 1, "ComparisonOperator": "GreaterThanThreshold", "Threshold": 10}
        self.client.put_metric_alarm(AlarmName="alarm", Metrics=[query], **given | more)

    def minute(self, **errors: float) -> None:
        """Errors of hosts, and a minute passes."""
        for host, value in errors.items():
            self.data.put("Errors", value, dimensions={"Host": host})
        self.cloud.clock.advance(minutes=1)
        self.cloud.settle()

    def state(self) -> tuple[str, str]:
        (alarm,) = self.client.describe_alarms(AlarmNames=["alarm"])["MetricAlarms"]
        return alarm["StateValue"], alarm["StateReason"]

    def alarming(self) -> list[str]:
        found = self.client.describe_alarm_contributors(AlarmName="alarm")["AlarmContributors"]
        return sorted(one["ContributorAttributes"]["Host"] for one in found)

    def history(self, type: str, **more: Any) -> list[dict[str, Any]]:
        more |= {"AlarmName": "alarm", "HistoryItemType": type, "ScanBy": "TimestampAscending"}
        return list(self.client.describe_alarm_history(**more)["AlarmHistoryItems"])


@pytest.fixture
def grouped(cloud: Cloud, cloudwatch: Any, data: Any) -> Grouped:
    return Grouped(cloud, cloudwatch, data)


def test_one_is_enough(grouped: Grouped, cloudwatch: Any) -> None:
    grouped.put()
    grouped.minute(a=20, b=1, c=2)
    assert grouped.state() == ("ALARM", "1 out of 3 time series evaluated to ALARM")
    (one,) = cloudwatch.describe_alarm_contributors(AlarmName="alarm")["AlarmContributors"]
    assert one["ContributorAttributes"] == {"Host": "a"}
    assert len(one["ContributorId"]) == 16
    assert one["StateTransitionedTimestamp"] == grouped.cloud.clock.now().replace(second=0, microsecond=0)
    assert one["StateReason"].startswith(
        "Threshold Crossed: 1 datapoint was greater than the threshold (10.0). The most recent datapoint which crossed "
        "the threshold: [20.0 ("
    )
    grouped.minute(a=20, b=30, c=2)
    assert grouped.state() == ("ALARM", "2 out of 3 time series evaluated to ALARM")
    assert grouped.alarming() == ["a", "b"]
    grouped.minute(a=1, b=1, c=2)
    assert grouped.state() == ("OK", "0 out of 3 time series evaluated to ALARM")
    assert grouped.alarming() == []


def test_history_has_contributors(grouped: Grouped) -> None:
    grouped.put()
    grouped.minute(a=20, b=1)
    grouped.minute(a=20, b=30)
    grouped.minute(a=1, b=30)
    changes = grouped.history("AlarmContributorStateUpdate")
    told = [
        (item["AlarmContributorAttributes"]["Host"], json.loads(item["HistoryData"])["newState"]["stateValue"])
        for item in changes
    ]
    assert told == [("a", "ALARM"), ("b", "ALARM"), ("a", "OK")]
    of_a = grouped.history("AlarmContributorStateUpdate", AlarmContributorId=changes[0]["AlarmContributorId"])
    assert [item["AlarmContributorId"] for item in of_a] == [changes[0]["AlarmContributorId"]] * 2
    assert [item["HistorySummary"] for item in grouped.history("StateUpdate")] == [
        "Alarm updated from INSUFFICIENT_DATA to ALARM"
    ]
    assert "AlarmContributorId" not in grouped.history("StateUpdate")[0]


@pytest.mark.parametrize(
    ("treatment", "state", "alarming"),
    [
        ("missing", "INSUFFICIENT_DATA", []),
        ("notBreaching", "OK", []),
        ("breaching", "ALARM", ["a"]),
        ("ignore", "ALARM", ["a"]),
    ],
)
def test_series_that_end(grouped: Grouped, treatment: str, state: str, alarming: list[str]) -> None:
    """A series is there as long as it has data; what was in ALARM is treated as missing data are."""
    grouped.put(TreatMissingData=treatment)
    grouped.minute(a=20)
    assert grouped.alarming() == ["a"]
    for _ in range(5):
        grouped.minute()
    assert (grouped.state()[0], grouped.alarming()) == (state, alarming)


def test_new_series_are_watched(grouped: Grouped) -> None:
    grouped.put()
    grouped.minute()
    assert grouped.state() == ("INSUFFICIENT_DATA", "Insufficient Data: 1 datapoint was unknown.")
    grouped.minute(a=1)
    assert grouped.state() == ("OK", "0 out of 1 time series evaluated to ALARM")
    grouped.minute(a=1, late=11)
    assert grouped.alarming() == ["late"]


def test_m_out_of_n_for_each(grouped: Grouped) -> None:
    grouped.put(EvaluationPeriods=3, DatapointsToAlarm=2)
    grouped.minute(a=20, b=1)
    grouped.minute(a=1, b=20)
    grouped.minute(a=20, b=1)
    assert grouped.alarming() == ["a"]
    (one,) = grouped.client.describe_alarm_contributors(AlarmName="alarm")["AlarmContributors"]
    assert one["StateReason"].startswith(
        "Threshold Crossed: 2 datapoints were greater than the threshold (10.0). The most recent datapoints which "
    )


def test_a_hundred_at_most_in_pages(grouped: Grouped, cloudwatch: Any) -> None:
    grouped.put()
    data = [
        {"MetricName": "Errors", "Dimensions": [{"Name": "Host", "Value": f"h{number}"}], "Value": 20}
        for number in range(105)
    ]
    cloudwatch.put_metric_data(Namespace="Shop", MetricData=data)
    grouped.minute()
    assert grouped.state() == ("ALARM", "100+ time series evaluated to ALARM")
    first = cloudwatch.describe_alarm_contributors(AlarmName="alarm")
    second = cloudwatch.describe_alarm_contributors(AlarmName="alarm", NextToken=first["NextToken"])
    ids = [one["ContributorId"] for page in (first, second) for one in page["AlarmContributors"]]
    assert len(set(ids)) == len(ids) == 100
    assert "NextToken" not in second


def test_actions_of_contributors(grouped: Grouped) -> None:
    topic, policy = "arn:aws:sns:us-east-1:000000000000:topic", "arn:aws:autoscaling:us-east-1:000000000000:policy"
    grouped.put(AlarmActions=[topic, policy], OKActions=[topic])
    grouped.minute(a=20, b=20)
    assert [item["HistoryItemType"] for item in grouped.history("Action")] == ["Action"] * 2
    own = grouped.history("AlarmContributorAction")
    assert sorted(item["AlarmContributorAttributes"]["Host"] for item in own) == ["a", "b"]
    assert all(topic in item["HistorySummary"] for item in own)
    grouped.minute(a=20, b=1)
    assert [item["AlarmContributorAttributes"] for item in grouped.history("AlarmContributorAction")[2:]] == [
        {"Host": "b"}
    ]
    grouped.client.disable_alarm_actions(AlarmNames=["alarm"])
    grouped.minute(a=1, b=1)
    assert len(grouped.history("AlarmContributorAction")) == 3


def test_another_question_forgets(grouped: Grouped, cloudwatch: Any) -> None:
    grouped.put()
    grouped.minute(a=20)
    grouped.put(BY_HOST + " LIMIT 5")
    assert grouped.alarming() == []
    grouped.minute(a=20)
    assert grouped.alarming() == ["a"]
    cloudwatch.delete_alarms(AlarmNames=["alarm"])
    grouped.put()
    assert grouped.alarming() == []


def test_refused(grouped: Grouped, cloudwatch: Any, refused: Callable[..., dict[str, str]]) -> None:
    assert refused(cloudwatch.describe_alarm_contributors, AlarmName="nowhere")["Code"] == "ResourceNotFoundException"
    grouped.put("SELECT SUM(Errors) FROM Shop")
    grouped.minute(a=20)
    assert grouped.state()[0] == "ALARM"
    assert cloudwatch.describe_alarm_contributors(AlarmName="alarm")["AlarmContributors"] == []
    assert (
        refused(cloudwatch.describe_alarm_contributors, AlarmName="alarm", NextToken="x")["Code"] == "InvalidNextToken"
    )
