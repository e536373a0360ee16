from __future__ import annotations

from typing import Any

import pytest

from hodei.testing import Cloud

PREDEFINED = {"PredefinedMetricType": "DynamoDBWriteCapacityUtilization"}


def test_a_policy_is_updated_under_its_name(cloud: Cloud, tables: Any, scaling: Any) -> None:
    tables.create()
    tables.register()
    first = tables.track(aim=50, ScaleInCooldown=60)
    second = tables.track(aim=70, DisableScaleIn=True)
    assert second["PolicyARN"] == first["PolicyARN"]
    assert second["Alarms"] == [one for one in first["Alarms"] if "AlarmLow" not in one["AlarmName"]]
    assert len(cloud.client("cloudwatch").describe_alarms()["MetricAlarms"]) == 3
    (found,) = scaling.describe_scaling_policies(ServiceNamespace="dynamodb")["ScalingPolicies"]
    assert found["TargetTrackingScalingPolicyConfiguration"] == {
        "TargetValue": 70.0,
        "PredefinedMetricSpecification": PREDEFINED,
        "DisableScaleIn": True,
    }
    assert (found["PolicyType"], found["PolicyName"]) == ("TargetTrackingScaling", "track")
    scaling.delete_scaling_policy(**tables.of(), PolicyName="track")
    assert cloud.client("cloudwatch").describe_alarms()["MetricAlarms"] == []


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        ({}, "Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification"),
        ({"TargetValue": 0, "PredefinedMetricSpecification": PREDEFINED}, "The target value"),
        ({"TargetValue": 19, "PredefinedMetricSpecification": PREDEFINED}, "must be between 20 and 90"),
        ({"ScaleInCooldown": -1, "PredefinedMetricSpecification": PREDEFINED}, "ScaleInCooldown cannot be negative"),
        ({"PredefinedMetricSpecification": {"PredefinedMetricType": "DynamoDBReadCapacityUtilization"}}, "not supported"),
        ({"PredefinedMetricSpecification": PREDEFINED | {"ResourceLabel": "x"}}, "resource label"),
        ({"CustomizedMetricSpecification": {"MetricName": "m"}}, "needs Metrics"),
        ({"CustomizedMetricSpecification": {"Metrics": [], "MetricName": "m"}}, "cannot both be specified"),
        ({"CustomizedMetricSpecification": {"Metrics": [{"Id": "a", "Expression": "b +"}]}}, ""),
    ],
)  # fmt: skip
def test_what_is_no_policy(
    tables: Any, scaling: Any, refused: Any, configuration: dict[str, Any], message: str
) -> None:
    tables.create()
    tables.register()
    with refused("ValidationException", message):
        scaling.put_scaling_policy(
            **tables.of(),
            PolicyName="p",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={"TargetValue": 50, **configuration},
        )
    assert scaling.describe_scaling_policies(ServiceNamespace="dynamodb")["ScalingPolicies"] == []


def test_refusals(tables: Any, scaling: Any, refused: Any) -> None:
    tables.create()
    missing = (
        "No scalable target registered for service namespace: dynamodb, resource ID: table/orders, scalable dimension: "
        "dynamodb:table:WriteCapacityUnits"
    )
    with refused("ObjectNotFoundException", missing):
        tables.track()
    tables.register()
    tables.track()
    steps = {"AdjustmentType": "ChangeInCapacity", "StepAdjustments": [{"ScalingAdjustment": 1}]}
    with refused("ValidationException", "Policy type StepScaling is not supported for service namespace dynamodb"):
        scaling.put_scaling_policy(**tables.of(), PolicyName="s", StepScalingPolicyConfiguration=steps)
    with refused("ValidationException", "Policy type PredictiveScaling is not supported"):
        scaling.put_scaling_policy(**tables.of(), PolicyName="s", PolicyType="PredictiveScaling")
    with refused("ValidationException", "needs a TargetTrackingScalingPolicyConfiguration"):
        scaling.put_scaling_policy(**tables.of(), PolicyName="s", PolicyType="TargetTrackingScaling")
    only = "Only one TargetTrackingScaling policy for a given metric specification is allowed."
    with refused("ValidationException", only):
        scaling.put_scaling_policy(
            **tables.of(),
            PolicyName="other",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={"TargetValue": 30, "PredefinedMetricSpecification": PREDEFINED},
        )
    with refused("ObjectNotFoundException", "No scaling policy found"):
        scaling.delete_scaling_policy(**tables.of(), PolicyName="none")


def test_policies_are_listed_in_pages(cloud: Cloud, tables: Any, scaling: Any) -> None:
    tables.create()
    tables.register()
    for name in ("a", "b", "c"):
        metric = {"Namespace": "Shop", "MetricName": name, "Statistic": "Average"}
        scaling.put_scaling_policy(
            **tables.of(),
            PolicyName=name,
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={"TargetValue": 5, "CustomizedMetricSpecification": metric},
        )
    pages = scaling.get_paginator("describe_scaling_policies").paginate(
        ServiceNamespace="dynamodb", PaginationConfig={"PageSize": 2}
    )
    assert [[one["PolicyName"] for one in page["ScalingPolicies"]] for page in pages] == [["a", "b"], ["c"]]
    named = scaling.describe_scaling_policies(ServiceNamespace="dynamodb", PolicyNames=["b"])["ScalingPolicies"]
    assert [one["PolicyName"] for one in named] == ["b"]
