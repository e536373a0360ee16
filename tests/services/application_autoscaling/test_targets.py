from __future__ import annotations

import json
from typing import Any

import pytest

from hodei.testing import Cloud


def test_registering_brings_the_capacity_into_the_bounds(cloud: Cloud, tables: Any, scaling: Any) -> None:
    tables.create()
    arn = tables.register(low=10, high=20)
    assert arn.startswith("arn:aws:application-autoscaling:us-east-1:000000000000:scalable-target/")
    assert tables.capacity() == (5, 10)
    assert tables.register(low=2, high=8) == arn
    assert tables.capacity() == (5, 8)
    assert [(one["Description"], one["Cause"]) for one in tables.activities()] == [
        ("Setting write capacity units to 10.", "minimum capacity was set to 10"),
        ("Setting write capacity units to 8.", "maximum capacity was set to 8"),
    ]
    (target,) = scaling.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"]
    role = "AWSServiceRoleForApplicationAutoScaling_DynamoDBTable"
    path = "aws-service-role/dynamodb.application-autoscaling.amazonaws.com"
    assert target["RoleARN"] == f"arn:aws:iam::000000000000:role/{path}/{role}"
    assert cloud.client("iam").get_role(RoleName=role)
    assert (target["MinCapacity"], target["MaxCapacity"], target["ScalableTargetARN"]) == (2, 8, arn)
    assert target["SuspendedState"] == {
        "DynamicScalingInSuspended": False,
        "DynamicScalingOutSuspended": False,
        "ScheduledScalingSuspended": False,
    }


def test_a_change_that_takes_its_time(cloud: Cloud, tables: Any) -> None:
    tables.create()
    cloud.set("dynamodb", "lifecycle", "aws")
    tables.register(low=10)
    (activity,) = tables.activities()
    assert activity["StatusCode"] == "InProgress"
    waiting = "Successfully set write capacity units to 10. Waiting for change to be fulfilled by dynamodb."
    assert activity["StatusMessage"] == waiting
    cloud.clock.advance(minutes=2)
    (activity,) = tables.activities()
    assert activity["StatusCode"] == "Successful"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ResourceId": "dynamo/orders"}, "Unsupported service namespace, resource type or scalable dimension"),
        ({"ResourceId": "table/none"}, "DynamoDB table does not exist: table/none"),
        ({"ServiceNamespace": "lambda"}, "Unsupported service namespace, resource type or scalable dimension"),
        ({"MinCapacity": 0}, "Minimum capacity cannot be less than 1"),
        ({"MinCapacity": 9, "MaxCapacity": 8}, "Maximum capacity cannot be less than minimum capacity"),
        ({"ScalableDimension": "x"}, "1 validation error detected: Value 'x' at 'scalableDimension' failed to satisfy"),
    ],
)
def test_what_cannot_be_registered(
    cloud: Cloud, tables: Any, scaling: Any, refused: Any, change: dict[str, Any], message: str
) -> None:
    tables.create()
    with refused("ValidationException", message):
        scaling.register_scalable_target(**tables.of() | {"MinCapacity": 1, "MaxCapacity": 2} | change)
    with refused("ValidationException", "Both the minimum and the maximum capacity are required"):
        scaling.register_scalable_target(**tables.of(), MinCapacity=1)


def test_what_is_not_here_is_refused_by_name(scaling: Any, refused: Any) -> None:
    of = {"ServiceNamespace": "ecs", "ResourceId": "service/a/b", "ScalableDimension": "ecs:service:DesiredCount"}
    with refused("NotImplemented", "Scaling ecs:service:DesiredCount is not implemented by Hodei.", 501):
        scaling.register_scalable_target(**of, MinCapacity=1, MaxCapacity=2)
    policy = {"PolicyName": "p", "StartTime": 0, "EndTime": 1}
    with refused("NotImplemented", "GetPredictiveScalingForecast", 501):
        scaling.get_predictive_scaling_forecast(**of, **policy)


def test_targets_are_listed_in_pages(tables: Any, scaling: Any, refused: Any) -> None:
    for name in ("one", "two", "three"):
        tables.create(name)
        tables.register(name)
    pages = scaling.get_paginator("describe_scalable_targets").paginate(
        ServiceNamespace="dynamodb", PaginationConfig={"PageSize": 2}
    )
    assert [[one["ResourceId"] for one in page["ScalableTargets"]] for page in pages] == [
        ["table/one", "table/three"],
        ["table/two"],
    ]
    found = scaling.describe_scalable_targets(ServiceNamespace="dynamodb", ResourceIds=["table/two"])
    assert [one["ResourceId"] for one in found["ScalableTargets"]] == ["table/two"]
    assert scaling.describe_scalable_targets(ServiceNamespace="lambda")["ScalableTargets"] == []
    with refused("ValidationException", "you must also specify a resource ID"):
        scaling.describe_scalable_targets(
            ServiceNamespace="dynamodb", ScalableDimension=tables.of()["ScalableDimension"]
        )
    with refused("InvalidNextTokenException"):
        scaling.describe_scalable_targets(ServiceNamespace="dynamodb", NextToken="x")
    with refused("ValidationException", "between 1 and 50"):
        scaling.describe_scalable_targets(ServiceNamespace="dynamodb", MaxResults=51)


