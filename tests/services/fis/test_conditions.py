"""Alarms that stop experiments, and logs of experiments in log groups."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from hodei.testing import Cloud

from .conftest import ACCOUNT, NONE, ROLE, wait

ALARM = {
    "MetricName": "m", "Namespace": "Shop", "Period": 60, "Statistic": "Sum", "EvaluationPeriods": 1, "Threshold": 1,
    "ComparisonOperator": "GreaterThanThreshold",
}  # fmt: skip
GROUP = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:experiments:*"
LETS_IN = ("logs:CreateLogDelivery", "logs:DescribeResourcePolicies", "logs:PutResourcePolicy")


@pytest.fixture
def alarm(cloud: Cloud) -> Any:
    client = cloud.client("cloudwatch")
    client.put_metric_alarm(AlarmName="safe", **ALARM)
    return client


def start(cloud: Cloud, fis: Any, **given: Any) -> str:
    template = fis.create_experiment_template(
        **{"description": "d", "roleArn": ROLE, "stopConditions": NONE, "actions": {"one": wait(10)}, **given}
    )
    id: str = fis.start_experiment(experimentTemplateId=template["experimentTemplate"]["id"])["experiment"]["id"]
    cloud.clock.advance(seconds=0)
    return id


def stopped_by(name: str) -> dict[str, Any]:
    value = f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:{name}"
    return {"stopConditions": [{"source": "aws:cloudwatch:alarm", "value": value}]}


def test_an_alarm_stops_what_runs(cloud: Cloud, fis: Any, role: Callable[..., str], alarm: Any) -> None:
    role()
    id, other = start(cloud, fis, **stopped_by("safe")), start(cloud, fis, **stopped_by("another"))
    cloud.clock.advance(minutes=2)
    assert fis.get_experiment(id=id)["experiment"]["state"]["status"] == "running"
    alarm.put_metric_data(Namespace="Shop", MetricData=[{"MetricName": "m", "Value": 5}])
    cloud.clock.advance(minutes=2)
    experiment = fis.get_experiment(id=id)["experiment"]
    assert experiment["state"] == {"status": "stopped", "reason": "Experiment halted by stop condition."}
    assert experiment["actions"]["one"]["state"]["status"] == "stopped"
    assert fis.get_experiment(id=other)["experiment"]["state"]["status"] == "running"


def test_an_alarm_that_has_gone_off_lets_nothing_begin(
    cloud: Cloud, fis: Any, role: Callable[..., str], alarm: Any
) -> None:
    role()
    alarm.set_alarm_state(AlarmName="safe", StateValue="ALARM", StateReason="test")
    experiment = fis.get_experiment(id=start(cloud, fis, **stopped_by("safe")))["experiment"]
    assert experiment["state"] == {"status": "stopped", "reason": "Experiment halted by stop condition."}
    assert experiment["actions"]["one"]["state"]["status"] == "cancelled"


def test_the_log_of_an_experiment_in_a_log_group(cloud: Cloud, fis: Any, role: Callable[..., str]) -> None:
    logs = cloud.client("logs")
    logs.create_log_group(logGroupName="experiments")
    role(*LETS_IN)
    log = {"logSchemaVersion": 2, "cloudWatchLogsConfiguration": {"logGroupArn": GROUP}}
    id = start(cloud, fis, logConfiguration=log)
    cloud.clock.advance(minutes=11)
    events = logs.get_log_events(logGroupName="experiments", logStreamName=id, startFromHead=True)["events"]
    kinds = [json.loads(event["message"])["log_type"] for event in events]
    assert kinds == ["experiment-start", "action-start", "action-end", "experiment-end"]
    assert events[-1]["timestamp"] - events[0]["timestamp"] >= 600_000
    logs.create_log_group(logGroupName="others")
    log["cloudWatchLogsConfiguration"] = {"logGroupArn": GROUP.replace("experiments", "others")}
    for _ in range(2):
        id = start(cloud, fis, logConfiguration=log)
        assert logs.describe_log_streams(logGroupName="others", logStreamNamePrefix=id)["logStreams"]
    (policy,) = logs.describe_resource_policies()["resourcePolicies"]
    assert policy["policyName"] == "AWSLogDeliveryWrite20150319"
    (statement,) = json.loads(policy["policyDocument"])["Statement"]
    assert len(statement["Resource"]) == 2


@pytest.mark.parametrize(("actions", "group"), [(LETS_IN, "none"), (LETS_IN[:1], "experiments")])
def test_an_experiment_that_cannot_be_logged_fails(
    cloud: Cloud, fis: Any, role: Callable[..., str], actions: tuple[str, ...], group: str
) -> None:
    cloud.client("logs").create_log_group(logGroupName="experiments")
    role(*actions)
    log = {"logSchemaVersion": 2, "cloudWatchLogsConfiguration": {"logGroupArn": GROUP.replace("experiments", group)}}
    experiment = fis.get_experiment(id=start(cloud, fis, logConfiguration=log))["experiment"]
    assert experiment["state"]["status"] == "failed"
    assert experiment["state"]["error"]["code"] == "ConfigurationFailure"
