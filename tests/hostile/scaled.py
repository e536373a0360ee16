"""A scalable target with a policy and a scheduled action, and what requests may name of them."""

from __future__ import annotations

from typing import Any

from hodei.testing import Cloud

OF = {
    "ServiceNamespace": "dynamodb",
    "ResourceId": "table/scaled",
    "ScalableDimension": "dynamodb:table:WriteCapacityUnits",
}
METRIC = {"PredefinedMetricType": "DynamoDBWriteCapacityUtilization"}
TRACKING = {"TargetValue": 50.0, "PredefinedMetricSpecification": METRIC}


def prime(cloud: Cloud) -> dict[str, list[Any]]:
    cloud.client("dynamodb").create_table(
        TableName="scaled",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
    )
    client = cloud.client("application-autoscaling")
    arn = client.register_scalable_target(**OF, MinCapacity=5, MaxCapacity=50)["ScalableTargetARN"]
    client.put_scaling_policy(
        **OF, PolicyName="p", PolicyType="TargetTrackingScaling", TargetTrackingScalingPolicyConfiguration=TRACKING
    )
    action = {"MinCapacity": 6}
    client.put_scheduled_action(**OF, ScheduledActionName="a", Schedule="rate(1 hour)", ScalableTargetAction=action)
    own = [{"Id": "m", "Expression": "TIME_SERIES(1)"}, {"Id": "n", "Expression": "("}]
    return {
        "ServiceNamespace": ["dynamodb", "dynamodb", "dynamodb", "lambda", "ecs", "x"],
        "ResourceId": ["table/scaled", "table/scaled", "table/scaled", "table/none", "function:f:live", "table/scaled/index/x"],
        "ScalableDimension": [
            "dynamodb:table:WriteCapacityUnits", "dynamodb:table:WriteCapacityUnits", "dynamodb:table:ReadCapacityUnits",
            "dynamodb:index:ReadCapacityUnits", "lambda:function:ProvisionedConcurrency", "ecs:service:DesiredCount",
        ],
        "PolicyName": ["p", "q"],
        "PolicyType": ["TargetTrackingScaling", "TargetTrackingScaling", "StepScaling", "PredictiveScaling"],
        "TargetTrackingScalingPolicyConfiguration": [
            TRACKING,
            {"TargetValue": 1e308, "PredefinedMetricSpecification": METRIC},
            {"TargetValue": 1e-300, "CustomizedMetricSpecification": {"Namespace": "n", "MetricName": "m", "Statistic": "Sum"}},
            {"TargetValue": 1, "CustomizedMetricSpecification": {"Metrics": own[:1]}},
            {"TargetValue": 1, "CustomizedMetricSpecification": {"Metrics": own[1:]}},
        ],
        "MinCapacity": [0, 1, -1, 2**31 - 1],
        "MaxCapacity": [0, 1, 100, 2**31 - 1],
        "ScheduledActionName": ["a", "b", "a/b"],
        "Schedule": ["rate(1 hour)", "cron(0 0 31 2 ? *)", "at(9999-12-31T23:59:59)", "at(0001-01-01T00:00:00)", "rate(999999 days)"],
        "Timezone": ["Asia/Tokyo", "../etc/passwd", "x", "\x00"],
        "ScalableTargetAction": [action, {"MaxCapacity": 0}, {}],
        "ResourceARN": [arn, f"{arn}0", "x"],
        "NextToken": ["x"],
    }  # fmt: skip
