"""Who may do what with a table: down to items by their partition keys, and to attributes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hodei.testing import Cloud

from .conftest import attributes, index

pytestmark = pytest.mark.feature("dynamodb.fine-grained-iam")

Make = Callable[..., dict[str, Any]]
TABLE = "arn:aws:dynamodb:us-east-1:000000000000:table/table"
EVERYTHING = [
    "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:Scan", "dynamodb:PutItem",
    "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem", "dynamodb:ConditionCheckItem",
    "dynamodb:PartiQL*",
]  # fmt: skip
BOB, EVE = {"pk": {"S": "bob"}}, {"pk": {"S": "eve"}}


def allowed(condition: dict[str, Any], actions: Any = EVERYTHING) -> str:
    statement = {"Effect": "Allow", "Action": actions, "Resource": [TABLE, f"{TABLE}/index/*"], "Condition": condition}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def bob(cloud: Cloud, dynamodb: Any, make: Make) -> Callable[[str], Any]:
    """The client of a user with that policy; the table has items of two."""
    make(
        AttributeDefinitions=attributes(pk="S", owner="S"),
        GlobalSecondaryIndexes=[index("by-owner", "owner")],
    )
    for key in (BOB, EVE):
        dynamodb.put_item(
            TableName="table", Item={**key, "title": {"S": "x"}, "secret": {"S": "y"}, "owner": key["pk"]}
        )
    iam = cloud.client("iam")
    iam.create_user(UserName="bob")
    key = iam.create_access_key(UserName="bob")["AccessKey"]

    def client(policy: str) -> Any:
        iam.put_user_policy(UserName="bob", PolicyName="own", PolicyDocument=policy)
        keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
        return cloud.client("dynamodb", **keys)

    return client


def is_denied(call: Callable[..., Any], **params: Any) -> bool:
    try:
        call(**params)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("AccessDeniedException", "DuplicateItemException"):
            raise
        return error.response["Error"]["Code"] == "AccessDeniedException"
    return False


OWN = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["${aws:username}"]}}
OWN_ONLY = OWN | {"Null": {"dynamodb:LeadingKeys": "false"}}


def calls(key: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Every way to an item."""
    name, text = {"TableName": "table"}, key["pk"]["S"]
    return [
        ("get_item", {**name, "Key": key}),
        ("put_item", {**name, "Item": key}),
        ("update_item", {**name, "Key": key}),
        ("delete_item", {**name, "Key": {"pk": {"S": text}}}),
        ("query", {**name, "KeyConditionExpression": "#k = :k", "ExpressionAttributeNames": {"#k": "pk"},
                   "ExpressionAttributeValues": {":k": key["pk"]}}),
        ("query", {**name, "KeyConditions": {"pk": {"ComparisonOperator": "EQ", "AttributeValueList": [key["pk"]]}}}),
        ("query", {**name, "IndexName": "by-owner", "KeyConditionExpression": "#o = :k",
                   "ExpressionAttributeNames": {"#o": "owner"}, "ExpressionAttributeValues": {":k": key["pk"]}}),
        ("batch_get_item", {"RequestItems": {"table": {"Keys": [key]}}}),
        ("batch_write_item", {"RequestItems": {"table": [{"PutRequest": {"Item": key}}]}}),
        ("transact_get_items", {"TransactItems": [{"Get": {**name, "Key": key}}]}),
        ("transact_write_items", {"TransactItems": [{"Delete": {**name, "Key": key}}]}),
        ("execute_statement", {"Statement": f"SELECT * FROM \"table\" WHERE pk = '{text}'"}),
        ("execute_statement", {"Statement": f"INSERT INTO \"table\" VALUE {{'pk': '{text}'}}"}),
        ("execute_transaction", {"TransactStatements": [{"Statement": f"DELETE FROM \"table\" WHERE pk = '{text}'"}]}),
    ]  # fmt: skip


@pytest.mark.parametrize("number", range(len(calls(BOB))))
def test_everybody_has_items_of_their_own(bob: Callable[[str], Any], number: int) -> None:
    client = bob(allowed(OWN_ONLY))
    for key, denied in ((EVE, True), (BOB, False)):
        operation, params = calls(key)[number]
        assert is_denied(getattr(client, operation), **params) is denied


def test_a_batch_is_denied_for_one_of_its_items(bob: Callable[[str], Any]) -> None:
    client = bob(allowed(OWN_ONLY))
    assert is_denied(client.batch_get_item, RequestItems={"table": {"Keys": [BOB, EVE]}})
    puts = [{"Put": {"TableName": "table", "Item": key}} for key in (BOB, EVE)]
    assert is_denied(client.transact_write_items, TransactItems=puts)
    assert is_denied(client.scan, TableName="table")


