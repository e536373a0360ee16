"""Replication that actions pause: of global tables, of buckets. Nothing is lost by it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from hodei.testing import Cloud

from .conftest import ACCOUNT, NONE, ROLE

EU = "eu-west-1"
OF_TABLES = ("dynamodb:PutResourcePolicy", "dynamodb:DeleteResourcePolicy", "dynamodb:GetResourcePolicy",
             "dynamodb:DescribeTable", "tag:GetResources")  # fmt: skip
OF_BUCKETS = ("s3:PutReplicationConfiguration", "s3:GetReplicationConfiguration", "s3:PauseReplication",
              "s3:ListAllMyBuckets", "tag:GetResources")  # fmt: skip
TABLE = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/orders"


def started(cloud: Cloud, fis: Any, target: dict[str, Any], action: dict[str, Any]) -> str:
    key = {"aws:dynamodb:global-table": "Tables", "aws:s3:bucket": "Buckets"}[target["resourceType"]]
    template = fis.create_experiment_template(
        description="pause",
        roleArn=ROLE,
        stopConditions=NONE,
        targets={"t": {"selectionMode": "ALL", **target}},
        actions={"pause": {"targets": {key: "t"}, **action}},
    )["experimentTemplate"]["id"]
    id: str = fis.start_experiment(experimentTemplateId=template)["experiment"]["id"]
    cloud.clock.advance(seconds=0)
    return id


def state(fis: Any, id: str) -> dict[str, Any]:
    found: dict[str, Any] = fis.get_experiment(id=id)["experiment"]["state"]
    return found


# tables


@pytest.fixture
def tables(cloud: Cloud) -> tuple[Any, Any]:
    """Clients of both sides of a global table."""
    here, there = cloud.client("dynamodb"), cloud.client("dynamodb", region_name=EU)
    here.create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        Tags=[{"Key": "chaos", "Value": "yes"}],
    )
    cloud.clock.advance(minutes=1)
    here.update_table(TableName="orders", ReplicaUpdates=[{"Create": {"RegionName": EU}}])
    cloud.clock.advance(minutes=5)
    return here, there


def put(client: Any, key: str) -> None:
    client.put_item(TableName="orders", Item={"pk": {"S": key}})


def keys(client: Any) -> set[str]:
    return {item["pk"]["S"] for item in client.scan(TableName="orders")["Items"]}


PAUSE_TABLES = {"actionId": "aws:dynamodb:global-table-pause-replication", "parameters": {"duration": "PT10M"}}
BY_ARN = {"resourceType": "aws:dynamodb:global-table", "resourceArns": [TABLE]}


def test_a_global_table_stands_still_and_catches_up(
    cloud: Cloud, fis: Any, role: Callable[..., str], tables: tuple[Any, Any], refused: Callable[..., Any]
) -> None:
    here, there = tables
    role(*OF_TABLES)
    id = started(cloud, fis, BY_ARN, PAUSE_TABLES)
    assert state(fis, id)["status"] == "running", state(fis, id)
    policy = json.loads(here.get_resource_policy(ResourceArn=TABLE)["Policy"])
    (statement,) = policy["Statement"]
    assert statement["Sid"] == f"DoNotModifyFisDynamoDbPauseReplication{id}"
    assert "dynamodb:PutItem" in statement["Action"]
    put(here, "a")
    put(there, "b")
    cloud.clock.advance(minutes=5)
    assert (keys(here), keys(there)) == ({"a"}, {"b"})
    cloud.clock.advance(minutes=7)
    assert state(fis, id)["status"] == "completed"
    assert keys(here) == keys(there) == {"a", "b"}
    with refused("PolicyNotFoundException"):
        here.get_resource_policy(ResourceArn=TABLE)


def test_a_policy_that_was_there_stays(
    cloud: Cloud, fis: Any, role: Callable[..., str], tables: tuple[Any, Any]
) -> None:
    here, there = tables
    role(*OF_TABLES)
    mine = {
        "Sid": "mine",
        "Effect": "Allow",
        "Principal": {"AWS": ACCOUNT},
        "Action": "dynamodb:Query",
        "Resource": TABLE,
    }
    document = {"Version": "2012-10-17", "Statement": [mine]}
    here.put_resource_policy(ResourceArn=TABLE, Policy=json.dumps(document))
    target = {"resourceType": "aws:dynamodb:global-table", "resourceTags": {"chaos": "yes"}}
    id = started(cloud, fis, target, PAUSE_TABLES)
    assert len(json.loads(here.get_resource_policy(ResourceArn=TABLE)["Policy"])["Statement"]) == 2
    fis.stop_experiment(id=id)
    cloud.clock.advance(seconds=0)
    assert json.loads(here.get_resource_policy(ResourceArn=TABLE)["Policy"]) == document
    put(here, "a")
    cloud.clock.advance(minutes=2)
    assert keys(there) == {"a"}


def test_a_table_that_is_not_global_is_no_target(
    cloud: Cloud, fis: Any, role: Callable[..., str], tables: tuple[Any, Any]
) -> None:
    role(*OF_TABLES)
    cloud.client("dynamodb").update_table(TableName="orders", ReplicaUpdates=[{"Delete": {"RegionName": EU}}])
    cloud.clock.advance(minutes=5)
    found = state(fis, started(cloud, fis, BY_ARN, PAUSE_TABLES))
    assert found["status"] == "failed"
    assert found["reason"] == "Target resolution returned empty set"
    assert found["error"]["code"] == "InvalidTarget"


def test_a_role_that_may_not_write_policies(
    cloud: Cloud, fis: Any, role: Callable[..., str], tables: tuple[Any, Any]
) -> None:
    here, there = tables
    role("dynamodb:DescribeTable", "dynamodb:GetResourcePolicy")
    found = state(fis, started(cloud, fis, BY_ARN, PAUSE_TABLES))
    assert found["error"]["code"] == "AuthorizationFailure"
    assert "dynamodb:PutResourcePolicy" in found["reason"]
    put(here, "a")
    cloud.clock.advance(seconds=1)
    assert keys(there) == {"a"}


def test_an_action_that_fails_by_half_leaves_nothing(
    cloud: Cloud, fis: Any, role: Callable[..., str], tables: tuple[Any, Any], refused: Callable[..., Any]
) -> None:
    """The role may write the policy of the table, but not that of its stream, which comes after."""
    role(*OF_TABLES, resource=TABLE)
    found = state(fis, started(cloud, fis, BY_ARN, PAUSE_TABLES))
    assert f"on resource: {TABLE}/stream/" in found["reason"]
    with refused("PolicyNotFoundException"):
        tables[0].get_resource_policy(ResourceArn=TABLE)


# buckets


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    """Of a bucket whose logs/ go to one bucket, and all else to another in another region."""
    s3, elsewhere = cloud.client("s3"), cloud.client("s3", region_name=EU)
    place = {"CreateBucketConfiguration": {"LocationConstraint": EU}}
    for client, name, given in ((s3, "source", {}), (s3, "logs", {}), (elsewhere, "target", place)):
        client.create_bucket(Bucket=name, **given)
        client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    rules = [
        {
            "ID": name,
            "Priority": number,
            "Status": "Enabled",
            "Filter": {"Prefix": prefix},
            "DeleteMarkerReplication": {"Status": "Disabled"},
            "Destination": {"Bucket": f"arn:aws:s3:::{name}"},
        }
        for number, (name, prefix) in enumerate((("logs", "logs/"), ("target", "")))
    ]
    configuration = {"Role": f"arn:aws:iam::{ACCOUNT}:role/replication", "Rules": rules}
    s3.put_bucket_replication(Bucket="source", ReplicationConfiguration=configuration)
    s3.put_bucket_tagging(Bucket="source", Tagging={"TagSet": [{"Key": "chaos", "Value": "yes"}]})
    return s3


def listed(s3: Any, bucket: str) -> list[str]:
    return [one["Key"] for one in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


def pause_buckets(**parameters: str) -> dict[str, Any]:
    given = {"duration": "PT10M", "region": EU}
    return {"actionId": "aws:s3:bucket-pause-replication", "parameters": given | parameters}


TAGGED = {"resourceType": "aws:s3:bucket", "resourceTags": {"chaos": "yes"}}


def test_a_bucket_holds_back_what_goes_to_a_region(cloud: Cloud, fis: Any, role: Callable[..., str], s3: Any) -> None:
    role(*OF_BUCKETS)
    id = started(cloud, fis, TAGGED, pause_buckets())
    assert state(fis, id)["status"] == "running", state(fis, id)
    s3.put_object(Bucket="source", Key="logs/1", Body=b"1")
    cloud.clock.advance(minutes=5)
    assert listed(s3, "logs") == ["logs/1"]
    assert listed(s3, "target") == []
    assert s3.head_object(Bucket="source", Key="logs/1")["ReplicationStatus"] == "PENDING"
    assert "ReplicationConfiguration" in s3.get_bucket_replication(Bucket="source")
    cloud.clock.advance(minutes=6)
    assert state(fis, id)["status"] == "completed"
    assert listed(s3, "target") == ["logs/1"]
    assert s3.head_object(Bucket="source", Key="logs/1")["ReplicationStatus"] == "COMPLETED"


@pytest.mark.parametrize(
    ("parameters", "arrived"),
    [
        ({"destinationBuckets": "elsewhere,target"}, []),
        ({"destinationBuckets": "elsewhere"}, ["key"]),
        ({"prefixes": "logs/,tmp/"}, ["key"]),
        ({"region": "us-east-1"}, ["key"]),
    ],
)
def test_rules_are_chosen(
    cloud: Cloud, fis: Any, role: Callable[..., str], s3: Any, parameters: dict[str, str], arrived: list[str]
) -> None:
    role(*OF_BUCKETS)
    id = started(cloud, fis, TAGGED, pause_buckets(**parameters))
    s3.put_object(Bucket="source", Key="key", Body=b"1")
    cloud.clock.advance(minutes=1)
    assert listed(s3, "target") == arrived
    fis.stop_experiment(id=id)
    cloud.clock.advance(seconds=1)
    assert listed(s3, "target") == ["key"]


@pytest.mark.parametrize("missing", OF_BUCKETS)
def test_the_role_needs_each_permission(
    cloud: Cloud, fis: Any, role: Callable[..., str], s3: Any, missing: str
) -> None:
    role(*(one for one in OF_BUCKETS if one != missing))
    found = state(fis, started(cloud, fis, TAGGED, pause_buckets()))
    assert found["error"]["code"] == "AuthorizationFailure"
    assert missing in found["reason"]


def test_the_permissions_may_be_for_pausing_only(cloud: Cloud, fis: Any, role: Callable[..., str], s3: Any) -> None:
    """https://docs.aws.amazon.com/fis/latest/userguide/security_iam_id-based-policy-examples.html"""
    role(*OF_BUCKETS[2:])
    iam = cloud.client("iam")
    for condition, expected in (("false", "failed"), ("true", "running")):
        statement = {
            "Effect": "Allow",
            "Action": list(OF_BUCKETS[:2]),
            "Resource": "arn:aws:s3:::source",
            "Condition": {"BoolIfExists": {"s3:IsReplicationPauseRequest": condition}},
        }
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_role_policy(RoleName="fis", PolicyName="pause", PolicyDocument=document)
        assert state(fis, started(cloud, fis, TAGGED, pause_buckets()))["status"] == expected


