"""Global tables of version 2017.11.29, and auto scaling of replicas, of which there is none yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hodei.testing import Cloud

from .conftest import attributes, index, key_schema

pytestmark = pytest.mark.feature("dynamodb.global-tables")

Refused = Callable[..., Any]

US, EU, AP = "us-east-1", "eu-west-1", "ap-south-1"
IMAGES = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}


def group(*regions: str) -> list[dict[str, str]]:
    return [{"RegionName": region} for region in regions]


@pytest.fixture
def clients(cloud: Cloud) -> dict[str, Any]:
    """Clients of three regions, each of which has the empty table "table" with an index and a stream."""
    found = {region: cloud.client("dynamodb", region_name=region) for region in (US, EU, AP)}
    for client in found.values():
        client.create_table(
            TableName="table",
            AttributeDefinitions=attributes(pk="S", value="S"),
            KeySchema=key_schema("pk"),
            GlobalSecondaryIndexes=[
                {**index("gsi", "value"), "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}
            ],
            ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
            StreamSpecification=IMAGES,
        )
    return found


def put(client: Any, key: str) -> None:
    client.put_item(TableName="table", Item={"pk": {"S": key}, "value": {"S": "x"}})


def keys(client: Any) -> list[str]:
    return sorted(item["pk"]["S"] for item in client.scan(TableName="table")["Items"])


def test_tables_are_joined_and_replicate(cloud: Cloud, clients: dict[str, Any]) -> None:
    us, eu, ap = clients.values()
    made = us.create_global_table(GlobalTableName="table", ReplicationGroup=group(US, EU))["GlobalTableDescription"]
    created = made.pop("CreationDateTime")
    assert abs((created - cloud.clock.now()).total_seconds()) < 60
    assert made == {
        "ReplicationGroup": group(US, EU),
        "GlobalTableArn": "arn:aws:dynamodb::000000000000:global-table/table",
        "GlobalTableStatus": "CREATING",
        "GlobalTableName": "table",
    }
    described = eu.describe_global_table(GlobalTableName="table")["GlobalTableDescription"]
    assert described == {**made, "CreationDateTime": created, "GlobalTableStatus": "ACTIVE"}
    assert us.describe_table(TableName="table")["Table"]["GlobalTableVersion"] == "2017.11.29"
    put(us, "a")
    put(eu, "b")
    cloud.clock.advance(seconds=1)
    assert keys(us) == keys(eu) == ["a", "b"]
    assert keys(ap) == []


def test_replicas_are_added_and_removed(cloud: Cloud, clients: dict[str, Any], refused: Refused) -> None:
    us, eu, ap = clients.values()
    us.create_global_table(GlobalTableName="table", ReplicationGroup=group(US))

    def update(action: str, region: str) -> Any:
        updates = [{action: {"RegionName": region}}]
        answer = us.update_global_table(GlobalTableName="table", ReplicaUpdates=updates)
        return answer["GlobalTableDescription"]["ReplicationGroup"]

    assert update("Create", EU) == group(US, EU)
    assert update("Create", AP) == group(US, EU, AP)
    put(ap, "a")
    cloud.clock.advance(seconds=1)
    assert keys(us) == keys(eu) == keys(ap) == ["a"]
    with pytest.raises(us.exceptions.ReplicaAlreadyExistsException):
        update("Create", EU)
    assert update("Delete", EU) == group(US, AP)
    with pytest.raises(us.exceptions.ReplicaNotFoundException):
        update("Delete", EU)
    put(us, "b")
    cloud.clock.advance(seconds=1)
    assert keys(us) == keys(ap) == ["a", "b"]
    assert keys(eu) == ["a"]
    with pytest.raises(ClientError, match="empty"):
        update("Create", EU)
    ap.delete_table(TableName="table")
    assert us.describe_global_table(GlobalTableName="table")["GlobalTableDescription"]["ReplicationGroup"] == group(US)


def test_global_tables_are_listed(cloud: Cloud, dynamodb: Any) -> None:
    eu = cloud.client("dynamodb", region_name=EU)
    for name in ("one", "two", "three"):
        for client in (dynamodb, eu) if name != "two" else (dynamodb,):
            client.create_table(
                TableName=name,
                AttributeDefinitions=attributes(pk="S"),
                KeySchema=key_schema("pk"),
                BillingMode="PAY_PER_REQUEST",
                StreamSpecification=IMAGES,
            )
        regions = group(US, EU) if name != "two" else group(US)
        dynamodb.create_global_table(GlobalTableName=name, ReplicationGroup=regions)

    def listed(**more: Any) -> list[str]:
        return [one["GlobalTableName"] for one in dynamodb.list_global_tables(**more)["GlobalTables"]]

    assert listed() == ["one", "three", "two"]
    assert listed(RegionName=EU) == ["one", "three"]
    page = dynamodb.list_global_tables(Limit=2)
    assert page["LastEvaluatedGlobalTableName"] == "three"
    assert page["GlobalTables"][0] == {"GlobalTableName": "one", "ReplicationGroup": group(US, EU)}
    assert listed(ExclusiveStartGlobalTableName="three") == ["two"]
    assert cloud.client("dynamodb", account="123456789012").list_global_tables()["GlobalTables"] == []


def test_bad_requests_are_refused(clients: dict[str, Any]) -> None:
    us, eu, _ = clients.values()
    with pytest.raises(us.exceptions.GlobalTableNotFoundException):
        us.describe_global_table(GlobalTableName="table")
    with pytest.raises(us.exceptions.TableNotFoundException):
        us.create_global_table(GlobalTableName="table", ReplicationGroup=group(US, "eu-west-3"))
    for regions in ([], [{}]):
        with pytest.raises(ClientError, match="ReplicationGroup"):
            us.create_global_table(GlobalTableName="table", ReplicationGroup=regions)
    put(eu, "a")
    with pytest.raises(ClientError, match="empty"):
        us.create_global_table(GlobalTableName="table", ReplicationGroup=group(US, EU))
    us.create_global_table(GlobalTableName="table", ReplicationGroup=group(US, AP))
    with pytest.raises(us.exceptions.GlobalTableAlreadyExistsException):
        us.create_global_table(GlobalTableName="table", ReplicationGroup=group(US))


def test_settings_are_described_and_updated(clients: dict[str, Any]) -> None:
    us, eu, _ = clients.values()
    us.create_global_table(GlobalTableName="table", ReplicationGroup=group(US, EU))
    own = [
        {
            "RegionName": EU,
            "ReplicaProvisionedReadCapacityUnits": 20,
            "ReplicaGlobalSecondaryIndexSettingsUpdate": [{"IndexName": "gsi", "ProvisionedReadCapacityUnits": 7}],
        }
    ]
    us.update_global_table_settings(
        GlobalTableName="table",
        GlobalTableProvisionedWriteCapacityUnits=9,
        GlobalTableGlobalSecondaryIndexSettingsUpdate=[{"IndexName": "gsi", "ProvisionedWriteCapacityUnits": 3}],
        ReplicaSettingsUpdate=own,
    )
    settings = eu.describe_global_table_settings(GlobalTableName="table")["ReplicaSettings"]
    off = {"AutoScalingDisabled": True}
    assert settings[1] == {
        "RegionName": EU,
        "ReplicaStatus": "ACTIVE",
        "ReplicaProvisionedReadCapacityUnits": 20,
        "ReplicaProvisionedReadCapacityAutoScalingSettings": off,
        "ReplicaProvisionedWriteCapacityUnits": 9,
        "ReplicaProvisionedWriteCapacityAutoScalingSettings": off,
        "ReplicaGlobalSecondaryIndexSettings": [
            {
                "IndexName": "gsi",
                "IndexStatus": "ACTIVE",
                "ProvisionedReadCapacityUnits": 7,
                "ProvisionedReadCapacityAutoScalingSettings": off,
                "ProvisionedWriteCapacityUnits": 3,
                "ProvisionedWriteCapacityAutoScalingSettings": off,
            }
        ],
    }
    assert (settings[0]["RegionName"], settings[0]["ReplicaProvisionedReadCapacityUnits"]) == (US, 5)
    assert settings[0]["ReplicaProvisionedWriteCapacityUnits"] == 9
    throughput = eu.describe_table(TableName="table")["Table"]["ProvisionedThroughput"]
    assert (throughput["ReadCapacityUnits"], throughput["WriteCapacityUnits"]) == (20, 9)


def test_settings_that_cannot_be_are_refused(clients: dict[str, Any]) -> None:
    us, _, _ = clients.values()
    with pytest.raises(us.exceptions.GlobalTableNotFoundException):
        us.update_global_table_settings(GlobalTableName="table", GlobalTableProvisionedWriteCapacityUnits=9)
    us.create_global_table(GlobalTableName="table", ReplicationGroup=group(US))
    with pytest.raises(us.exceptions.ReplicaNotFoundException):
        us.update_global_table_settings(
            GlobalTableName="table",
            ReplicaSettingsUpdate=[{"RegionName": EU, "ReplicaProvisionedReadCapacityUnits": 20}],
        )
    with pytest.raises(us.exceptions.IndexNotFoundException):
        us.update_global_table_settings(
            GlobalTableName="table",
            GlobalTableGlobalSecondaryIndexSettingsUpdate=[{"IndexName": "no-index"}],
        )
    own = {"RegionName": US, "ReplicaProvisionedReadCapacityAutoScalingSettingsUpdate": {"MinimumUnits": 1}}
    for scaling in (
        {"ReplicaSettingsUpdate": [own]},
        {"GlobalTableProvisionedWriteCapacityAutoScalingSettingsUpdate": {"MinimumUnits": 1}},
    ):
        with pytest.raises(ClientError) as caught:
            us.update_global_table_settings(GlobalTableName="table", **scaling)
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_replicas_are_there_without_auto_scaling(dynamodb: Any, make: Callable[..., Any]) -> None:
    make(AttributeDefinitions=attributes(pk="S", value="S"), GlobalSecondaryIndexes=[index("gsi", "value")])

    def described() -> Any:
        return dynamodb.describe_table_replica_auto_scaling(TableName="table")["TableAutoScalingDescription"]

    assert described() == {"TableName": "table", "TableStatus": "ACTIVE"}
    dynamodb.update_table(TableName="table", ReplicaUpdates=[{"Create": {"RegionName": EU}}])
    replica = {"GlobalSecondaryIndexes": [{"IndexName": "gsi", "IndexStatus": "ACTIVE"}], "ReplicaStatus": "ACTIVE"}
    assert described()["Replicas"] == [{"RegionName": region, **replica} for region in (US, EU)]
