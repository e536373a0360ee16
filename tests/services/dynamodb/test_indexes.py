"""Global secondary indexes of live tables: added with backfill, changed, deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hodei.testing import Cloud

from .conftest import attributes, index, key_schema

pytestmark = pytest.mark.feature("dynamodb.indexes")

Make = Callable[..., dict[str, Any]]
Refused = Callable[..., Any]

INVALID = "One or more parameter values were invalid: "
UNITS = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
ONE_AT_A_TIME = "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table"


def add(dynamodb: Any, definition: dict[str, Any], **types: str) -> dict[str, Any]:
    updates = [{"Create": definition}]
    answer = dynamodb.update_table(
        TableName="table", AttributeDefinitions=attributes(**types), GlobalSecondaryIndexUpdates=updates
    )
    return dict(answer["TableDescription"])


def delete(dynamodb: Any, name: str) -> dict[str, Any]:
    updates = [{"Delete": {"IndexName": name}}]
    return dict(dynamodb.update_table(TableName="table", GlobalSecondaryIndexUpdates=updates)["TableDescription"])


def indexes(dynamodb: Any) -> list[dict[str, Any]]:
    return list(dynamodb.describe_table(TableName="table")["Table"].get("GlobalSecondaryIndexes", []))


def fill(dynamodb: Any, count: int) -> None:
    """Every third item lacks the attribute `group`."""
    for start in range(0, count, 25):
        puts = []
        for number in range(start, min(start + 25, count)):
            item = {"pk": {"S": f"{number:05}"}, "rank": {"N": str(number)}}
            if number % 3:
                item["group"] = {"S": "even" if number % 2 == 0 else "odd"}
            puts.append({"PutRequest": {"Item": item}})
        dynamodb.batch_write_item(RequestItems={"table": puts})


def count(dynamodb: Any, name: str) -> int:
    pages = dynamodb.get_paginator("scan").paginate(TableName="table", IndexName=name, Select="COUNT")
    return sum(page["Count"] for page in pages)


def test_indexes_of_a_new_table_are_described(dynamodb: Any, make: Make) -> None:
    made = make(
        AttributeDefinitions=attributes(pk="S", sk="S", other="N"),
        KeySchema=key_schema("pk", "sk"),
        LocalSecondaryIndexes=[index("lsi", "pk", "other", "KEYS_ONLY")],
        GlobalSecondaryIndexes=[index("gsi", "other", "pk", "INCLUDE", "x", "y")],
    )
    arn = "arn:aws:dynamodb:us-east-1:000000000000:table/table/index/"
    lsi = {
        "IndexName": "lsi",
        "KeySchema": key_schema("pk", "other"),
        "Projection": {"ProjectionType": "KEYS_ONLY"},
        "IndexSizeBytes": 0,
        "ItemCount": 0,
        "IndexArn": f"{arn}lsi",
    }
    gsi = {
        "IndexName": "gsi",
        "KeySchema": key_schema("other", "pk"),
        "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["x", "y"]},
        "IndexStatus": "CREATING",
        "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0},
        "IndexSizeBytes": 0,
        "ItemCount": 0,
        "IndexArn": f"{arn}gsi",
    }
    assert made["LocalSecondaryIndexes"] == [lsi]
    assert made["GlobalSecondaryIndexes"] == [gsi]
    warm = {"ReadUnitsPerSecond": 12000, "WriteUnitsPerSecond": 4000, "Status": "ACTIVE"}
    assert indexes(dynamodb) == [{**gsi, "IndexStatus": "ACTIVE", "WarmThroughput": warm}]


def test_an_index_added_to_a_live_table_is_filled(dynamodb: Any, make: Make) -> None:
    make()
    fill(dynamodb, 30)
    answer = add(dynamodb, index("gsi", "group", "rank"), group="S", rank="N")
    assert answer["TableStatus"] == "UPDATING"
    (going,) = answer["GlobalSecondaryIndexes"]
    assert (going["IndexStatus"], going["Backfilling"], going["ItemCount"]) == ("CREATING", False, 0)
    (ready,) = indexes(dynamodb)
    assert (ready["IndexStatus"], ready["ItemCount"]) == ("ACTIVE", 20)
    assert "Backfilling" not in ready
    odd = dynamodb.query(
        TableName="table",
        IndexName="gsi",
        KeyConditionExpression="#g = :odd",
        ExpressionAttributeNames={"#g": "group"},
        ExpressionAttributeValues={":odd": {"S": "odd"}},
    )
    assert [int(item["rank"]["N"]) for item in odd["Items"]] == [n for n in range(30) if n % 3 and n % 2]


def test_a_big_table_is_backfilled_in_batches_while_it_is_written(cloud: Cloud, dynamodb: Any, make: Make) -> None:
    cloud.set("dynamodb", "lifecycle", "aws")
    make()
    cloud.clock.advance(minutes=1)
    fill(dynamodb, 1200)
    add(dynamodb, index("gsi", "group"), group="S")
    dynamodb.put_item(TableName="table", Item={"pk": {"S": "99999"}, "group": {"S": "late"}})
    dynamodb.delete_item(TableName="table", Key={"pk": {"S": "00001"}})
    cloud.clock.advance(minutes=1)
    (ready,) = indexes(dynamodb)
    assert (ready["IndexStatus"], ready["ItemCount"]) == ("ACTIVE", 800)
    assert count(dynamodb, "gsi") == 800


def test_a_deleted_index_is_gone_with_its_attributes(dynamodb: Any, make: Make, refused: Refused) -> None:
    make()
    fill(dynamodb, 30)
    add(dynamodb, index("gsi", "group"), group="S")
    (going,) = delete(dynamodb, "gsi")["GlobalSecondaryIndexes"]
    assert going["IndexStatus"] == "DELETING"
    table = dynamodb.describe_table(TableName="table")["Table"]
    assert "GlobalSecondaryIndexes" not in table
    assert table["AttributeDefinitions"] == attributes(pk="S")
    add(dynamodb, index("gsi", "rank"), rank="N")
    assert count(dynamodb, "gsi") == 30


def test_one_index_at_a_time(cloud: Cloud, dynamodb: Any, make: Make, refused: Refused) -> None:
    make()
    both = [{"Create": index("one", "pk")}, {"Create": index("two", "pk")}]
    with refused("LimitExceededException", ONE_AT_A_TIME):
        dynamodb.update_table(
            TableName="table", AttributeDefinitions=attributes(pk="S"), GlobalSecondaryIndexUpdates=both
        )
    assert indexes(dynamodb) == []


def test_an_index_too_many(dynamodb: Any, make: Make, refused: Refused) -> None:
    make(GlobalSecondaryIndexes=[index(f"gsi{number}", "pk") for number in range(20)])
    message = "Subscriber limit exceeded: Number of global secondary indexes exceeds per-table limit of 20"
    with refused("LimitExceededException", message):
        add(dynamodb, index("more", "pk"), pk="S")


def test_an_index_that_is_being_made_or_deleted(cloud: Cloud, dynamodb: Any, make: Make, refused: Refused) -> None:
    make()
    fill(dynamodb, 600)
    cloud.set("dynamodb", "lifecycle", "aws")
    cloud.clock.freeze()
    add(dynamodb, index("gsi", "rank"), rank="N")
    read = {"TableName": "table", "IndexName": "gsi"}
    with refused("ValidationException", "Cannot read from backfilling global secondary index: gsi"):
        dynamodb.scan(**read)
    cloud.clock.advance(seconds=20)
    (ready,) = indexes(dynamodb)
    assert (ready["IndexStatus"], ready["ItemCount"]) == ("ACTIVE", 600)
    delete(dynamodb, "gsi")
    assert indexes(dynamodb)[0]["IndexStatus"] == "DELETING"
    cloud.clock.advance(seconds=20)
    assert indexes(dynamodb) == []
    with refused("ValidationException", "The table does not have the specified index: gsi"):
        dynamodb.scan(**read)


def test_index_capacity_is_changed(dynamodb: Any, make: Make, refused: Refused) -> None:
    gsi = {**index("gsi", "pk"), "ProvisionedThroughput": UNITS}
    make(ProvisionedThroughput=UNITS, GlobalSecondaryIndexes=[gsi])
    more = {"ReadCapacityUnits": 7, "WriteCapacityUnits": 5}
    updates = [{"Update": {"IndexName": "gsi", "ProvisionedThroughput": more}}]
    answer = dynamodb.update_table(TableName="table", GlobalSecondaryIndexUpdates=updates)["TableDescription"]
    (going,) = answer["GlobalSecondaryIndexes"]
    assert (going["IndexStatus"], going["ProvisionedThroughput"]["ReadCapacityUnits"]) == ("UPDATING", 5)
    (ready,) = indexes(dynamodb)
    assert (ready["IndexStatus"], ready["ProvisionedThroughput"]["ReadCapacityUnits"]) == ("ACTIVE", 7)
    message = (
        "The provisioned throughput for the index gsi will not change. The requested value equals the current value. "
        "Current ReadCapacityUnits provisioned for the index: 7. Requested ReadCapacityUnits: 7. "
        "Current WriteCapacityUnits provisioned for the index: 5. Requested WriteCapacityUnits: 5. "
        "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits."
    )
    with refused("ValidationException", message):
        dynamodb.update_table(TableName="table", GlobalSecondaryIndexUpdates=updates)


@pytest.mark.parametrize(
    ("updates", "code", "message"),
    [
        (
            [{}],
            "ValidationException",
            INVALID + "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, "
            "GlobalSecondaryIndexUpdate.Delete must not be null",
        ),
        ([{"Delete": {"IndexName": "none"}}], "ResourceNotFoundException", "Requested resource not found"),
        (
            [{"Create": index("gsi", "pk")}],
            "ValidationException",
            "Attempting to create an index which already exists",
        ),
        (
            [{"Create": index("new", "unknown")}],
            "ValidationException",
            "Invalid KeySchema: Some index key attribute have no definition",
        ),
        (
            [{"Create": {**index("new", "pk"), "ProvisionedThroughput": UNITS}}],
            "ValidationException",
            INVALID + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified for index: new when "
            "BillingMode is PAY_PER_REQUEST",
        ),
        (
            [{"Delete": {"IndexName": "gsi"}}, {"Delete": {"IndexName": "gsi"}}],
            "ValidationException",
            INVALID + "Only one global secondary index update per index is allowed simultaneously. Index: gsi",
        ),
    ],
)
def test_what_index_updates_refuse(
    dynamodb: Any, make: Make, refused: Refused, updates: list[Any], code: str, message: str
) -> None:
    make(GlobalSecondaryIndexes=[index("gsi", "pk")])
    with refused(code, message):
        dynamodb.update_table(
            TableName="table", AttributeDefinitions=attributes(pk="S"), GlobalSecondaryIndexUpdates=updates
        )
