"""Provisioned concurrency by schedule and by metric."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from hodei.testing import Cloud

of_concurrency = pytest.mark.feature("lambda.provisioned-concurrency")
DIMENSION = "lambda:function:ProvisionedConcurrency"
OF = {"ServiceNamespace": "lambda", "ResourceId": "function:shop:live", "ScalableDimension": DIMENSION}


@pytest.fixture
def functions(cloud: Cloud) -> Any:
    """A function with an alias."""
    iam = cloud.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName="shop", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("shop.py", "def handler(event, context):\n    return event\n")
    client = cloud.client("lambda")
    client.create_function(
        FunctionName="shop",
        Runtime="python3.12",
        Role=role,
        Handler="shop.handler",
        Code={"ZipFile": packed.getvalue()},
        Publish=True,
    )
    client.create_alias(FunctionName="shop", Name="live", FunctionVersion="1")
    return client


def concurrency(functions: Any) -> int:
    found = functions.get_provisioned_concurrency_config(FunctionName="shop", Qualifier="live")
    return int(found["RequestedProvisionedConcurrentExecutions"])


@of_concurrency
def test_by_schedule(cloud: Cloud, functions: Any, scaling: Any) -> None:
    scaling.register_scalable_target(**OF, MinCapacity=0, MaxCapacity=10)
    with pytest.raises(functions.exceptions.ProvisionedConcurrencyConfigNotFoundException):
        concurrency(functions)
    bounds = {"up": {"MinCapacity": 5, "MaxCapacity": 10}, "down": {"MinCapacity": 0, "MaxCapacity": 0}}
    for minutes, (name, action) in zip((60, 90), bounds.items()):
        schedule = f"rate({minutes} minutes)"
        scaling.put_scheduled_action(**OF, ScheduledActionName=name, Schedule=schedule, ScalableTargetAction=action)
    cloud.clock.advance(minutes=61)
    assert concurrency(functions) == 5
    cloud.clock.advance(minutes=30)
    with pytest.raises(functions.exceptions.ProvisionedConcurrencyConfigNotFoundException):
        concurrency(functions)
    found = scaling.describe_scaling_activities(ServiceNamespace="lambda", ResourceId="function:shop:live")
    assert [one["StatusCode"] for one in found["ScalingActivities"]] == ["Successful"] * 4
    assert found["ScalingActivities"][0]["Description"] == "Setting desired concurrency to 0."


@of_concurrency
def test_by_utilisation(cloud: Cloud, functions: Any, scaling: Any) -> None:
    scaling.register_scalable_target(**OF, MinCapacity=2, MaxCapacity=20)
    metric = {"PredefinedMetricType": "LambdaProvisionedConcurrencyUtilization"}
    put = scaling.put_scaling_policy(
        **OF,
        PolicyName="track",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={"TargetValue": 0.7, "PredefinedMetricSpecification": metric},
    )
    high, low = cloud.client("cloudwatch").describe_alarms(AlarmNames=[one["AlarmName"] for one in put["Alarms"]])[
        "MetricAlarms"
    ]
    assert high["MetricName"] == low["MetricName"] == "ProvisionedConcurrencyUtilization"
    assert high["Dimensions"] == [
        {"Name": "FunctionName", "Value": "shop"},
        {"Name": "Resource", "Value": "shop:live"},
    ]
    assert (high["Threshold"], high["EvaluationPeriods"]) == (0.7, 3)
    assert (low["Threshold"], low["EvaluationPeriods"]) == (pytest.approx(0.63), 15)


@of_concurrency
def test_functions_under_load_get_more(cloud: Cloud, functions: Any, scaling: Any) -> None:
    """Each invocation uses one of two: 50 % where 25 % are wanted."""
    scaling.register_scalable_target(**OF, MinCapacity=2, MaxCapacity=20)
    metric = {"PredefinedMetricType": "LambdaProvisionedConcurrencyUtilization"}
    scaling.put_scaling_policy(
        **OF,
        PolicyName="track",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={"TargetValue": 0.25, "PredefinedMetricSpecification": metric},
    )
    for _ in range(4):
        functions.invoke(FunctionName="shop", Qualifier="live", Payload=b"{}")
        cloud.clock.advance(seconds=60)
    assert concurrency(functions) == 4
    cloud.clock.advance(seconds=30)
    (_, activity) = reversed(scaling.describe_scaling_activities(ServiceNamespace="lambda")["ScalingActivities"])
    assert (
        activity["StatusMessage"]
        == "Successfully set desired concurrency to 4. Change successfully fulfilled by lambda."
    )


def test_what_cannot_be_scaled(functions: Any, scaling: Any, refused: Any) -> None:
    for resource in ("function:shop", "function:shop:$LATEST"):
        with refused("ValidationException", "Unsupported service namespace, resource type or scalable dimension"):
            scaling.register_scalable_target(**OF | {"ResourceId": resource}, MinCapacity=1, MaxCapacity=2)
    with refused("ValidationException", "Lambda function does not exist: function:none:live"):
        scaling.register_scalable_target(**OF | {"ResourceId": "function:none:live"}, MinCapacity=1, MaxCapacity=2)
    with refused("ValidationException", "Minimum capacity cannot be less than 0"):
        scaling.register_scalable_target(**OF, MinCapacity=-1, MaxCapacity=2)