# what happens meanwhile


def test_an_experiment_that_is_stopped_while_it_begins_leaves_nothing(
    cloud: Cloud, fis: Any, role: Callable[..., str], tables: tuple[Any, Any], refused: Callable[..., Any]
) -> None:
    """The policy is yet on its way to the table when the experiment is stopped."""
    role(*OF_TABLES)
    cloud.fault(service="dynamodb", operation="PutResourcePolicy", latency="400ms")
    template = fis.create_experiment_template(
        description="pause",
        roleArn=ROLE,
        stopConditions=NONE,
        targets={"t": {"selectionMode": "ALL", **BY_ARN}},
        actions={"pause": PAUSE_TABLES | {"targets": {"Tables": "t"}}},
    )["experimentTemplate"]["id"]
    id = fis.start_experiment(experimentTemplateId=template)["experiment"]["id"]
    while fis.get_experiment(id=id)["experiment"]["actions"]["pause"]["state"]["status"] != "initiating":
        pass
    assert fis.stop_experiment(id=id)["experiment"]["state"]["status"] == "stopping"
    cloud.clock.advance(seconds=0)
    found = fis.get_experiment(id=id)["experiment"]
    assert (found["state"]["status"], found["actions"]["pause"]["state"]["status"]) == ("stopped", "stopped")
    with refused("PolicyNotFoundException"):
        tables[0].get_resource_policy(ResourceArn=TABLE)


def test_what_is_paused_is_so_after_a_snapshot_is_loaded(
    cloud: Cloud, fis: Any, role: Callable[..., str], s3: Any
) -> None:
    role(*OF_BUCKETS)
    id = started(cloud, fis, TAGGED, pause_buckets())
    cloud.save("paused")
    cloud.clock.advance(minutes=11)
    assert state(fis, id)["status"] == "completed"
    cloud.load("paused")
    s3.put_object(Bucket="source", Key="key", Body=b"1")
    cloud.clock.advance(minutes=5)
    assert state(fis, id)["status"] == "running"
    assert listed(s3, "target") == []
    cloud.clock.advance(minutes=6)
    assert state(fis, id)["status"] == "completed"
    assert listed(s3, "target") == ["key"]
