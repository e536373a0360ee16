"""Permissions of those who call CloudWatch, and what they are billed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from hodei.testing import Cloud

ALARMS = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:"
ALARM = {
    "MetricName": "m", "Namespace": "n", "Period": 60, "Statistic": "Sum", "EvaluationPeriods": 1, "Threshold": 1,
    "ComparisonOperator": "GreaterThanThreshold",
}  # fmt: skip


@pytest.fixture
def user(cloud: Cloud) -> Callable[..., Any]:
    def make(*actions: str, resource: str = "*", **more: Any) -> Any:
        statement = {"Effect": "Allow", "Action": actions, "Resource": resource, **more}
        iam = cloud.client("iam")
        iam.create_user(UserName="u")
        document = json.dumps({"Version": "2012-10-17", "Statement": statement})
        iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=document)
        key = iam.create_access_key(UserName="u")["AccessKey"]
        keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
        return cloud.client("cloudwatch", **keys)

    return make


@pytest.mark.feature("cloudwatch.alarms")
def test_alarms_are_resources(user: Any, refused: Any) -> None:
    client = user("cloudwatch:*", resource=f"{ALARMS}mine*")
    client.put_metric_alarm(AlarmName="mine", **ALARM)
    client.describe_alarms(AlarmNames=["mine"])
    client.set_alarm_state(AlarmName="mine", StateValue="OK", StateReason="x")
    assert refused(client.put_metric_alarm, AlarmName="other", **ALARM)["Code"] == "AccessDenied"
    assert refused(client.describe_alarms)["Code"] == "AccessDenied"
    assert refused(client.delete_alarms, AlarmNames=["mine", "other"])["Code"] == "AccessDenied"
    client.tag_resource(ResourceARN=f"{ALARMS}mine", Tags=[{"Key": "a", "Value": "b"}])


@pytest.mark.feature("cloudwatch.alarms")
def test_namespaces_are_a_condition(user: Any, refused: Any) -> None:
    client = user("cloudwatch:PutMetricData", Condition={"StringEquals": {"cloudwatch:namespace": "Mine"}})
    client.put_metric_data(Namespace="Mine", MetricData=[{"MetricName": "m", "Value": 1}])
    error = refused(client.put_metric_data, Namespace="Yours", MetricData=[{"MetricName": "m", "Value": 1}])
    assert error["Code"] == "AccessDenied"


@pytest.mark.feature("cloudwatch.alarms")
def test_tags_need_their_permission(user: Any, refused: Any) -> None:
    client = user("cloudwatch:PutMetricAlarm", "cloudwatch:PutDashboard")
    client.put_metric_alarm(AlarmName="a", **ALARM)
    error = refused(client.put_metric_alarm, AlarmName="b", Tags=[{"Key": "a", "Value": "b"}], **ALARM)
    assert error["Code"] == "AccessDenied"
    client.put_dashboard(DashboardName="d", DashboardBody='{"widgets": []}')
    assert refused(client.put_insight_rule, RuleName="r", RuleDefinition="{}")["Code"] == "AccessDenied"
    assert refused(client.delete_metric_stream, Name="s")["Code"] == "AccessDenied"


@pytest.mark.feature("cloud.pay-per-use")
def test_the_bill(cloud: Cloud, cloudwatch: Any, data: Any) -> None:
    for name in range(30):
        data.put(f"m{name}", 1, 2)
    for number in range(12):
        cloudwatch.put_metric_alarm(AlarmName=f"a{number}", **ALARM)
    cloudwatch.put_composite_alarm(AlarmName="top", AlarmRule="ALARM(a1)")
    data.get(data.query(id="a"), data.query(id="b"))
    cloud.clock.advance(days=30)
    lines = cloud.bill.lines(service="cloudwatch")
    amounts: dict[str, float] = {}
    for line in lines:
        amounts[line.usage_type] = amounts.get(line.usage_type, 0.0) + line.quantity
    assert amounts["CW:GMD-Metrics"] == 2
    assert amounts["CW:MetricMonitorUsage"] == pytest.approx(30 / 720, rel=0.1), "an hour each"
    assert amounts["CW:AlarmMonitorUsage"] == pytest.approx(12, rel=0.1)
    assert amounts["CW:CompositeAlarmMonitorUsage"] == pytest.approx(1, rel=0.1)
