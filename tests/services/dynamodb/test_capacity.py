"""ConsumedCapacity and ItemCollectionMetrics, as AWS counts them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hodei.testing import Cloud

from .conftest import attributes, index, key_schema

pytestmark = pytest.mark.feature("dynamodb.capacity")

Make = Callable[..., dict[str, Any]]
Refused = Callable[..., Any]
KEY = {"pk": {"S": "a"}}


def item(size: int) -> dict[str, Any]:
    """An item of so many bytes: 3 are those of the key."""
    return {**KEY, "x": {"S": "x" * (size - 4)}}


def put(dynamodb: Any, item: dict[str, Any], mode: str = "TOTAL", **more: Any) -> Any:
    parameters = {"TableName": "table", "Item": item, "ReturnConsumedCapacity": mode, **more}
    return dynamodb.put_item(**parameters)["ConsumedCapacity"]


@pytest.mark.parametrize(("size", "units"), [(4, 1.0), (1024, 1.0), (1025, 2.0), (10_240, 10.0), (409_600, 400.0)])
def test_a_write_costs_a_unit_a_kilobyte(dynamodb: Any, make: Make, size: int, units: float) -> None:
    make()
    assert put(dynamodb, item(size)) == {"TableName": "table", "CapacityUnits": units}


@pytest.mark.parametrize(("size", "units"), [(4, 1.0), (4096, 1.0), (4097, 2.0), (409_600, 100.0)])
def test_a_read_costs_a_unit_four_kilobytes_or_half(dynamodb: Any, make: Make, size: int, units: float) -> None:
    make()
    put(dynamodb, item(size))

    def read(consistent: bool) -> float:
        answer = dynamodb.get_item(
            TableName="table", Key=KEY, ConsistentRead=consistent, ReturnConsumedCapacity="TOTAL"
        )
        return float(answer["ConsumedCapacity"]["CapacityUnits"])

    assert (read(True), read(False)) == (units, units / 2)


def test_a_write_costs_what_the_larger_item_does(dynamodb: Any, make: Make) -> None:
    make()
    put(dynamodb, item(5000))
    assert put(dynamodb, item(100))["CapacityUnits"] == 5.0
    parameters = {"TableName": "table", "Key": KEY, "ReturnConsumedCapacity": "TOTAL"}
    assert dynamodb.delete_item(**parameters)["ConsumedCapacity"]["CapacityUnits"] == 1.0
    assert dynamodb.delete_item(**parameters)["ConsumedCapacity"]["CapacityUnits"] == 1.0
    assert dynamodb.get_item(**parameters)["ConsumedCapacity"]["CapacityUnits"] == 0.5


def test_indexes_cost_what_changes_in_them(dynamodb: Any, make: Make) -> None:
    make(
        AttributeDefinitions=attributes(pk="S", g="S"),
        GlobalSecondaryIndexes=[index("all", "g"), index("keys", "g", "", "KEYS_ONLY")],
    )

    def cost(**more: Any) -> dict[str, float]:
        found = put(dynamodb, {**KEY, **more}, "INDEXES")
        indexes = {name: units["CapacityUnits"] for name, units in found.get("GlobalSecondaryIndexes", {}).items()}
        assert found["CapacityUnits"] == found["Table"]["CapacityUnits"] + sum(indexes.values())
        return {"table": found["Table"]["CapacityUnits"], **indexes}

    assert cost() == {"table": 1.0}
    assert cost(g={"S": "1"}) == {"table": 1.0, "all": 1.0, "keys": 1.0}
    assert cost(g={"S": "1"}) == {"table": 1.0}
    assert cost(g={"S": "1"}, x={"S": "x" * 1500}) == {"table": 2.0, "all": 2.0}
    assert cost(g={"S": "2"}, x={"S": "x" * 1500}) == {"table": 2.0, "all": 4.0, "keys": 2.0}
    assert cost() == {"table": 2.0, "all": 2.0, "keys": 1.0}


def test_a_page_costs_the_sum_of_what_is_read(dynamodb: Any, make: Make) -> None:
    make(
        AttributeDefinitions=attributes(pk="S", sk="N", g="S"),
        KeySchema=key_schema("pk", "sk"),
        GlobalSecondaryIndexes=[index("gsi", "g")],
        LocalSecondaryIndexes=[index("lsi", "pk", "g", "KEYS_ONLY")],
    )
    for number in range(10):
        put(dynamodb, {**KEY, "sk": {"N": str(number)}, "g": {"S": "g"}, "x": {"S": "x" * 1000}})
    query = {
        "TableName": "table",
        "KeyConditionExpression": "pk = :p",
        "ExpressionAttributeValues": {":p": {"S": "a"}},
        "ReturnConsumedCapacity": "INDEXES",
    }
    whole = {"TableName": "table", "CapacityUnits": 1.5, "Table": {"CapacityUnits": 1.5}}
    filtered = {"FilterExpression": "x = :p", "ProjectionExpression": "sk"}
    assert dynamodb.query(**query)["ConsumedCapacity"] == whole
    assert dynamodb.query(**query, **filtered)["ConsumedCapacity"] == whole
    assert dynamodb.query(**query, ConsistentRead=True)["ConsumedCapacity"]["CapacityUnits"] == 3.0
    assert dynamodb.query(**query, IndexName="lsi", ProjectionExpression="x", Limit=3)["ConsumedCapacity"] == {
        "TableName": "table",
        "CapacityUnits": 2.0,
        "Table": {"CapacityUnits": 1.5},
        "LocalSecondaryIndexes": {"lsi": {"CapacityUnits": 0.5}},
    }
    scanned = dynamodb.scan(TableName="table", IndexName="gsi", ReturnConsumedCapacity="INDEXES")
    assert scanned["ConsumedCapacity"] == {
        "TableName": "table",
        "CapacityUnits": 1.5,
        "Table": {"CapacityUnits": 0.0},
        "GlobalSecondaryIndexes": {"gsi": {"CapacityUnits": 1.5}},
    }


def test_batches_and_transactions_count_by_table(dynamodb: Any, make: Make) -> None:
    make()
    make("other")
    writes = {"table": [{"PutRequest": {"Item": item(2000)}}], "other": [{"PutRequest": {"Item": KEY}}]}
    batch = dynamodb.batch_write_item(RequestItems=writes, ReturnConsumedCapacity="TOTAL")
    assert batch["ConsumedCapacity"] == [
        {"TableName": "table", "CapacityUnits": 2.0},
        {"TableName": "other", "CapacityUnits": 1.0},
    ]
    keys = {"table": {"Keys": [KEY, {"pk": {"S": "b"}}]}, "other": {"Keys": [KEY], "ConsistentRead": True}}
    read = dynamodb.batch_get_item(RequestItems=keys, ReturnConsumedCapacity="INDEXES")
    assert read["ConsumedCapacity"] == [
        {"TableName": "table", "CapacityUnits": 1.0, "Table": {"CapacityUnits": 1.0}},
        {"TableName": "other", "CapacityUnits": 1.0, "Table": {"CapacityUnits": 1.0}},
    ]
    steps = [{"Put": {"TableName": "table", "Item": item(100)}}, {"Delete": {"TableName": "other", "Key": KEY}}]
    written = dynamodb.transact_write_items(TransactItems=steps, ReturnConsumedCapacity="TOTAL")
    assert written["ConsumedCapacity"] == [
        {"TableName": "table", "CapacityUnits": 4.0, "WriteCapacityUnits": 4.0},
        {"TableName": "other", "CapacityUnits": 2.0, "WriteCapacityUnits": 2.0},
    ]
    gets = [{"Get": {"TableName": "table", "Key": KEY}}]
    got = dynamodb.transact_get_items(TransactItems=gets, ReturnConsumedCapacity="INDEXES")
    units = {"CapacityUnits": 2.0, "ReadCapacityUnits": 2.0}
    assert got["ConsumedCapacity"] == [{"TableName": "table", **units, "Table": units}]


def test_nothing_is_reported_unasked(dynamodb: Any, make: Make) -> None:
    make()
    asked = {"TableName": "table", "ReturnConsumedCapacity": "NONE"}
    assert "ConsumedCapacity" not in dynamodb.put_item(**asked, Item=KEY)
    assert "ConsumedCapacity" not in dynamodb.get_item(**asked, Key=KEY)
    assert "ConsumedCapacity" not in dynamodb.scan(TableName="table")


def test_item_collections_are_those_of_local_indexes(cloud: Cloud, dynamodb: Any, make: Make, refused: Refused) -> None:
    """A collection's limit holds for what makes it grow."""
    make()
    metered = {"TableName": "table", "ReturnItemCollectionMetrics": "SIZE"}
    assert "ItemCollectionMetrics" not in dynamodb.put_item(**metered, Item=KEY)
    make(
        "local",
        AttributeDefinitions=attributes(pk="S", sk="N", l="S"),
        KeySchema=key_schema("pk", "sk"),
        LocalSecondaryIndexes=[index("lsi", "pk", "l")],
    )
    metered["TableName"] = "local"
    one = {**KEY, "sk": {"N": "1"}, "l": {"S": "x"}}
    expected = {"ItemCollectionKey": KEY, "SizeEstimateRangeGB": [0.0, 1.0]}
    assert dynamodb.put_item(**metered, Item=one)["ItemCollectionMetrics"] == expected
    batch = {"RequestItems": {"local": [{"PutRequest": {"Item": one}}]}, "ReturnItemCollectionMetrics": "SIZE"}
    assert dynamodb.batch_write_item(**batch)["ItemCollectionMetrics"] == {"local": [expected]}
    steps = {"TransactItems": [{"Put": {"TableName": "local", "Item": one}}], "ReturnItemCollectionMetrics": "SIZE"}
    assert dynamodb.transact_write_items(**steps)["ItemCollectionMetrics"] == {"local": [expected]}

    cloud.set("dynamodb", "item-collection-bytes", 1000)
    large = {**one, "sk": {"N": "2"}, "x": {"S": "x" * 488}}
    with refused("ItemCollectionSizeLimitExceededException", "Collection size exceeded."):
        dynamodb.put_item(TableName="local", Item=large)
    dynamodb.put_item(TableName="local", Item={**large, "pk": {"S": "b"}})
    dynamodb.delete_item(TableName="local", Key={**KEY, "sk": {"N": "1"}})
    dynamodb.put_item(TableName="local", Item=large)