def test_attributes_are_hidden(bob: Callable[[str], Any]) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html, example 3."""
    client = bob(
        allowed(
            {
                "ForAllValues:StringEquals": {"dynamodb:Attributes": ["pk", "title"]},
                "StringEqualsIfExists": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"},
            }
        )
    )
    assert not is_denied(client.get_item, TableName="table", Key=BOB, ProjectionExpression="pk, title")
    assert is_denied(client.get_item, TableName="table", Key=BOB, ProjectionExpression="pk, secret")
    assert is_denied(client.get_item, TableName="table", Key=BOB, AttributesToGet=["secret"])
    assert is_denied(client.get_item, TableName="table", Key=BOB)
    values = {":v": {"S": "z"}}
    for expression, denied in (
        ("SET title = :v", False),
        ("SET secret = :v", True),
        ("SET title = if_not_exists(a, :v)", False),
    ):
        update = {"UpdateExpression": expression, "ExpressionAttributeValues": values}
        assert is_denied(client.update_item, TableName="table", Key=BOB, **update) is denied
    condition = {"ConditionExpression": "secret = :v", "ExpressionAttributeValues": values}
    assert is_denied(client.delete_item, TableName="table", Key=BOB, **condition)
    aliased = {"ProjectionExpression": "#s", "ExpressionAttributeNames": {"#s": "secret"}}
    assert is_denied(client.scan, TableName="table", **aliased)


def test_a_full_scan_by_partiql_can_be_denied(bob: Callable[[str], Any]) -> None:
    deny = {"Effect": "Deny", "Action": "dynamodb:PartiQLSelect", "Resource": "*",
            "Condition": {"Bool": {"dynamodb:FullTableScan": "true"}}}  # fmt: skip
    allow = json.loads(allowed({}))
    allow["Statement"].append(deny)
    client = bob(json.dumps(allow))
    assert is_denied(client.execute_statement, Statement='SELECT * FROM "table"')
    assert not is_denied(client.execute_statement, Statement="SELECT * FROM \"table\" WHERE pk = 'bob'")


def test_a_query_of_an_index_needs_the_index(bob: Callable[[str], Any]) -> None:
    client = bob(json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "dynamodb:Query", "Resource": f"{TABLE}/index/by-owner"}]}))  # fmt: skip
    query = {
        "TableName": "table",
        "KeyConditionExpression": "#k = :k",
        "ExpressionAttributeValues": {":k": {"S": "bob"}},
    }
    assert is_denied(client.query, **query, ExpressionAttributeNames={"#k": "pk"})
    assert not is_denied(client.query, **query, IndexName="by-owner", ExpressionAttributeNames={"#k": "owner"})


def test_another_account_needs_the_tables_policy(cloud: Cloud, dynamodb: Any, make: Make) -> None:
    make()
    other = cloud.client("dynamodb", account="111111111111")
    assert is_denied(other.get_item, TableName=TABLE, Key=BOB)
    policy = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "111111111111"}, "Action": "dynamodb:GetItem", "Resource": TABLE}]}  # fmt: skip
    dynamodb.put_resource_policy(ResourceArn=TABLE, Policy=json.dumps(policy))
    assert not is_denied(other.get_item, TableName=TABLE, Key=BOB)
    assert is_denied(other.put_item, TableName=TABLE, Item=BOB)


def test_an_export_writes_with_the_permissions_of_who_asked(
    cloud: Cloud, dynamodb: Any, bob: Callable[[str], Any]
) -> None:
    cloud.client("s3").create_bucket(Bucket="exports")
    specification = {"PointInTimeRecoveryEnabled": True}
    dynamodb.update_continuous_backups(TableName="table", PointInTimeRecoverySpecification=specification)
    allow = {"Effect": "Allow", "Action": "dynamodb:ExportTableToPointInTime", "Resource": TABLE}
    client = bob(json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
    arn = client.export_table_to_point_in_time(TableArn=TABLE, S3Bucket="exports")["ExportDescription"]["ExportArn"]
    cloud.clock.advance(seconds=1)
    cloud.settle()
    found = dynamodb.describe_export(ExportArn=arn)["ExportDescription"]
    assert (found["ExportStatus"], found["FailureCode"]) == ("FAILED", "S3AccessDenied")
