"""Tables under load grow and shrink: alarms, policies and activities, on the cloud's clock."""

from __future__ import annotations

from typing import Any

import pytest

from hodei.testing import Cloud

of_capacity = pytest.mark.feature("dynamodb.capacity")
ROLE = "AWSServiceRoleForApplicationAutoScaling_DynamoDBTable"


@of_capacity
def test_alarms_of_a_table(cloud: Cloud, tables: Any) -> None:
    tables.create()
    tables.register()
    put = tables.track(aim=70)
    names = {one["AlarmName"]: one["AlarmARN"] for one in put["Alarms"]}
    kinds = [name.removeprefix("TargetTracking-table/orders-")[:-37] for name in names]
    assert kinds == ["AlarmHigh", "AlarmLow", "ProvisionedCapacityHigh", "ProvisionedCapacityLow"]
    found = cloud.client("cloudwatch").describe_alarms(AlarmNames=list(names))["MetricAlarms"]
    assert {one["AlarmName"]: one["AlarmArn"] for one in found} == names
    rules = [(one["Threshold"], one["Period"], one["EvaluationPeriods"], one["ComparisonOperator"]) for one in found]
    assert rules == [
        (210.0, 60, 2, "GreaterThanThreshold"),
        (150.0, 60, 15, "LessThanThreshold"),
        (5.0, 300, 3, "GreaterThanThreshold"),
        (5.0, 300, 3, "LessThanThreshold"),
    ]
    assert all(one["AlarmActions"] == [put["PolicyARN"]] for one in found)
    assert found[0]["MetricName"] == "ConsumedWriteCapacityUnits"
    assert put["PolicyARN"].startswith("arn:aws:autoscaling:us-east-1:000000000000:scalingPolicy:")
    assert put["PolicyARN"].endswith(":resource/dynamodb/table/orders:policyName/track")


@of_capacity
def test_a_table_under_load_scales_out_and_in(cloud: Cloud, tables: Any) -> None:
    tables.create()
    tables.register(low=5, high=40)
    tables.track(aim=50)
    tables.load(4, 600)  # 10 units a second: 20 at half of them
    assert tables.capacity() == (5, 20)
    high = cloud.client("cloudwatch").describe_alarms(AlarmNamePrefix="TargetTracking-table/orders-AlarmHigh")
    assert high["MetricAlarms"][0]["Threshold"] == 600.0
    tables.load(17, 300)
    assert tables.capacity() == (5, 10)
    out, in_ = tables.activities()
    assert out["Description"] == "Setting write capacity units to 20."
    alarm = high["MetricAlarms"][0]["AlarmName"]
    assert out["Cause"] == f"monitor alarm {alarm} in state ALARM triggered policy track"
    assert out["StatusCode"] == "Successful"
    assert (
        out["StatusMessage"]
        == "Successfully set write capacity units to 20. Change successfully fulfilled by dynamodb."
    )
    assert out["ScalableDimension"] == "dynamodb:table:WriteCapacityUnits"
    assert in_["Description"] == "Setting write capacity units to 10."
    assert in_["EndTime"] >= in_["StartTime"] > out["StartTime"]


@of_capacity
def test_the_role_scales(cloud: Cloud, tables: Any) -> None:
    """By its own permissions, as CloudTrail tells; without the role nothing is scaled."""
    tables.create()
    tables.register()
    tables.track()
    tables.load(3, 600)
    events = cloud.client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "UpdateTable"}]
    )["Events"]
    assert f"assumed-role/{ROLE}/" in events[0]["CloudTrailEvent"]
    assert tables.capacity() == (5, 20)
    cloud.client("iam").delete_service_linked_role(RoleName=ROLE)
    tables.load(3, 1200)
    assert tables.capacity() == (5, 20)
    tables.scaling.deregister_scalable_target(**tables.of())
    assert cloud.client("cloudwatch").describe_alarms()["MetricAlarms"] == []


@of_capacity
def test_an_index_and_reads_scale_by_themselves(cloud: Cloud, tables: Any) -> None:
    tables.create()
    dimension = "dynamodb:index:WriteCapacityUnits"
    tables.register(dimension=dimension)
    tables.track(dimension=dimension)
    for minute in range(4):
        for number in range(500):
            tables.dynamodb.put_item(TableName="orders", Item={"id": {"S": f"{minute}-{number}"}})
        cloud.clock.advance(seconds=60)
    assert tables.capacity() == (5, 5)
    assert tables.capacity(index=True) == (5, 17)  # 500 / 60 are 50 % of that


@of_capacity
def test_thresholds_follow_a_capacity_that_somebody_else_has_set(cloud: Cloud, tables: Any) -> None:
    tables.create()
    tables.register(dimension="dynamodb:table:ReadCapacityUnits")
    names = [one["AlarmName"] for one in tables.track(dimension="dynamodb:table:ReadCapacityUnits")["Alarms"]]
    cloud.clock.advance(minutes=20)
    units = {"ReadCapacityUnits": 50, "WriteCapacityUnits": 5}
    tables.dynamodb.update_table(TableName="orders", ProvisionedThroughput=units)
    cloud.clock.advance(minutes=25)
    found = cloud.client("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"]
    assert [one["Threshold"] for one in found] == [1500.0, 900.0, 50.0, 50.0]
    assert tables.activities() == []


