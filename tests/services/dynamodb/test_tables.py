"""Tables: made, described, listed, updated, deleted; what AWS refuses and how it says so."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hodei.testing import Cloud

from .conftest import attributes, index, key_schema

pytestmark = pytest.mark.feature("dynamodb.items")

Make = Callable[..., dict[str, Any]]
Refused = Callable[..., Any]

UNITS = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
INVALID = "One or more parameter values were invalid: "
DAY = 86400


def describe(dynamodb: Any, name: str = "table") -> dict[str, Any]:
    return dict(dynamodb.describe_table(TableName=name)["Table"])


def test_a_provisioned_table_is_made_and_there_with_the_next_call(dynamodb: Any, make: Make) -> None:
    made = make(ProvisionedThroughput=UNITS)
    created = made.pop("CreationDateTime")
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", made.pop("TableId"))
    assert made == {
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "DeletionProtectionEnabled": False,
        "ItemCount": 0,
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, **UNITS},
        "TableArn": "arn:aws:dynamodb:us-east-1:000000000000:table/table",
        "TableName": "table",
        "TableSizeBytes": 0,
        "TableStatus": "CREATING",
    }
    found = describe(dynamodb)
    assert (found["TableStatus"], found["CreationDateTime"]) == ("ACTIVE", created)
    assert found["WarmThroughput"] == {"ReadUnitsPerSecond": 5, "WriteUnitsPerSecond": 5, "Status": "ACTIVE"}
    assert "BillingModeSummary" not in found
    dynamodb.get_waiter("table_exists").wait(TableName="table")


def test_an_on_demand_table_says_so(dynamodb: Any, make: Make) -> None:
    assert make()["BillingModeSummary"] == {"BillingMode": "PAY_PER_REQUEST"}
    found = describe(dynamodb)
    assert found["BillingModeSummary"] == {
        "BillingMode": "PAY_PER_REQUEST",
        "LastUpdateToPayPerRequestDateTime": found["CreationDateTime"],
    }
    nothing = {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0}
    assert found["ProvisionedThroughput"] == nothing
    assert found["WarmThroughput"] == {"ReadUnitsPerSecond": 12000, "WriteUnitsPerSecond": 4000, "Status": "ACTIVE"}


def test_warm_throughput_as_recorded(dynamodb: Any, make: Make) -> None:
    warm = {"ReadUnitsPerSecond": 1000, "WriteUnitsPerSecond": 1200}
    assert make(ProvisionedThroughput=UNITS, WarmThroughput=warm)["WarmThroughput"] == {**warm, "Status": "UPDATING"}
    assert describe(dynamodb)["WarmThroughput"] == {**warm, "Status": "ACTIVE"}


def test_a_table_is_found_by_its_arn_from_another_account(cloud: Cloud, make: Make) -> None:
    arn = "arn:aws:dynamodb:us-east-1:000000000000:table/table"
    statement = {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "dynamodb:*", "Resource": arn}
    make(ResourcePolicy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    other = cloud.client("dynamodb", account="111122223333", region_name="eu-west-1")
    assert other.describe_table(TableName=arn)["Table"]["TableArn"] == arn


def test_what_goes_with_creation(dynamodb: Any, make: Make) -> None:
    made = make(
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
        SSESpecification={"Enabled": True},
        Tags=[{"Key": "team", "Value": "a"}],
        TableClass="STANDARD_INFREQUENT_ACCESS",
        DeletionProtectionEnabled=True,
        OnDemandThroughput={"MaxReadRequestUnits": 10, "MaxWriteRequestUnits": 20},
        ResourcePolicy='{"Statement": []}',
    )
    found = describe(dynamodb)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}", found["LatestStreamLabel"])
    assert found["LatestStreamArn"] == f"{found['TableArn']}/stream/{found['LatestStreamLabel']}"
    assert found["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    assert (found["SSEDescription"]["Status"], found["SSEDescription"]["SSEType"]) == ("ENABLED", "KMS")
    assert found["SSEDescription"]["KMSMasterKeyArn"].startswith("arn:aws:kms:us-east-1:000000000000:key/")
    assert found["TableClassSummary"] == {"TableClass": "STANDARD_INFREQUENT_ACCESS"}
    assert found["DeletionProtectionEnabled"] is True
    assert found["OnDemandThroughput"] == {"MaxReadRequestUnits": 10, "MaxWriteRequestUnits": 20}
    arn = made["TableArn"]
    assert dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "a"}]
    assert dynamodb.get_resource_policy(ResourceArn=arn)["Policy"] == '{"Statement": []}'


def test_a_name_is_taken_once(make: Make, refused: Refused) -> None:
    make()
    with refused("ResourceInUseException", "Table already exists: table"):
        make()


@pytest.mark.parametrize("name", ["ab", "x" * 256])
def test_names_of_bad_length(make: Make, refused: Refused, name: str) -> None:
    message = "TableName must be at least 3 characters long and at most 255 characters long"
    with refused("ValidationException", message):
        make(name)


def test_names_with_bad_characters(dynamodb: Any, refused: Refused) -> None:
    message = (
        "1 validation error detected: Value 'a b;' at 'tableName' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"
    )
    with refused("ValidationException", message):
        dynamodb.describe_table(TableName="a b;")


@pytest.mark.parametrize("resource", ["arn:x", "arn:aws:s3:::table", "arn:aws:dynamodb:us-east-1::table/table"])
def test_what_is_no_arn_of_a_table(dynamodb: Any, make: Make, refused: Refused, resource: str) -> None:
    arn = make()["TableArn"]
    for one in (resource, f"{arn}/index/gsi"):
        with refused("ValidationException", "Invalid TableArn: Invalid Table ARN"):
            dynamodb.describe_table(TableName=one)


PAY = {"BillingMode": "PAY_PER_REQUEST"}
TWO = {"AttributeDefinitions": attributes(a="S", b="S"), "KeySchema": key_schema("a", "b")}


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"BillingMode": "PROVISIONED"},
            INVALID + "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED",
        ),
        (
            {**PAY, "ProvisionedThroughput": UNITS},
            INVALID
            + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
        ),
        (
            {"ProvisionedThroughput": {"ReadCapacityUnits": 1000000000001, "WriteCapacityUnits": 1}},
            "Given value 1000000000001 for ReadCapacityUnits is out of bounds",
        ),
        (
            {"KeySchema": [{"AttributeName": "pk", "KeyType": "RANGE"}]},
            "Invalid KeySchema: The first KeySchemaElement is not a HASH key type",
        ),
        (
            {**TWO, "KeySchema": [{"AttributeName": name, "KeyType": "HASH"} for name in ("a", "b")]},
            "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type",
        ),
        (
            {"KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "pk", "KeyType": "RANGE"}]},
            "Invalid KeySchema: Some index key attribute have no definition",
        ),
        (
            {
                "AttributeDefinitions": attributes(pk="S", x="S"),
                "KeySchema": [{"AttributeName": "pk", "KeyType": "RANGE"}, {"AttributeName": "pk", "KeyType": "RANGE"}],
            },
            "Both the Hash Key and the Range Key element in the KeySchema have the same name",
        ),
        (
            {
                "AttributeDefinitions": attributes(pk="S", x="S"),
                "KeySchema": [{"AttributeName": "pk", "KeyType": "RANGE"}],
            },
            "Invalid KeySchema: The first KeySchemaElement is not a HASH key type",
        ),
        (
            {"AttributeDefinitions": attributes(pk="S", x="S"), "KeySchema": key_schema("pk", "sk")},
            INVALID + "Some index key attributes are not defined in AttributeDefinitions. "
            "Keys: [pk, sk], AttributeDefinitions: [pk, x]",
        ),
        (
            {"GlobalSecondaryIndexes": [index("gsi", "pk", "b"), index("other", "c")]},
            INVALID + "Some index key attributes are not defined in AttributeDefinitions. "
            "Keys: [pk, b], AttributeDefinitions: [pk]",
        ),
        (
            {"LocalSecondaryIndexes": [], "AttributeDefinitions": attributes(pk="S", x="S")},
            INVALID + "List of LocalSecondaryIndexes is empty",
        ),
        (
            {"LocalSecondaryIndexes": [index("lsi", "pk", "x")]},
            INVALID + "Table KeySchema does not have a range key, which is required when specifying a "
            "LocalSecondaryIndex",
        ),
        (
            {
                **TWO,
                "LocalSecondaryIndexes": [index("lsi", "a", "b")] * 2,
                "GlobalSecondaryIndexes": [index("gsi", "gone")],
            },
            INVALID + "Duplicate index name: lsi",
        ),
        (
            {"GlobalSecondaryIndexes": [index("gsi", "pk")] * 21},
            INVALID + "Duplicate index name: gsi",
        ),
        (
            {"KeySchema": key_schema("pk", "sk")},
            "Invalid KeySchema: Some index key attribute have no definition",
        ),
        (
            {"AttributeDefinitions": [], "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}] * 2},
            "Invalid KeySchema: Some index key attribute have no definition",
        ),
        (
            {"KeySchema": key_schema("other")},
            INVALID + "Some index key attributes are not defined in AttributeDefinitions. "
            "Keys: [other], AttributeDefinitions: [pk]",
        ),
        (
            {"AttributeDefinitions": attributes(pk="S", sk="S")},
            INVALID + "Number of attributes in KeySchema does not exactly match number of attributes defined in "
            "AttributeDefinitions",
        ),
        (
            {"AttributeDefinitions": attributes(pk="S", a="S", b="S"), "GlobalSecondaryIndexes": [index("gsi", "a")]},
            INVALID + "Some AttributeDefinitions are not used. AttributeDefinitions: [pk, a, b], keys used: [pk, a]",
        ),
        ({"LocalSecondaryIndexes": []}, INVALID + "List of LocalSecondaryIndexes is empty"),
        ({"GlobalSecondaryIndexes": []}, INVALID + "List of GlobalSecondaryIndexes is empty"),
        (
            {"LocalSecondaryIndexes": [index("lsi", "pk")]},
            INVALID + "Table KeySchema does not have a range key, which is required when specifying a "
            "LocalSecondaryIndex",
        ),
        (
            {**TWO, "LocalSecondaryIndexes": [index("lsi", "a")]},
            INVALID + "Index KeySchema does not have a range key for index: lsi",
        ),
        (
            {**TWO, "LocalSecondaryIndexes": [index("lsi", "b", "a")]},
            INVALID + "Index KeySchema does not have the same leading hash key as table KeySchema for index: lsi. "
            "index hash key: b, table hash key: a",
        ),
        (
            {"GlobalSecondaryIndexes": [{**index("gsi", "pk"), "ProvisionedThroughput": UNITS}]},
            INVALID + "ProvisionedThroughput should not be specified for index: gsi when BillingMode is "
            "PAY_PER_REQUEST",
        ),
        (
            {"ProvisionedThroughput": UNITS, "GlobalSecondaryIndexes": [index("gsi", "pk")]},
            INVALID + "ProvisionedThroughput is not specified for index: gsi",
        ),
        (
            {"GlobalSecondaryIndexes": [index("gsi", "pk"), index("gsi", "pk")]},
            INVALID + "Duplicate index name: gsi",
        ),
        (
            {"GlobalSecondaryIndexes": [index("gsi", "pk", "", "INCLUDE")]},
            INVALID + "ProjectionType is INCLUDE, but NonKeyAttributes is not specified",
        ),
        (
            {"GlobalSecondaryIndexes": [index("gsi", "pk", "", "ALL", "x")]},
            INVALID + "ProjectionType is ALL, but NonKeyAttributes is specified",
        ),
        (
            {"GlobalSecondaryIndexes": [index(f"gsi{number}", "pk") for number in range(21)]},
            INVALID + "GlobalSecondaryIndex count exceeds the per-table limit of 20",
        ),
        (
            {**TWO, "LocalSecondaryIndexes": [index(f"lsi{number}", "a", "b") for number in range(6)]},
            INVALID + "Number of LocalSecondaryIndexes exceeds per-table limit of 5",
        ),
    ],
)
def test_what_create_table_refuses(
    make: Make, dynamodb: Any, refused: Refused, params: dict[str, Any], message: str
) -> None:
    with refused("ValidationException", message):
        make(**params)
    assert dynamodb.list_tables()["TableNames"] == []


def test_what_is_not_there_yet_is_refused_not_ignored(dynamodb: Any, make: Make) -> None:
    with pytest.raises(ClientError, match="GlobalTableSourceArn is not implemented by Hodei"):
        make(GlobalTableSourceArn="arn:aws:dynamodb:us-east-1:111122223333:table/other")
    make()
    with pytest.raises(ClientError, match="GlobalTableWitnessUpdates is not implemented by Hodei") as caught:
        dynamodb.update_table(TableName="table", GlobalTableWitnessUpdates=[{"Create": {"RegionName": "eu-west-1"}}])
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_definitions_are_required(dynamodb: Any, refused: Refused) -> None:
    null = "failed to satisfy constraint: Member must not be null"
    message = (
        f"2 validation errors detected: Value null at 'attributeDefinitions' {null}; Value null at 'keySchema' {null}"
    )
    with refused("ValidationException", message):
        dynamodb.create_table(TableName="table")


def test_tables_are_listed_in_pages_in_the_order_of_names(cloud: Cloud, dynamodb: Any, make: Make) -> None:
    for name in ("bbb", "aaa", "ccc", "ddd"):
        make(name)
    first = dynamodb.list_tables(Limit=2)
    assert (first["TableNames"], first["LastEvaluatedTableName"]) == (["aaa", "bbb"], "bbb")
    rest = dynamodb.list_tables(Limit=2, ExclusiveStartTableName="bbb")
    assert rest["TableNames"] == ["ccc", "ddd"]
    assert "LastEvaluatedTableName" not in rest
    assert dynamodb.list_tables(ExclusiveStartTableName="bzz")["TableNames"] == ["ccc", "ddd"]
    assert cloud.client("dynamodb", region_name="eu-west-1").list_tables()["TableNames"] == []


def test_a_deleted_table_is_gone(cloud: Cloud, dynamodb: Any, make: Make, refused: Refused) -> None:
    made = make()
    gone = dynamodb.delete_table(TableName="table")["TableDescription"]
    assert (gone["TableStatus"], gone["TableId"]) == ("DELETING", made["TableId"])
    assert "KeySchema" not in gone
    message = "Requested resource not found: Table: table not found"
    for operation in (dynamodb.describe_table, dynamodb.delete_table):
        with refused("ResourceNotFoundException", message):
            operation(TableName="table")
    assert make()["TableId"] != made["TableId"]


def test_the_items_of_a_deleted_table_do_not_come_back(cloud: Cloud, dynamodb: Any, make: Make) -> None:
    for _ in range(2):
        make()
        assert dynamodb.scan(TableName="table", Select="COUNT")["Count"] == 0
        for number in range(3):
            dynamodb.put_item(TableName="table", Item={"pk": {"S": str(number)}})
        dynamodb.delete_table(TableName="table")
    cloud.clock.advance(seconds=1)
    from hodei.services.dynamodb.state import items, stats

    ctx = cloud.world.context("dynamodb", account="000000000000", region="us-east-1")
    assert list(items.keys(ctx)) == list(stats.keys(ctx)) == []


def test_deletion_protection(dynamodb: Any, make: Make, refused: Refused) -> None:
    make(DeletionProtectionEnabled=True)
    message = "Resource cannot be deleted as it is currently protected against deletion. "
    with refused("ValidationException", message + "Disable deletion protection first."):
        dynamodb.delete_table(TableName="table")
    answer = dynamodb.update_table(TableName="table", DeletionProtectionEnabled=False)["TableDescription"]
    assert (answer["TableStatus"], answer["DeletionProtectionEnabled"]) == ("ACTIVE", False)
    dynamodb.delete_table(TableName="table")


def test_statuses_at_the_pace_of_aws(cloud: Cloud, dynamodb: Any, make: Make, refused: Refused) -> None:
    cloud.set("dynamodb", "lifecycle", "aws")
    make()
    assert describe(dynamodb)["TableStatus"] == "CREATING"
    being = "Attempt to change a resource which is still in use: Table is being "
    for operation in (dynamodb.delete_table, lambda **table: dynamodb.update_table(**table, TableClass="STANDARD")):
        with refused("ResourceInUseException", being + "created: table"):
            operation(TableName="table")
    with refused("ResourceNotFoundException", "Requested resource not found"):
        dynamodb.get_item(TableName="table", Key={"pk": {"S": "x"}})
    cloud.clock.advance(seconds=60)
    dynamodb.update_table(TableName="table", TableClass="STANDARD_INFREQUENT_ACCESS")
    assert describe(dynamodb)["TableStatus"] == "UPDATING"
    with refused("ResourceInUseException", being + "updated: table"):
        dynamodb.delete_table(TableName="table")
    cloud.clock.advance(seconds=60)
    dynamodb.delete_table(TableName="table")
    assert describe(dynamodb)["TableStatus"] == "DELETING"
    assert dynamodb.delete_table(TableName="table")["TableDescription"]["TableStatus"] == "DELETING"
    cloud.clock.advance(seconds=60)
    assert dynamodb.list_tables()["TableNames"] == []


def test_a_table_changes_its_class(dynamodb: Any, make: Make) -> None:
    make()
    assert "TableClassSummary" not in describe(dynamodb)
    dynamodb.update_table(TableName="table", TableClass="STANDARD_INFREQUENT_ACCESS")
    summary = describe(dynamodb)["TableClassSummary"]
    assert (summary["TableClass"], "LastUpdateDateTime" in summary) == ("STANDARD_INFREQUENT_ACCESS", True)


def test_an_update_needs_something_to_do(dynamodb: Any, make: Make, refused: Refused) -> None:
    make()
    message = (
        "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or "
        "SSESpecification or ReplicaUpdates is required"
    )
    with refused("ValidationException", message):
        dynamodb.update_table(TableName="table")


@pytest.mark.feature("dynamodb.capacity")
def test_capacity_changes_when_the_update_is_over(dynamodb: Any, make: Make, refused: Refused) -> None:
    make(ProvisionedThroughput=UNITS)
    more = {"ReadCapacityUnits": 10, "WriteCapacityUnits": 5}
    answer = dynamodb.update_table(TableName="table", ProvisionedThroughput=more)["TableDescription"]
    assert (answer["TableStatus"], answer["ProvisionedThroughput"]["ReadCapacityUnits"]) == ("UPDATING", 5)
    found = describe(dynamodb)["ProvisionedThroughput"]
    assert (found["ReadCapacityUnits"], found["NumberOfDecreasesToday"]) == (10, 0)
    assert "LastIncreaseDateTime" in found and "LastDecreaseDateTime" not in found
    message = (
        "The provisioned throughput for the table will not change. The requested value equals the current value. "
        "Current ReadCapacityUnits provisioned for the table: 10. Requested ReadCapacityUnits: 10. "
        "Current WriteCapacityUnits provisioned for the table: 5. Requested WriteCapacityUnits: 5. "
        "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits."
    )
    with refused("ValidationException", message):
        dynamodb.update_table(TableName="table", ProvisionedThroughput=more)


@pytest.mark.feature("dynamodb.capacity")
def test_capacity_decreases_four_times_a_day_then_once_an_hour(cloud: Cloud, dynamodb: Any, make: Make) -> None:
    make(ProvisionedThroughput={"ReadCapacityUnits": 10, "WriteCapacityUnits": 1})
    into_the_day = cloud.world.clock.now() % DAY
    cloud.clock.advance(seconds=DAY - into_the_day)

    def decrease(read: int) -> None:
        units = {"ReadCapacityUnits": read, "WriteCapacityUnits": 1}
        dynamodb.update_table(TableName="table", ProvisionedThroughput=units)

    for read in (9, 8, 7, 6):
        decrease(read)
    assert describe(dynamodb)["ProvisionedThroughput"]["NumberOfDecreasesToday"] == 4
    with pytest.raises(dynamodb.exceptions.LimitExceededException, match="Number of decreases today: 4"):
        decrease(5)
    cloud.clock.advance(hours=1)
    decrease(5)
    with pytest.raises(dynamodb.exceptions.LimitExceededException):
        decrease(4)
    cloud.clock.advance(days=1)
    decrease(4)
    assert describe(dynamodb)["ProvisionedThroughput"]["NumberOfDecreasesToday"] == 1


@pytest.mark.feature("dynamodb.capacity")
def test_billing_modes_change(dynamodb: Any, make: Make, refused: Refused) -> None:
    gsi = {**index("gsi", "pk"), "ProvisionedThroughput": UNITS}
    make(ProvisionedThroughput=UNITS, GlobalSecondaryIndexes=[gsi])
    dynamodb.update_table(TableName="table", BillingMode="PAY_PER_REQUEST")
    found = describe(dynamodb)
    assert found["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert found["ProvisionedThroughput"]["ReadCapacityUnits"] == 0
    assert found["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"]["ReadCapacityUnits"] == 0
    neither = "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"
    with refused("ValidationException", INVALID + neither):
        dynamodb.update_table(TableName="table", ProvisionedThroughput=UNITS)
    missing = "ProvisionedThroughput must be specified when BillingMode is PROVISIONED"
    for name in ("table", "nowhere"):
        with refused("ValidationException", INVALID + missing):
            dynamodb.update_table(TableName=name, BillingMode="PROVISIONED")
    back = {"TableName": "table", "BillingMode": "PROVISIONED", "ProvisionedThroughput": UNITS}
    with refused("ValidationException", INVALID + "ProvisionedThroughput must be specified for index: gsi"):
        dynamodb.update_table(**back)
    update = {"Update": {"IndexName": "gsi", "ProvisionedThroughput": UNITS}}
    dynamodb.update_table(**back, GlobalSecondaryIndexUpdates=[update])
    found = describe(dynamodb)
    assert found["BillingModeSummary"]["BillingMode"] == "PROVISIONED"
    assert found["BillingModeSummary"]["LastUpdateToPayPerRequestDateTime"]
    assert found["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"]["ReadCapacityUnits"] == 5


@pytest.mark.feature("dynamodb.streams")
def test_a_stream_is_switched_on_and_off(cloud: Cloud, dynamodb: Any, make: Make, refused: Refused) -> None:
    make()
    on = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    first = dynamodb.update_table(TableName="table", StreamSpecification=on)["TableDescription"]
    assert first["StreamSpecification"] == on
    with refused("ValidationException", "Table already has an enabled stream: TableName: table"):
        dynamodb.update_table(TableName="table", StreamSpecification={**on, "StreamViewType": "KEYS_ONLY"})
    with refused(
        "ValidationException", INVALID + "If stream is being disabled, then UpdateViewType must not be specified"
    ):
        dynamodb.update_table(TableName="table", StreamSpecification={**on, "StreamEnabled": False})
    dynamodb.update_table(TableName="table", StreamSpecification={"StreamEnabled": False})
    found = describe(dynamodb)
    assert "StreamSpecification" not in found
    assert found["LatestStreamArn"] == first["LatestStreamArn"]
    cloud.clock.advance(seconds=1)
    again = dynamodb.update_table(TableName="table", StreamSpecification=on)["TableDescription"]
    assert again["LatestStreamArn"] != first["LatestStreamArn"]
