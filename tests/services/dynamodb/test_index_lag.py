"""Global indexes that follow their table with a delay, where the configuration asks for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hodei.testing import Cloud

from .conftest import attributes, index

pytestmark = pytest.mark.feature("dynamodb.indexes")

Make = Callable[..., dict[str, Any]]


@pytest.fixture
def table(cloud: Cloud, dynamodb: Any, make: Make) -> Any:
    make(AttributeDefinitions=attributes(pk="S", g="S"), GlobalSecondaryIndexes=[index("gsi", "g")])
    cloud.clock.freeze()
    cloud.set("dynamodb", "index-lag", 1.0)
    return dynamodb


def put(dynamodb: Any, name: str, group: str) -> None:
    dynamodb.put_item(TableName="table", Item={"pk": {"S": name}, "g": {"S": group}})


def of(dynamodb: Any, group: str) -> list[str]:
    condition = {"KeyConditionExpression": "g = :g", "ExpressionAttributeValues": {":g": {"S": group}}}
    found = dynamodb.query(TableName="table", IndexName="gsi", **condition)
    return sorted(item["pk"]["S"] for item in found["Items"])


def test_a_read_of_the_index_is_stale_for_a_while(cloud: Cloud, table: Any) -> None:
    put(table, "a", "old")
    assert of(table, "old") == []
    assert table.get_item(TableName="table", Key={"pk": {"S": "a"}})["Item"]["g"] == {"S": "old"}
    cloud.clock.advance(seconds=1)
    assert of(table, "old") == ["a"]
    put(table, "a", "new")
    assert (of(table, "old"), of(table, "new")) == (["a"], [])
    cloud.clock.advance(seconds=1)
    assert (of(table, "old"), of(table, "new")) == ([], ["a"])
    table.delete_item(TableName="table", Key={"pk": {"S": "a"}})
    assert of(table, "new") == ["a"]
    cloud.clock.advance(seconds=1)
    assert of(table, "new") == []


def test_changes_arrive_in_the_order_of_the_writes(cloud: Cloud, table: Any) -> None:
    for number in range(20):
        put(table, "a", f"g{number}")
        put(table, f"b{number}", "b")
        cloud.clock.advance(seconds=0.1)
        groups = [number for number in range(20) if of(table, f"g{number}")]
        assert len(groups) <= 1
    cloud.clock.advance(seconds=20)
    assert of(table, "g19") == ["a"]
    assert len(of(table, "b")) == 20
    assert table.describe_table(TableName="table")["Table"]["GlobalSecondaryIndexes"][0]["ItemCount"] == 21


def test_an_index_catches_up_when_the_lag_is_switched_off(cloud: Cloud, table: Any) -> None:
    put(table, "a", "g")
    cloud.set("dynamodb", "index-lag", 0.0)
    put(table, "a", "h")
    assert (of(table, "g"), of(table, "h")) == ([], ["a"])
    cloud.clock.advance(seconds=5)
    assert (of(table, "g"), of(table, "h")) == ([], ["a"])


def test_what_is_put_off_for_a_deleted_table_is_forgotten(cloud: Cloud, table: Any, make: Make) -> None:
    put(table, "a", "g")
    table.delete_table(TableName="table")
    make(AttributeDefinitions=attributes(pk="S", g="S"), GlobalSecondaryIndexes=[index("gsi", "g")])
    cloud.clock.advance(seconds=5)
    assert of(table, "g") == []
