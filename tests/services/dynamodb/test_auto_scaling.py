"""Auto scaling of global tables: one call for all replicas."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from hodei.testing import Cloud

US, EU = "us-east-1", "eu-west-1"
of_capacity = pytest.mark.feature("dynamodb.capacity")


@pytest.fixture
def tables(cloud: Cloud) -> Any:
    """A table of provisioned capacity with an index, in one region; its clients by region."""
    clients = {region: cloud.client("dynamodb", region_name=region) for region in (US, EU)}
    units = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
    key = [{"AttributeName": "pk", "KeyType": "HASH"}]
    projection = {"ProjectionType": "ALL"}
    clients[US].create_table(
        TableName="table",
        KeySchema=key,
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        ProvisionedThroughput=units,
        GlobalSecondaryIndexes=[
            {"IndexName": "gsi", "KeySchema": key, "Projection": projection, "ProvisionedThroughput": units}
        ],
    )
    cloud.settle()
    return clients


def scale(cloud: Cloud, resource: str, dimension: str) -> None:
    """Writes of the table in the first region."""
    scaling = cloud.client("application-autoscaling")
    of = {"ServiceNamespace": "dynamodb", "ResourceId": resource, "ScalableDimension": dimension}
    scaling.register_scalable_target(**of, MinCapacity=5, MaxCapacity=50)
    metric = {"PredefinedMetricType": "DynamoDBWriteCapacityUtilization"}
    scaling.put_scaling_policy(
        **of,
        PolicyName="p",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={"TargetValue": 70, "PredefinedMetricSpecification": metric},
    )


def replicate(cloud: Cloud, tables: Any) -> None:
    scale(cloud, "table/table", "dynamodb:table:WriteCapacityUnits")
    scale(cloud, "table/table/index/gsi", "dynamodb:index:WriteCapacityUnits")
    tables[US].update_table(TableName="table", ReplicaUpdates=[{"Create": {"RegionName": EU}}])
    cloud.settle()


def described(client: Any) -> dict[str, Any]:
    found = client.describe_table_replica_auto_scaling(TableName="table")["TableAutoScalingDescription"]
    return {one["RegionName"]: one for one in found["Replicas"]}


@of_capacity
def test_a_new_replica_scales_its_writes_as_the_others_do(cloud: Cloud, tables: Any) -> None:
    change = [{"Create": {"RegionName": EU}}]
    with pytest.raises(ClientError, match="Table write capacity should either be"):
        tables[US].update_table(TableName="table", ReplicaUpdates=change)
    replicate(cloud, tables)
    for region in (US, EU):
        replica = described(tables[EU])[region]
        settings = replica["ReplicaProvisionedWriteCapacityAutoScalingSettings"]
        assert (settings["MinimumUnits"], settings["MaximumUnits"]) == (5, 50)
        tracking = {"PolicyName": "p", "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 70.0}}
        assert settings["ScalingPolicies"] == [tracking]
        assert settings["AutoScalingRoleArn"].endswith("AWSServiceRoleForApplicationAutoScaling_DynamoDBTable")
        assert "ReplicaProvisionedReadCapacityAutoScalingSettings" not in replica
        (index,) = replica["GlobalSecondaryIndexes"]
        assert index["ProvisionedWriteCapacityAutoScalingSettings"]["ScalingPolicies"] == [tracking]
    alarms = cloud.client("cloudwatch", region_name=EU).describe_alarms()["MetricAlarms"]
    assert len(alarms) == 8


@of_capacity
def test_settings_of_all_replicas_at_once(cloud: Cloud, tables: Any) -> None:
    replicate(cloud, tables)
    tracking = {"TargetTrackingScalingPolicyConfiguration": {"TargetValue": 60.0, "ScaleInCooldown": 90}}
    tables[US].update_table_replica_auto_scaling(
        TableName="table",
        ProvisionedWriteCapacityAutoScalingUpdate={
            "MinimumUnits": 8,
            "MaximumUnits": 80,
            "ScalingPolicyUpdate": tracking,
        },
        GlobalSecondaryIndexUpdates=[
            {"IndexName": "gsi", "ProvisionedWriteCapacityAutoScalingUpdate": {"AutoScalingDisabled": True}}
        ],
        ReplicaUpdates=[
            {
                "RegionName": EU,
                "ReplicaProvisionedReadCapacityAutoScalingUpdate": {
                    "MinimumUnits": 6,
                    "MaximumUnits": 60,
                    "ScalingPolicyUpdate": {"PolicyName": "reads", **tracking},
                },
            }
        ],
    )
    cloud.settle()
    found = described(tables[US])
    for region in (US, EU):
        settings = found[region]["ReplicaProvisionedWriteCapacityAutoScalingSettings"]
        assert (settings["MinimumUnits"], settings["MaximumUnits"]) == (8, 80)
        assert settings["ScalingPolicies"] == [{"PolicyName": "p", **tracking}]
        assert found[region]["GlobalSecondaryIndexes"] == [{"IndexName": "gsi", "IndexStatus": "ACTIVE"}]
    assert "ReplicaProvisionedReadCapacityAutoScalingSettings" not in found[US]
    reads = found[EU]["ReplicaProvisionedReadCapacityAutoScalingSettings"]
    assert reads["ScalingPolicies"] == [{"PolicyName": "reads", **tracking}]
    throughput = tables[EU].describe_table(TableName="table")["Table"]["ProvisionedThroughput"]
    assert (throughput["ReadCapacityUnits"], throughput["WriteCapacityUnits"]) == (6, 8)


def test_what_cannot_be_scaled_is_refused(cloud: Cloud, tables: Any) -> None:
    def update(**given: Any) -> None:
        tables[US].update_table_replica_auto_scaling(TableName="table", **given)

    with pytest.raises(ClientError, match="is not a global table"):
        update()
    replicate(cloud, tables)
    with pytest.raises(ClientError, match="IndexNotFoundException"):
        update(GlobalSecondaryIndexUpdates=[{"IndexName": "none"}])
    with pytest.raises(ClientError, match="ReplicaNotFoundException"):
        update(ReplicaUpdates=[{"RegionName": "ap-south-1"}])
    with pytest.raises(ClientError, match="Maximum capacity cannot be less than minimum capacity"):
        update(ProvisionedWriteCapacityAutoScalingUpdate={"MinimumUnits": 100})
