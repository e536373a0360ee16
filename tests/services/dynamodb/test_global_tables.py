"""Global tables (version 2019.11.21): replicas, active on all sides; the last writer wins."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hodei.kernel.tables import Place
from hodei.services.dynamodb.replication.state import versions
from hodei.testing import Cloud

from .conftest import attributes, index, key_schema

pytestmark = pytest.mark.feature("dynamodb.global-tables")

Make = Callable[..., dict[str, Any]]
Refused = Callable[..., Any]

US, EU, AP = "us-east-1", "eu-west-1", "ap-south-1"


def update(dynamodb: Any, action: str, region: str, **more: Any) -> dict[str, Any]:
    changes = [{action: {"RegionName": region, **more}}]
    return dict(dynamodb.update_table(TableName="table", ReplicaUpdates=changes)["TableDescription"])


def described(dynamodb: Any) -> dict[str, Any]:
    return dict(dynamodb.describe_table(TableName="table")["Table"])


def replicas(dynamodb: Any) -> dict[str, str]:
    found = described(dynamodb).get("Replicas", [])
    return {replica["RegionName"]: replica["ReplicaStatus"] for replica in found}


def put(dynamodb: Any, key: str, value: str = "", **more: Any) -> None:
    dynamodb.put_item(TableName="table", Item={"pk": {"S": key}, "value": {"S": value}, **more})


def delete(dynamodb: Any, key: str) -> None:
    dynamodb.delete_item(TableName="table", Key={"pk": {"S": key}})


def content(dynamodb: Any, **more: Any) -> dict[str, str]:
    items = dynamodb.scan(TableName="table", **more)["Items"]
    return {item["pk"]["S"]: item["value"]["S"] for item in items}


def events(cloud: Cloud, region: str) -> list[dict[str, Any]]:
    """All records of the streams in a region."""
    streams = cloud.client("dynamodbstreams", region_name=region)
    found: list[dict[str, Any]] = []
    for stream in streams.list_streams()["Streams"]:
        arn = stream["StreamArn"]
        for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
            start = streams.get_shard_iterator(
                StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
            )["ShardIterator"]
            found += streams.get_records(ShardIterator=start)["Records"]
    return found


@pytest.fixture
def eu(cloud: Cloud) -> Any:
    return cloud.client("dynamodb", region_name=EU)


@pytest.fixture
def us(dynamodb: Any, make: Make) -> Any:
    """A client of the region of a global table, "table", whose other replica is in EU."""
    make()
    update(dynamodb, "Create", EU)
    return dynamodb


def test_a_replica_begins_with_what_the_table_has(dynamodb: Any, eu: Any, make: Make) -> None:
    make(
        AttributeDefinitions=attributes(pk="S", value="S"),
        GlobalSecondaryIndexes=[index("gsi", "value")],
    )
    for number in range(600):
        put(dynamodb, f"{number}", "old")
    before = described(dynamodb)
    assert not before.keys() & {"Replicas", "GlobalTableVersion", "StreamSpecification"}
    answer = update(dynamodb, "Create", EU)
    assert answer["TableStatus"] == "UPDATING"
    assert answer["GlobalTableVersion"] == "2019.11.21"
    assert answer["Replicas"] == [{"RegionName": EU, "ReplicaStatus": "CREATING"}]
    assert answer["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}


def test_existing_items_and_indexes_are_copied(cloud: Cloud, dynamodb: Any, eu: Any, make: Make) -> None:
    make(AttributeDefinitions=attributes(pk="S", value="S"), GlobalSecondaryIndexes=[index("gsi", "value")])
    for number in range(600):
        put(dynamodb, f"{number}", "old")
    update(dynamodb, "Create", EU)
    cloud.clock.advance(seconds=1)
    source, replica = described(dynamodb), described(eu)
    assert replicas(dynamodb) == {EU: "ACTIVE"}
    assert replicas(eu) == {US: "ACTIVE"}
    assert content(eu) == content(dynamodb)
    assert content(eu, IndexName="gsi") == content(dynamodb)
    for same in ("KeySchema", "AttributeDefinitions", "ItemCount", "StreamSpecification", "GlobalTableVersion"):
        assert source[same] == replica[same]
    for other in ("TableArn", "TableId", "LatestStreamArn"):
        assert source[other] != replica[other]
    assert replica["TableArn"].split(":")[3] == EU
    assert replica["TableStatus"] == replica["GlobalSecondaryIndexes"][0]["IndexStatus"] == "ACTIVE"


def test_writes_go_both_ways(cloud: Cloud, us: Any, eu: Any) -> None:
    put(us, "a", "us")
    put(eu, "b", "eu")
    cloud.clock.advance(seconds=1)
    assert content(us) == content(eu) == {"a": "us", "b": "eu"}
    update_value = {"UpdateExpression": "SET #v = :v", "ExpressionAttributeNames": {"#v": "value"}}
    eu.update_item(
        TableName="table", Key={"pk": {"S": "a"}}, ExpressionAttributeValues={":v": {"S": "changed"}}, **update_value
    )
    delete(us, "b")
    cloud.clock.advance(seconds=1)
    assert content(us) == content(eu) == {"a": "changed"}


def test_replicated_writes_are_in_the_stream_of_the_replica(cloud: Cloud, us: Any, eu: Any) -> None:
    put(us, "a", "1")
    put(us, "a", "2")
    delete(us, "a")
    cloud.clock.advance(seconds=1)
    here, there = events(cloud, US), events(cloud, EU)
    assert [one["eventName"] for one in here] == ["INSERT", "MODIFY", "REMOVE"]
    for one, other in zip(here, there, strict=True):
        assert other["awsRegion"] == EU
        images = ("Keys", "NewImage", "OldImage")
        assert [one["dynamodb"].get(name) for name in images] == [other["dynamodb"].get(name) for name in images]


def test_the_last_writer_wins_everywhere(cloud: Cloud, us: Any, eu: Any) -> None:
    cloud.set("dynamodb", "replication-lag", 10.0)
    cloud.clock.freeze()
    put(us, "a", "first")
    cloud.clock.advance(seconds=1)
    put(eu, "a", "last")
    put(eu, "b", "first")
    cloud.clock.advance(seconds=1)
    put(us, "b", "last")
    put(eu, "c", "kept")
    cloud.clock.advance(seconds=1)
    delete(eu, "b")
    put(us, "c", "again")
    assert content(us) == {"a": "first", "b": "last", "c": "again"}
    assert content(eu) == {"a": "last", "c": "kept"}
    cloud.clock.advance(seconds=20)
    assert content(us) == content(eu) == {"a": "last", "c": "again"}


def test_of_writes_at_one_moment_all_regions_choose_the_same(cloud: Cloud, us: Any, eu: Any) -> None:
    cloud.set("dynamodb", "replication-lag", 10.0)
    cloud.clock.freeze()
    put(eu, "a", EU)
    put(us, "a", US)
    put(us, "b", US)
    put(eu, "b", EU)
    cloud.clock.advance(seconds=20)
    assert content(us) == content(eu) == {"a": US, "b": US}


def test_a_late_write_does_not_bring_back_what_was_deleted(cloud: Cloud, us: Any, eu: Any) -> None:
    put(us, "a", "there")
    cloud.clock.advance(seconds=1)
    cloud.set("dynamodb", "replication-lag", 60.0)
    put(eu, "a", "late")
    cloud.clock.advance(seconds=1)
    cloud.set("dynamodb", "replication-lag", 0.0)
    delete(us, "a")
    cloud.clock.advance(seconds=1)
    assert content(us) == content(eu) == {}
    cloud.clock.advance(seconds=90)
    assert content(us) == content(eu) == {}


def test_many_concurrent_writes_converge_in_three_regions(cloud: Cloud, us: Any, eu: Any) -> None:
    update(eu, "Create", AP)
    ap = cloud.client("dynamodb", region_name=AP)
    cloud.clock.advance(seconds=1)
    assert replicas(us) == {EU: "ACTIVE", AP: "ACTIVE"}
    assert replicas(eu) == {US: "ACTIVE", AP: "ACTIVE"}
    assert replicas(ap) == {US: "ACTIVE", EU: "ACTIVE"}
    cloud.set("dynamodb", "replication-lag", 3.0)
    clients = [us, eu, ap]
    for number in range(150):
        client = clients[(number * 7) % 3]
        if number % 5 == 4:
            delete(client, f"{number % 11}")
        else:
            put(client, f"{number % 11}", f"{number}")
        if number % 4 == 0:
            cloud.clock.advance(milliseconds=700)
    cloud.clock.advance(seconds=10)
    assert content(us) == content(eu) == content(ap) != {}


def test_a_new_replica_hears_of_what_was_on_its_way(cloud: Cloud, us: Any, eu: Any) -> None:
    ap = cloud.client("dynamodb", region_name=AP)
    cloud.set("dynamodb", "replication-lag", 10.0)
    put(eu, "a", "on its way to us")
    update(us, "Create", AP)
    cloud.clock.advance(seconds=30)
    assert content(us) == content(eu) == content(ap) == {"a": "on its way to us"}


def test_a_replica_that_leaves_is_heard_first(cloud: Cloud, us: Any, eu: Any) -> None:
    cloud.set("dynamodb", "replication-lag", 10.0)
    put(eu, "a", "last words")
    put(us, "b", "too late")
    update(us, "Delete", EU)
    assert content(us) == {"a": "last words", "b": "too late"}
    update(us, "Create", EU)
    delete(us, "b")
    cloud.clock.advance(seconds=30)
    assert content(us) == content(eu) == {"a": "last words"}


def test_what_is_on_its_way_survives_a_restart(tmp_path: Path) -> None:
    with Cloud(directory=tmp_path) as cloud:
        us = cloud.client("dynamodb")
        us.create_table(
            TableName="table",
            AttributeDefinitions=attributes(pk="S"),
            KeySchema=key_schema("pk"),
            BillingMode="PAY_PER_REQUEST",
        )
        update(us, "Create", EU)
        cloud.set("dynamodb", "replication-lag", 600.0)
        for number in range(300):
            put(us, f"{number}", "x")
        assert content(cloud.client("dynamodb", region_name=EU)) == {}
    with Cloud(directory=tmp_path) as cloud:
        eu = cloud.client("dynamodb", region_name=EU)
        assert content(eu) == {}
        cloud.clock.advance(minutes=11)
        assert len(content(eu)) == 300


@pytest.mark.feature("dynamodb.ttl")
def test_what_expires_goes_everywhere_and_one_region_says_why(cloud: Cloud, us: Any, eu: Any) -> None:
    specification = {"Enabled": True, "AttributeName": "expires"}
    us.update_time_to_live(TableName="table", TimeToLiveSpecification=specification)
    assert eu.describe_time_to_live(TableName="table")["TimeToLiveDescription"]["TimeToLiveStatus"] == "ENABLED"
    put(us, "a", "x", expires={"N": str(int(cloud.clock.now().timestamp()) + 60)})
    cloud.clock.advance(seconds=30)
    assert content(us) == content(eu) != {}
    cloud.clock.advance(seconds=60)
    assert content(us) == content(eu) == {}
    identities = [events(cloud, region)[-1].get("userIdentity", {}).get("Type") for region in (EU, US)]
    assert identities == ["Service", None]


def test_a_new_index_comes_to_all_replicas(cloud: Cloud, us: Any, eu: Any) -> None:
    put(us, "a", "x")
    create = {"Create": index("gsi", "value")}
    eu.update_table(
        TableName="table",
        AttributeDefinitions=attributes(value="S"),
        GlobalSecondaryIndexUpdates=[create],
    )
    cloud.clock.advance(seconds=1)
    for client in (us, eu):
        assert described(client)["GlobalSecondaryIndexes"][0]["IndexStatus"] == "ACTIVE"
        assert content(client, IndexName="gsi") == {"a": "x"}
    us.update_table(TableName="table", GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "gsi"}}])
    assert "GlobalSecondaryIndexes" not in described(eu)


def test_settings_of_a_replica_are_its_own(us: Any, eu: Any) -> None:
    update(us, "Update", EU, TableClassOverride="STANDARD_INFREQUENT_ACCESS")
    assert described(us)["Replicas"] == [
        {
            "RegionName": EU,
            "ReplicaStatus": "ACTIVE",
            "ReplicaTableClassSummary": {"TableClass": "STANDARD_INFREQUENT_ACCESS"},
        }
    ]
    assert described(eu)["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"
    assert "TableClassSummary" not in described(us)
    eu.update_table(TableName="table", DeletionProtectionEnabled=True)
    assert described(us)["DeletionProtectionEnabled"] is False


def test_an_index_of_a_replica_has_a_limit_of_its_own(dynamodb: Any, eu: Any, make: Make) -> None:
    make(AttributeDefinitions=attributes(pk="S", value="S"), GlobalSecondaryIndexes=[index("gsi", "value")])
    limit = {"OnDemandThroughputOverride": {"MaxReadRequestUnits": 7}}
    with pytest.raises(ClientError, match="none"):
        update(dynamodb, "Create", EU, GlobalSecondaryIndexes=[{"IndexName": "none", **limit}])
    update(dynamodb, "Create", EU, GlobalSecondaryIndexes=[{"IndexName": "gsi", **limit}])

    def limits() -> list[Any]:
        return [described(one)["GlobalSecondaryIndexes"][0].get("OnDemandThroughput") for one in (dynamodb, eu)]

    assert limits() == [None, {"MaxReadRequestUnits": 7}]
    change = {"Update": {"IndexName": "gsi", "OnDemandThroughput": {"MaxWriteRequestUnits": 5}}}
    dynamodb.update_table(TableName="table", GlobalSecondaryIndexUpdates=[change])
    assert limits() == [{"MaxWriteRequestUnits": 5}, {"MaxReadRequestUnits": 7, "MaxWriteRequestUnits": 5}]


def test_what_was_deleted_long_ago_is_forgotten(cloud: Cloud, us: Any, eu: Any) -> None:
    def known() -> list[int]:
        return [
            versions.count(
                Place(cloud.world.store, "000000000000", client.meta.region_name), described(client)["TableId"]
            )
            for client in (us, eu)
        ]

    for number in range(20):
        put(us, f"{number}")
        delete(us, f"{number}")
    cloud.clock.advance(seconds=1)
    assert known() == [20, 20]
    cloud.clock.advance(days=2)
    for number in range(10):
        put(us, f"new-{number}")
        delete(us, f"new-{number}")
    cloud.clock.advance(seconds=1)
    assert known() == [10, 10]


def test_a_replica_is_removed(cloud: Cloud, us: Any, eu: Any) -> None:
    put(us, "a", "x")
    answer = update(us, "Delete", EU)
    assert answer["Replicas"] == [{"RegionName": EU, "ReplicaStatus": "DELETING"}]
    with pytest.raises(eu.exceptions.ResourceNotFoundException):
        described(eu)
    assert not described(us).keys() & {"Replicas", "GlobalTableVersion", "MultiRegionConsistency"}
    put(us, "b", "y")
    cloud.clock.advance(seconds=1)
    assert content(us) == {"a": "x", "b": "y"}
    update(us, "Create", EU)
    cloud.clock.advance(seconds=1)
    assert content(eu) == {"a": "x", "b": "y"}


def test_the_source_of_a_replica_cannot_go_within_a_day(cloud: Cloud, us: Any, eu: Any, refused: Refused) -> None:
    message = (
        "Replica cannot be deleted because it has acted as a source region for new replica(s) being added to the "
        "table in the last 24 hours."
    )
    with refused("ValidationException", message):
        us.delete_table(TableName="table")
    with refused("ValidationException", message):
        update(eu, "Delete", US)
    put(us, "a", "x")
    cloud.clock.advance(hours=25)
    us.delete_table(TableName="table")
    assert content(eu) == {"a": "x"}
    assert "Replicas" not in described(eu)
    update(eu, "Create", US)
    assert content(us) == {"a": "x"}


def test_a_table_that_is_a_replica_can_be_deleted(us: Any, eu: Any) -> None:
    eu.delete_table(TableName="table")
    assert "Replicas" not in described(us)


def test_at_the_pace_of_aws_replicas_take_a_while(cloud: Cloud, dynamodb: Any, eu: Any, make: Make) -> None:
    make()
    put(dynamodb, "a", "x")
    cloud.set("dynamodb", "lifecycle", "aws")
    update(dynamodb, "Create", EU)
    assert (described(dynamodb)["TableStatus"], replicas(dynamodb)) == ("UPDATING", {EU: "CREATING"})
    assert (described(eu)["TableStatus"], replicas(eu)) == ("CREATING", {US: "ACTIVE"})
    with pytest.raises(ClientError):
        content(eu)
    put(dynamodb, "b", "y")
    delete(dynamodb, "a")
    cloud.clock.advance(minutes=1)
    assert (described(dynamodb)["TableStatus"], replicas(dynamodb)) == ("ACTIVE", {EU: "ACTIVE"})
    assert content(eu) == {"b": "y"}
    update(dynamodb, "Delete", EU)
    assert described(eu)["TableStatus"] == "DELETING"
    assert replicas(dynamodb) == {EU: "DELETING"}
    cloud.clock.advance(minutes=1)
    assert replicas(dynamodb) == {}


def test_bad_requests_are_refused(dynamodb: Any, eu: Any, make: Make, refused: Refused) -> None:
    make()
    local = (
        "Cannot add, delete, or update the local region through ReplicaUpdates. "
        "Use CreateTable, DeleteTable, or UpdateTable as required."
    )
    for action in ("Create", "Delete"):
        with refused("ValidationException", local):
            update(dynamodb, action, US)
    with pytest.raises(ClientError, match="nowhere"):
        update(dynamodb, "Create", "nowhere")
    missing = "Replica specified in the Replica Update or Replica Delete action of the request was not found."
    with refused("ValidationException", missing):
        update(dynamodb, "Delete", EU)
    update(dynamodb, "Create", EU)
    there = (
        "Failed to create a the new replica of table with name: 'table' because one or more replicas already existed "
        "as tables."
    )
    with refused("ValidationException", there):
        update(dynamodb, "Create", EU)
    off = "One or more parameter values were invalid: Disabling Stream is not allowed for a Global Table replica."
    for client in (dynamodb, eu):
        with refused("ValidationException", off):
            client.update_table(TableName="table", StreamSpecification={"StreamEnabled": False})
    make("provisioned", ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1})
    changes = [{"Create": {"RegionName": EU}}]
    with refused("ValidationException", "Table write capacity should either be Pay-Per-Request or AutoScaled."):
        dynamodb.update_table(TableName="provisioned", ReplicaUpdates=changes)
    make("keys", StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
    with pytest.raises(ClientError, match="NEW_AND_OLD_IMAGES"):
        dynamodb.update_table(TableName="keys", ReplicaUpdates=changes)


def test_strong_consistency_is_not_there_and_says_so(dynamodb: Any, make: Make) -> None:
    make()
    with pytest.raises(ClientError) as caught:
        dynamodb.update_table(
            TableName="table", ReplicaUpdates=[{"Create": {"RegionName": EU}}], MultiRegionConsistency="STRONG"
        )
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert "MultiRegionConsistency" in caught.value.response["Error"]["Message"]
