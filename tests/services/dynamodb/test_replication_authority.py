"""Policies of replicas that stop the role that replicates.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/globaltables-security.html
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from hodei.testing import Cloud

pytestmark = pytest.mark.feature("dynamodb.global-tables")

US, EU, AP = "us-east-1", "eu-west-1", "ap-south-1"
ACCOUNT = "000000000000"
ROLE = (
    f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/replication.dynamodb.amazonaws.com/"
    "AWSServiceRoleForDynamoDBReplication"
)


@pytest.fixture
def members(cloud: Cloud) -> dict[str, Any]:
    """Clients by region."""
    clients = {region: cloud.client("dynamodb", region_name=region) for region in (US, EU, AP)}
    clients[US].create_table(
        TableName="table",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    cloud.clock.advance(minutes=1)
    for region in (EU, AP):
        clients[US].update_table(TableName="table", ReplicaUpdates=[{"Create": {"RegionName": region}}])
        cloud.clock.advance(minutes=5)
    return clients


def deny(client: Any, action: str, arn: str, **statement: Any) -> None:
    given = {"Effect": "Deny", "Principal": {"AWS": ROLE}, "Action": action, "Resource": arn} | statement
    client.put_resource_policy(ResourceArn=arn, Policy=json.dumps({"Version": "2012-10-17", "Statement": [given]}))


def contents(members: dict[str, Any]) -> dict[str, str]:
    return {
        region: "".join(sorted(item["pk"]["S"] for item in client.scan(TableName="table")["Items"]))
        for region, client in members.items()
    }


def write(cloud: Cloud, members: dict[str, Any]) -> None:
    """In each region an item that is called by the first letter of its name."""
    for region, client in members.items():
        client.put_item(TableName="table", Item={"pk": {"S": region[0]}})
    cloud.clock.advance(minutes=2)


@pytest.mark.parametrize("where", ["table", "stream"])
def test_a_replica_that_is_denied_stands_alone(cloud: Cloud, members: dict[str, Any], where: str) -> None:
    table = members[EU].describe_table(TableName="table")["Table"]
    arn = table["TableArn"] if where == "table" else table["LatestStreamArn"]
    deny(members[EU], "dynamodb:PutItem" if where == "table" else "dynamodb:GetRecords", arn)
    write(cloud, members)
    assert contents(members) == {US: "au", AP: "au", EU: "e"}
    members[EU].delete_resource_policy(ResourceArn=arn)
    cloud.clock.advance(minutes=2)
    assert contents(members) == {US: "aeu", AP: "aeu", EU: "aeu"}


def test_others_that_are_denied_make_no_difference(cloud: Cloud, members: dict[str, Any]) -> None:
    arn = members[EU].describe_table(TableName="table")["Table"]["TableArn"]
    deny(members[EU], "dynamodb:PutItem", arn, Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/other"})
    write(cloud, members)
    deny(members[EU], "dynamodb:TagResource", arn)
    write(cloud, members)
    assert contents(members) == {US: "aeu", AP: "aeu", EU: "aeu"}