def test_what_goes_with_a_target(cloud: Cloud, tables: Any, scaling: Any, refused: Any) -> None:
    tables.create()
    tables.register()
    tables.track()
    scaling.put_scheduled_action(
        **tables.of(), ScheduledActionName="a", Schedule="rate(1 hour)", ScalableTargetAction={"MinCapacity": 50}
    )
    scaling.deregister_scalable_target(**tables.of())
    assert scaling.describe_scaling_policies(ServiceNamespace="dynamodb")["ScalingPolicies"] == []
    assert scaling.describe_scheduled_actions(ServiceNamespace="dynamodb")["ScheduledActions"] == []
    assert cloud.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
    with refused("ObjectNotFoundException", "resource ID: table/orders, scalable dimension: dynamodb:table:Write"):
        scaling.deregister_scalable_target(**tables.of())
    cloud.clock.advance(hours=2)
    assert tables.capacity() == (5, 5)


def test_tags(tables: Any, scaling: Any, refused: Any) -> None:
    tables.create()
    scaling.register_scalable_target(**tables.of(), MinCapacity=1, MaxCapacity=9, Tags={"team": "shop"})
    arn = scaling.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"][0]["ScalableTargetARN"]
    scaling.tag_resource(ResourceARN=arn, Tags={"stage": "test"})
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"stage": "test", "team": "shop"}
    scaling.untag_resource(ResourceARN=arn, TagKeys=["team", "none"])
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"stage": "test"}
    with refused("ValidationException", "aws:"):
        scaling.tag_resource(ResourceARN=arn, Tags={"aws:x": "y"})
    with refused("TooManyTagsException"):
        scaling.tag_resource(ResourceARN=arn, Tags={str(number): "" for number in range(50)})
    with refused("ResourceNotFoundException"):
        scaling.list_tags_for_resource(ResourceARN=f"{arn}0")


def test_a_caller_needs_permission_on_the_target(cloud: Cloud, tables: Any, refused: Any) -> None:
    """Its ARN is known where it is registered."""
    tables.create()
    arn = tables.register()
    iam = cloud.client("iam")
    iam.create_user(UserName="u")
    actions = ["application-autoscaling:PutScheduledAction", "application-autoscaling:DeregisterScalableTarget"]
    document = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": actions[0], "Resource": arn},
            {"Effect": "Allow", "Action": actions[1], "Resource": f"{arn}0"},
        ],
    }
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=json.dumps(document))
    key = iam.create_access_key(UserName="u")["AccessKey"]
    client = cloud.client(
        "application-autoscaling",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
    client.put_scheduled_action(
        **tables.of(), ScheduledActionName="a", Schedule="rate(1 hour)", ScalableTargetAction={"MinCapacity": 6}
    )
    with refused("AccessDeniedException", "application-autoscaling:DeregisterScalableTarget"):
        client.deregister_scalable_target(**tables.of())


def test_bounds_are_kept_though_dynamodb_is_in_trouble(cloud: Cloud, tables: Any) -> None:
    tables.create()
    cloud.fault(service="dynamodb", operation="UpdateTable", error="InternalServerError", count=4)
    tables.register(low=10)
    assert tables.capacity() == (5, 5)
    cloud.clock.advance(minutes=5)
    assert tables.capacity() == (5, 10)
    assert tables.activities()[-1]["StatusCode"] == "Successful"


def test_a_change_is_not_taken_for_failed_as_it_cannot_be_looked_at(cloud: Cloud, tables: Any) -> None:
    tables.create()
    cloud.set("dynamodb", "lifecycle", "aws")
    tables.register(low=10)
    cloud.fault(service="dynamodb", operation="DescribeTable", error="InternalServerError")
    cloud.clock.advance(minutes=2)
    cloud.clear_faults()
    assert [one["StatusCode"] for one in tables.activities()] == ["InProgress"]
    cloud.clock.advance(minutes=2)
    assert [one["StatusCode"] for one in tables.activities()] == ["Successful"]