@of_capacity
def test_the_end_of_the_range(cloud: Cloud, tables: Any) -> None:
    tables.create(write=10)
    tables.register(low=10, high=20)
    tables.track(ScaleInCooldown=60)
    tables.load(6, 2400)
    assert tables.capacity() == (5, 20)
    assert len(tables.activities()) == 1
    not_scaled = tables.activities(IncludeNotScaledActivities=True)[-1]
    assert not_scaled["NotScaledReasons"] == [{"Code": "AlreadyAtMaxCapacity", "MaxCapacity": 20}]
    assert not_scaled["StatusCode"] == "Failed"
    tables.load(40, 100)
    assert tables.capacity() == (5, 10)
    not_scaled = tables.activities(IncludeNotScaledActivities=True)[-1]
    assert not_scaled["NotScaledReasons"] == [{"Code": "AlreadyAtMinCapacity", "MinCapacity": 10}]


@of_capacity
def test_what_is_suspended_does_not_scale(cloud: Cloud, tables: Any, scaling: Any) -> None:
    tables.create()
    tables.register()
    tables.track(DisableScaleIn=True)
    scaling.register_scalable_target(**tables.of(), SuspendedState={"DynamicScalingOutSuspended": True})
    tables.load(4, 600)
    assert tables.capacity() == (5, 5)
    scaling.register_scalable_target(**tables.of(), SuspendedState={"DynamicScalingOutSuspended": False})
    tables.load(2, 600)
    assert tables.capacity() == (5, 20)
    names = [
        one["AlarmName"]
        for one in scaling.describe_scaling_policies(ServiceNamespace="dynamodb")["ScalingPolicies"][0]["Alarms"]
    ]
    assert not any("AlarmLow" in name for name in names)
    tables.load(20, 100)
    assert tables.capacity() == (5, 20)


@of_capacity
def test_too_many_decreases_fail(cloud: Cloud, tables: Any) -> None:
    """A fifth decrease of a day needs an hour since the last."""
    tables.create(write=50)
    tables.register()
    for units in (45, 40, 35, 30):
        tables.dynamodb.update_table(
            TableName="orders", ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": units}
        )
    tables.track()
    tables.load(17, 100)
    failed = tables.activities()[-1]
    assert failed["StatusCode"] == "Failed"
    assert failed["StatusMessage"].startswith(
        "Failed to set write capacity units to 5. Reason: Subscriber limit exceeded"
    )
    tables.load(60, 100)
    assert tables.activities()[-1]["StatusCode"] == "Successful"
    assert tables.capacity() == (5, 5)


def test_a_metric_of_ones_own(cloud: Cloud, tables: Any, scaling: Any) -> None:
    """The capacity is in proportion to the metric; what was measured before a change does not count for the new one."""
    tables.create(write=10)
    tables.register(high=90)
    metric = {"Namespace": "Shop", "MetricName": "load", "Dimensions": [{"Name": "of", "Value": "orders"}]}
    scaling.put_scaling_policy(
        **tables.of(),
        PolicyName="own",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 40,
            "CustomizedMetricSpecification": {
                "Metrics": [
                    {"Id": "m", "MetricStat": {"Metric": metric, "Stat": "Maximum"}, "ReturnData": False},
                    {"Id": "twice", "Expression": "m * 2"},
                ]
            },
        },
    )
    cloudwatch = cloud.client("cloudwatch")

    def measure(minutes: int, value: float) -> None:
        for _ in range(minutes):
            cloudwatch.put_metric_data(
                Namespace="Shop",
                MetricData=[{"MetricName": "load", "Value": value, "Dimensions": metric["Dimensions"]}],
            )
            cloud.clock.advance(seconds=60)

    measure(3, 40)
    assert tables.capacity() == (5, 20)
    measure(2, 20)
    assert tables.capacity() == (5, 20)
    measure(20, 5)
    assert tables.capacity() == (5, 5)


def test_policies_scale_in_together(cloud: Cloud, tables: Any, scaling: Any) -> None:
    """As far as the one does that wants the most."""
    tables.create(write=40)
    tables.register()
    for name in ("a", "b"):
        scaling.put_scaling_policy(
            **tables.of(),
            PolicyName=name,
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": 40,
                "CustomizedMetricSpecification": {"Namespace": "Shop", "MetricName": name, "Statistic": "Average"},
            },
        )
    cloudwatch = cloud.client("cloudwatch")

    def measure(minutes: int, **values: float) -> None:
        for _ in range(minutes):
            data = [{"MetricName": name, "Value": value} for name, value in values.items()]
            cloudwatch.put_metric_data(Namespace="Shop", MetricData=data)
            cloud.clock.advance(seconds=60)

    measure(18, a=10, b=40)
    assert tables.capacity() == (5, 40)
    measure(15, a=10, b=20)
    assert tables.capacity() == (5, 20)


def test_the_maximum_is_told(cloud: Cloud, tables: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    tables.create()
    tables.register(high=10)
    tables.track()
    told: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(cloud.world.bus, "emit", lambda ctx, kind, detail, resources: told.append((kind, detail)))
    tables.load(3, 1200)
    (detail,) = [detail for kind, detail in told if kind.startswith("Application Auto Scaling Scaling Activity")]
    assert (detail["oldDesiredCapacity"], detail["newDesiredCapacity"], detail["scaledToMax"]) == (5, 10, True)
    assert (detail["resourceId"], detail["direction"]) == ("table/orders", "scale-out")


def test_policies_scale_though_calls_fail(cloud: Cloud, tables: Any) -> None:
    tables.create()
    tables.register(low=5, high=40)
    tables.track()
    for error in ("InternalServerError", "ThrottlingException"):
        cloud.fault(service="dynamodb", operation="UpdateTable", error=error, rate=0.3)
        cloud.fault(service="dynamodb", operation="DescribeTable", error=error, rate=0.3)
    cloud.fault(service="cloudwatch", operation="PutMetricAlarm", error="InternalServiceFault", rate=0.5)
    tables.load(30, 600)
    cloud.clear_faults()
    assert tables.capacity() == (5, 20)
