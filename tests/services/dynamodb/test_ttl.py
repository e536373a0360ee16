"""Time to live: switched on and off; expired items go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hodei.testing import Cloud

from .conftest import attributes, index

pytestmark = pytest.mark.feature("dynamodb.ttl")

Make = Callable[..., dict[str, Any]]
Refused = Callable[..., Any]


def switch(dynamodb: Any, enabled: bool, attribute: str = "expires", table: str = "table") -> dict[str, Any]:
    specification = {"Enabled": enabled, "AttributeName": attribute}
    answer = dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=specification)
    return dict(answer["TimeToLiveSpecification"])


def described(dynamodb: Any) -> dict[str, str]:
    return dict(dynamodb.describe_time_to_live(TableName="table")["TimeToLiveDescription"])


def put(dynamodb: Any, key: str, **more: Any) -> None:
    dynamodb.put_item(TableName="table", Item={"pk": {"S": key}, **more})


def keys(dynamodb: Any, **more: Any) -> list[str]:
    return sorted(item["pk"]["S"] for item in dynamodb.scan(TableName="table", **more)["Items"])


@pytest.fixture
def at(cloud: Cloud) -> Callable[[float], dict[str, str]]:
    """An expiry time, in seconds from now."""
    start = cloud.world.clock.now()
    return lambda seconds: {"N": str(int(start + seconds))}


def test_ttl_is_switched_on_and_off(dynamodb: Any, make: Make, refused: Refused) -> None:
    make()
    assert described(dynamodb) == {"TimeToLiveStatus": "DISABLED"}
    with refused("ValidationException", "TimeToLive is already disabled"):
        switch(dynamodb, False)
    assert switch(dynamodb, True) == {"Enabled": True, "AttributeName": "expires"}
    assert described(dynamodb) == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}
    with refused("ValidationException", "TimeToLive is already enabled"):
        switch(dynamodb, True)
    message = "TimeToLive is active on a different AttributeName: current AttributeName is expires"
    for enabled in (True, False):
        with refused("ValidationException", message):
            switch(dynamodb, enabled, "other")
    switch(dynamodb, False)
    assert described(dynamodb) == {"TimeToLiveStatus": "DISABLED"}
    with refused("ResourceNotFoundException", "Requested resource not found: Table: none not found"):
        switch(dynamodb, True, table="none")
    with refused("ResourceNotFoundException", "Requested resource not found: Table: none not found"):
        dynamodb.describe_time_to_live(TableName="none")


def test_at_the_pace_of_aws_a_change_takes_an_hour(cloud: Cloud, dynamodb: Any, make: Make, refused: Refused) -> None:
    make()
    cloud.set("dynamodb", "lifecycle", "aws")
    switch(dynamodb, True)
    assert described(dynamodb) == {"TimeToLiveStatus": "ENABLING", "AttributeName": "expires"}
    with refused("ValidationException", "Time to live has been modified multiple times within a fixed interval"):
        switch(dynamodb, False)
    cloud.clock.advance(hours=1)
    assert described(dynamodb)["TimeToLiveStatus"] == "ENABLED"
    switch(dynamodb, False)
    assert described(dynamodb)["TimeToLiveStatus"] == "DISABLING"
    cloud.clock.advance(hours=1)
    assert described(dynamodb)["TimeToLiveStatus"] == "DISABLED"


def test_expired_items_go_also_from_indexes(
    cloud: Cloud, dynamodb: Any, make: Make, at: Callable[[float], dict[str, str]]
) -> None:
    make(AttributeDefinitions=attributes(pk="S", group="S"), GlobalSecondaryIndexes=[index("gsi", "group")])
    switch(dynamodb, True)
    group = {"group": {"S": "g"}}
    put(dynamodb, "soon", expires=at(60), **group)
    put(dynamodb, "later", expires=at(3600), **group)
    put(dynamodb, "never", **group)
    assert keys(dynamodb) == ["later", "never", "soon"]
    cloud.clock.advance(seconds=61)
    assert keys(dynamodb) == keys(dynamodb, IndexName="gsi") == ["later", "never"]
    cloud.clock.advance(hours=1)
    assert keys(dynamodb) == keys(dynamodb, IndexName="gsi") == ["never"]
    assert dynamodb.describe_table(TableName="table")["Table"]["ItemCount"] == 1


def test_what_is_no_expiry_time_stays(
    cloud: Cloud, dynamodb: Any, make: Make, at: Callable[[float], dict[str, str]]
) -> None:
    make()
    switch(dynamodb, True)
    years = 365.25 * 86400
    put(dynamodb, "text", expires={"S": at(1)["N"]})
    put(dynamodb, "nested", expires={"M": {"expires": at(1)}})
    put(dynamodb, "ancient", expires=at(-6 * years))
    put(dynamodb, "past", expires=at(-4 * years))
    put(dynamodb, "huge", expires={"N": "1E+125"})
    cloud.clock.advance(days=1)
    assert keys(dynamodb) == ["ancient", "huge", "nested", "text"]


def test_an_item_lives_as_long_as_it_says_last(
    cloud: Cloud, dynamodb: Any, make: Make, at: Callable[[float], dict[str, str]]
) -> None:
    make()
    switch(dynamodb, True)
    for key in ("prolonged", "shortened", "kept", "remade"):
        put(dynamodb, key, expires=at(100))
    update = {"TableName": "table", "UpdateExpression": "SET expires = :at"}
    for key, seconds in (("prolonged", 200), ("shortened", 50)):
        values = {":at": at(seconds)}
        dynamodb.update_item(**update, Key={"pk": {"S": key}}, ExpressionAttributeValues=values)
    dynamodb.update_item(TableName="table", Key={"pk": {"S": "kept"}}, UpdateExpression="REMOVE expires")
    dynamodb.delete_item(TableName="table", Key={"pk": {"S": "remade"}})
    put(dynamodb, "remade")
    cloud.clock.advance(seconds=60)
    assert keys(dynamodb) == ["kept", "prolonged", "remade"]
    cloud.clock.advance(seconds=60)
    assert keys(dynamodb) == ["kept", "prolonged", "remade"]
    cloud.clock.advance(seconds=100)
    assert keys(dynamodb) == ["kept", "remade"]


def test_items_from_before_expire_too(
    cloud: Cloud, dynamodb: Any, make: Make, at: Callable[[float], dict[str, str]]
) -> None:
    make()
    for start in range(0, 1000, 25):
        items = [{"pk": {"S": f"{number:04}"}, "expires": at(60)} for number in range(start, start + 25)]
        dynamodb.batch_write_item(RequestItems={"table": [{"PutRequest": {"Item": item}} for item in items]})
    put(dynamodb, "stays", expires=at(86400))
    switch(dynamodb, True)
    cloud.clock.advance(minutes=2)
    assert keys(dynamodb) == ["stays"]


def test_nothing_expires_when_ttl_is_off_or_on_another_attribute(
    cloud: Cloud, dynamodb: Any, make: Make, at: Callable[[float], dict[str, str]]
) -> None:
    make()
    switch(dynamodb, True)
    put(dynamodb, "old", expires=at(60))
    put(dynamodb, "new", until=at(60))
    switch(dynamodb, False)
    switch(dynamodb, True, "until")
    cloud.clock.advance(minutes=2)
    assert keys(dynamodb) == ["old"]
    switch(dynamodb, False, "until")
    switch(dynamodb, True)
    cloud.clock.advance(minutes=1)
    assert keys(dynamodb) == []


def test_the_deletion_can_lag_as_it_does_on_aws(
    cloud: Cloud, dynamodb: Any, make: Make, at: Callable[[float], dict[str, str]]
) -> None:
    cloud.set("dynamodb", "ttl-delay", 86400)
    make()
    switch(dynamodb, True)
    put(dynamodb, "item", expires=at(60))
    cloud.clock.advance(hours=24)
    assert keys(dynamodb) == ["item"]
    cloud.clock.advance(minutes=2)
    assert keys(dynamodb) == []


def test_a_table_made_anew_does_not_inherit_ttl(
    cloud: Cloud, dynamodb: Any, make: Make, at: Callable[[float], dict[str, str]]
) -> None:
    make()
    switch(dynamodb, True)
    put(dynamodb, "item", expires=at(60))
    dynamodb.delete_table(TableName="table")
    make()
    assert described(dynamodb) == {"TimeToLiveStatus": "DISABLED"}
    put(dynamodb, "item", expires=at(60))
    cloud.clock.advance(minutes=2)
    assert keys(dynamodb) == ["item"]
