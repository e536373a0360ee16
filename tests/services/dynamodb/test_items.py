"""PutItem, GetItem, UpdateItem, DeleteItem."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.conditions import Attr
from botocore.exceptions import ClientError

from hodei.testing import Cloud

from .conftest import attributes, index, key_schema

pytestmark = pytest.mark.feature("dynamodb.items")

Make = Callable[..., dict[str, Any]]
Refused = Callable[..., Any]

INVALID = "One or more parameter values were invalid: "
NOT_VALID = "One or more parameter values are not valid. "
MISMATCH = "The provided key element does not match the schema"
KEY = {"pk": {"S": "a"}}
ALL_TYPES = {
    "pk": {"S": "a"},
    "string": {"S": "Añ\U0001f600"},
    "empty": {"S": ""},
    "number": {"N": "-1.5"},
    "binary": {"B": b"\x00\xff"},
    "strings": {"SS": ["x", "y"]},
    "numbers": {"NS": ["1", "2.5"]},
    "binaries": {"BS": [b"\x00", b"\x01"]},
    "map": {"M": {"list": {"L": [{"N": "1"}, {"NULL": True}]}, "none": {"M": {}}}},
    "list": {"L": [{"BOOL": True}, {"BOOL": False}, {"L": []}]},
}


def put(dynamodb: Any, item: dict[str, Any], **more: Any) -> dict[str, Any]:
    return dict(dynamodb.put_item(TableName="table", Item=item, **more))


def get(dynamodb: Any, key: dict[str, Any], **more: Any) -> dict[str, Any] | None:
    item = dynamodb.get_item(TableName="table", Key=key, **more).get("Item")
    return None if item is None else dict(item)


def update(dynamodb: Any, expression: str, values: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    given = {"ExpressionAttributeValues": values} if values else {}
    parameters = {"TableName": "table", "Key": KEY, "UpdateExpression": expression, **given, **more}
    return dict(dynamodb.update_item(**parameters))


def test_an_item_of_every_type_comes_back_as_it_was_put(dynamodb: Any, make: Make) -> None:
    make()
    put(dynamodb, ALL_TYPES)
    assert get(dynamodb, KEY) == ALL_TYPES
    assert get(dynamodb, {"pk": {"S": "b"}}) is None
    assert "Item" not in dynamodb.get_item(TableName="table", Key={"pk": {"S": "b"}})


def test_numbers_are_kept_to_38_digits_and_keys_by_their_value(dynamodb: Any, make: Make) -> None:
    make(AttributeDefinitions=attributes(pk="N"))
    put(dynamodb, {"pk": {"N": "1.10"}, "n": {"N": "12345678901234567890123456789012345678"}, "e": {"N": "1E2"}})
    expected = {"pk": {"N": "1.1"}, "n": {"N": "12345678901234567890123456789012345678"}, "e": {"N": "100"}}
    assert get(dynamodb, {"pk": {"N": "011e-1"}}) == expected


def test_the_resource_api_reads_what_it_writes(cloud: Cloud, make: Make) -> None:
    make()
    table = cloud.resource("dynamodb").Table("table")
    item = {"pk": "a", "n": Decimal("1.5"), "set": {"x", "y"}, "map": {"list": [1, None, True, b"x"]}}
    table.put_item(Item=item, ConditionExpression=Attr("pk").not_exists())
    table.update_item(
        Key={"pk": "a"},
        UpdateExpression="SET #map.#list[0] = #map.#list[0] + :one, n = n - :one",
        ExpressionAttributeNames={"#map": "map", "#list": "list"},
        ExpressionAttributeValues={":one": 1},
    )
    found = table.get_item(Key={"pk": "a"})["Item"]
    assert found["map"]["list"][0] == 2
    assert found["n"] == Decimal("0.5")
    assert found["set"] == {"x", "y"}


def test_put_replaces_the_whole_item_and_returns_the_old_one(dynamodb: Any, make: Make) -> None:
    make()
    assert "Attributes" not in put(dynamodb, {**KEY, "x": {"S": "1"}}, ReturnValues="ALL_OLD")
    assert "Attributes" not in put(dynamodb, {**KEY, "x": {"S": "1"}})
    assert put(dynamodb, {**KEY, "y": {"S": "2"}}, ReturnValues="ALL_OLD")["Attributes"] == {**KEY, "x": {"S": "1"}}
    assert get(dynamodb, KEY) == {**KEY, "y": {"S": "2"}}


def test_delete_returns_the_old_item_and_tolerates_that_there_is_none(dynamodb: Any, make: Make) -> None:
    make()
    put(dynamodb, {**KEY, "x": {"S": "1"}})
    delete = {"TableName": "table", "Key": KEY, "ReturnValues": "ALL_OLD"}
    assert dynamodb.delete_item(**delete)["Attributes"] == {**KEY, "x": {"S": "1"}}
    assert "Attributes" not in dynamodb.delete_item(**delete)
    assert get(dynamodb, KEY) is None


def test_update_makes_an_item_where_there_is_none(dynamodb: Any, make: Make) -> None:
    make()
    dynamodb.update_item(TableName="table", Key=KEY)
    assert get(dynamodb, KEY) == KEY
    update(dynamodb, "SET x = :x REMOVE y ADD n :n", {":x": {"S": "1"}, ":n": {"N": "5"}})
    assert get(dynamodb, KEY) == {**KEY, "x": {"S": "1"}, "n": {"N": "5"}}


def test_what_update_returns(dynamodb: Any, make: Make) -> None:
    make()
    before = {**KEY, "a": {"S": "old"}, "m": {"M": {"x": {"N": "1"}, "y": {"N": "2"}}}, "gone": {"S": "x"}}
    after = {**KEY, "a": {"S": "new"}, "m": {"M": {"x": {"N": "9"}, "y": {"N": "2"}}}}
    expected = {
        "NONE": None,
        "ALL_OLD": before,
        "ALL_NEW": after,
        "UPDATED_OLD": {"a": {"S": "old"}, "m": {"M": {"x": {"N": "1"}}}, "gone": {"S": "x"}},
        "UPDATED_NEW": {"a": {"S": "new"}, "m": {"M": {"x": {"N": "9"}}}},
    }
    for returned, attributes_ in expected.items():
        put(dynamodb, before)
        values = {":a": {"S": "new"}, ":x": {"N": "9"}}
        answer = update(dynamodb, "SET a = :a, m.x = :x REMOVE gone", values, ReturnValues=returned)
        assert answer.get("Attributes") == attributes_
    assert get(dynamodb, KEY) == after


def test_projections(dynamodb: Any, make: Make) -> None:
    make()
    put(dynamodb, ALL_TYPES)
    names = {"#map": "map", "#list": "list"}
    found = get(dynamodb, KEY, ProjectionExpression="#map.#list[1], #list[2], nowhere", ExpressionAttributeNames=names)
    assert found == {"map": {"M": {"list": {"L": [{"NULL": True}]}}}, "list": {"L": [{"L": []}]}}
    assert get(dynamodb, KEY, AttributesToGet=["number", "nowhere"]) == {"number": {"N": "-1.5"}}
    assert dynamodb.get_item(TableName="table", Key=KEY, ProjectionExpression="nowhere")["Item"] == {}


def test_a_failed_condition_changes_nothing_and_can_show_the_item(dynamodb: Any, make: Make, refused: Refused) -> None:
    make()
    put(dynamodb, {**KEY, "n": {"N": "1"}})
    condition = {"ConditionExpression": "n > :n", "ExpressionAttributeValues": {":n": {"N": "1"}}}
    failed = "ConditionalCheckFailedException", "The conditional request failed"
    with refused(*failed):
        put(dynamodb, KEY, **condition)
    with refused(*failed):
        dynamodb.delete_item(TableName="table", Key=KEY, **condition)
    with pytest.raises(ClientError) as caught:
        update(dynamodb, "REMOVE n", {":n": {"N": "1"}}, ConditionExpression="n > :n", **SHOW)
    assert caught.value.response["Item"] == {**KEY, "n": {"N": "1"}}
    with pytest.raises(ClientError) as caught:
        put(dynamodb, {"pk": {"S": "none"}}, ConditionExpression="attribute_exists(pk)", **SHOW)
    assert "Item" not in caught.value.response
    assert get(dynamodb, KEY) == {**KEY, "n": {"N": "1"}}


SHOW = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}


def test_conditions_and_updates_of_old(dynamodb: Any, make: Make, refused: Refused) -> None:
    make()
    put(dynamodb, {**KEY, "n": {"N": "1"}}, Expected={"pk": {"Exists": False}})
    with refused("ConditionalCheckFailedException", "The conditional request failed"):
        put(dynamodb, KEY, Expected={"pk": {"Exists": False}})
    expected = {
        "n": {"ComparisonOperator": "EQ", "AttributeValueList": [{"N": "9"}]},
        "pk": {"ComparisonOperator": "BEGINS_WITH", "AttributeValueList": [{"S": "a"}]},
    }
    answer = dynamodb.update_item(
        TableName="table",
        Key=KEY,
        AttributeUpdates={"n": {"Action": "ADD", "Value": {"N": "2"}}, "x": {"Value": {"S": "y"}}},
        Expected=expected,
        ConditionalOperator="OR",
        ReturnValues="ALL_NEW",
    )
    assert answer["Attributes"] == {**KEY, "n": {"N": "3"}, "x": {"S": "y"}}
    with refused(
        "ValidationException",
        "Can not use both expression and non-expression parameters in the same request: "
        "Non-expression parameters: {Expected} Expression parameters: {ConditionExpression}",
    ):
        put(dynamodb, KEY, Expected={"pk": {"Exists": False}}, ConditionExpression="attribute_exists(pk)")


def test_a_thousand_concurrent_increments_make_a_thousand(cloud: Cloud, dynamodb: Any, make: Make) -> None:
    make()
    put(dynamodb, {**KEY, "n": {"N": "0"}})
    clients = [cloud.client("dynamodb") for _ in range(8)]
    values = {":one": {"N": "1"}, ":most": {"N": "1000"}}

    def increment(client: Any) -> bool:
        try:
            update(client, "SET n = n + :one", values, ConditionExpression="n < :most")
        except client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    with ThreadPoolExecutor(len(clients)) as pool:
        made = list(pool.map(increment, [clients[number % len(clients)] for number in range(1050)]))
    assert made.count(True) == 1000
    assert get(dynamodb, KEY) == {**KEY, "n": {"N": "1000"}}


def test_of_writers_that_saw_the_same_only_one_wins(cloud: Cloud, dynamodb: Any, make: Make) -> None:
    """Each client increments on the condition that nobody else has meanwhile, and tries again."""
    make()
    put(dynamodb, {**KEY, "n": {"N": "0"}})

    def increment(client: Any) -> None:
        for _ in range(25):
            done = False
            while not done:
                seen = client.get_item(TableName="table", Key=KEY, ConsistentRead=True)["Item"]["n"]
                values = {":seen": seen, ":next": {"N": str(int(seen["N"]) + 1)}}
                try:
                    update(client, "SET n = :next", values, ConditionExpression="n = :seen")
                    done = True
                except client.exceptions.ConditionalCheckFailedException:
                    pass

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(increment, [cloud.client("dynamodb") for _ in range(4)]))
    assert get(dynamodb, KEY) == {**KEY, "n": {"N": "100"}}


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"x": {"S": "a"}}, f"{INVALID}Missing the key pk in the item"),
        ({"pk": {"N": "1"}}, f"{INVALID}Type mismatch for key pk expected: S actual: N"),
        (
            {"pk": {"S": ""}},
            f"{NOT_VALID}The AttributeValue for a key attribute cannot contain an empty string value. Key: pk",
        ),
        (
            {"pk": {"S": "x" * 2049}},
            f"{INVALID}Size of hashkey has exceeded the maximum size limit of2048 bytes",
        ),
        ({"pk": {"S": "a"}, "x": {"S": "x" * 409_600}}, "Item size has exceeded the maximum allowed size"),
        ({"pk": {"S": "a"}, "n": {"N": "x"}}, "The parameter cannot be converted to a numeric value: x"),
    ],
)
def test_items_that_cannot_be_put(
    dynamodb: Any, make: Make, refused: Refused, item: dict[str, Any], message: str
) -> None:
    make()
    with refused("ValidationException", message):
        put(dynamodb, item)


@pytest.mark.parametrize("key", [{}, {"x": {"S": "a"}}, {"pk": {"N": "1"}}, {"pk": {"S": "a"}, "x": {"S": "a"}}])
def test_keys_that_do_not_match(dynamodb: Any, make: Make, refused: Refused, key: dict[str, Any]) -> None:
    make()
    with refused("ValidationException", MISMATCH):
        get(dynamodb, key)
    with refused("ValidationException", MISMATCH):
        dynamodb.delete_item(TableName="table", Key=key)
    with refused("ValidationException", MISMATCH):
        dynamodb.update_item(TableName="table", Key=key)


def test_a_sort_key_has_at_most_1024_bytes(dynamodb: Any, make: Make, refused: Refused) -> None:
    make(AttributeDefinitions=attributes(pk="S", sk="B"), KeySchema=key_schema("pk", "sk"))
    put(dynamodb, {"pk": {"S": "a" * 2048}, "sk": {"B": b"x" * 1024}})
    with refused(
        "ValidationException", f"{INVALID}Aggregated size of all range keys has exceeded the size limit of 1024 bytes"
    ):
        put(dynamodb, {"pk": {"S": "a"}, "sk": {"B": b"x" * 1025}})
    with refused(
        "ValidationException",
        f"{NOT_VALID}The AttributeValue for a key attribute cannot contain an empty binary value. Key: sk",
    ):
        get(dynamodb, {"pk": {"S": "a"}, "sk": {"B": b""}})


def test_keys_of_indexes_are_checked(dynamodb: Any, make: Make, refused: Refused) -> None:
    make(AttributeDefinitions=attributes(pk="S", g="S"), GlobalSecondaryIndexes=[index("gsi", "g")])
    mismatch = f"{INVALID}Type mismatch for Index Key g Expected: S Actual: N IndexName: gsi"
    with refused("ValidationException", mismatch):
        put(dynamodb, {**KEY, "g": {"N": "1"}})
    with refused(
        "ValidationException",
        f"{NOT_VALID}A value specified for a secondary index key is not supported. The AttributeValue for a key "
        "attribute cannot contain an empty string value. IndexName: gsi, IndexKey: g",
    ):
        put(dynamodb, {**KEY, "g": {"S": ""}})
    with refused("ValidationException", mismatch):
        update(dynamodb, "SET g = :g", {":g": {"N": "1"}})
    with refused("ValidationException", mismatch):
        update(dynamodb, "ADD g :g", {":g": {"N": "1"}})
    with refused("ValidationException", mismatch.replace("Actual: N", "Actual: SS")):
        update(dynamodb, "DELETE g :g", {":g": {"SS": ["a"]}}, ConditionExpression="attribute_exists(nothing)")
    attempted = "The update expression attempted to update"
    with refused("ValidationException", f"{attempted} the secondary index key to unsupported type"):
        update(dynamodb, "SET g = if_not_exists(g, :g)", {":g": {"N": "1"}})
    with refused("ValidationException", f"{attempted} the secondary index key beyond allowed size limits"):
        update(dynamodb, "SET g = :g", {":g": {"S": "x" * 2049}})
    with refused(
        "ValidationException",
        f"{NOT_VALID}{attempted} a secondary index key to a value that is not supported. The AttributeValue for a key "
        "attribute cannot contain an empty string value.",
    ):
        update(dynamodb, "SET g = :g", {":g": {"S": ""}})
    assert get(dynamodb, KEY) is None


def test_keys_are_no_documents(dynamodb: Any, make: Make, refused: Refused) -> None:
    make(AttributeDefinitions=attributes(pk="S", g="S"), GlobalSecondaryIndexes=[index("gsi", "g")])
    scalars = "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: "
    with refused("ValidationException", f"{scalars}Key: pk"):
        put(dynamodb, KEY, ConditionExpression="attribute_exists(pk.x)")
    with refused("ValidationException", f"{scalars}Key: pk"):
        get(dynamodb, KEY, ProjectionExpression="pk[0]")
    with refused("ValidationException", f"{scalars}IndexKey: g"):
        update(dynamodb, "SET g.x = :x", {":x": {"S": "y"}})
    with refused("ValidationException", f"{scalars}IndexKey: g"):
        dynamodb.scan(
            TableName="table", FilterExpression="attribute_exists(#g.x)", ExpressionAttributeNames={"#g": "g"}
        )


def test_updates_that_cannot_be_made(dynamodb: Any, make: Make, refused: Refused) -> None:
    make()
    put(dynamodb, {**KEY, "s": {"S": "x"}})
    with refused("ValidationException", f"{INVALID}Cannot update attribute pk. This attribute is part of the key"):
        update(dynamodb, "SET pk = :x", {":x": {"S": "b"}})
    with refused("ValidationException", "The document path provided in the update expression is invalid for update"):
        update(dynamodb, "SET m.x = :x", {":x": {"S": "b"}})
    with refused("ValidationException", "Item size to update has exceeded the maximum allowed size"):
        update(dynamodb, "SET m = :x", {":x": {"S": "x" * 409_599}})
    assert get(dynamodb, KEY) == {**KEY, "s": {"S": "x"}}


def test_the_request_is_checked_before_the_table(dynamodb: Any, refused: Refused) -> None:
    with refused("ValidationException", "ReturnValues can only be ALL_OLD or NONE"):
        put(dynamodb, KEY, ReturnValues="ALL_NEW")
    with refused("ValidationException", "The parameter cannot be converted to a numeric value: x"):
        put(dynamodb, {"pk": {"N": "x"}})
    with refused("ValidationException", 'Invalid ConditionExpression: Syntax error; token: "<EOF>", near: "="'):
        put(dynamodb, KEY, ConditionExpression="a =")
    with refused("ResourceNotFoundException", "Requested resource not found"):
        put(dynamodb, {"x": {"S": "a"}})


def test_a_table_can_be_named_by_its_arn(dynamodb: Any, make: Make) -> None:
    arn = make()["TableArn"]
    dynamodb.put_item(TableName=arn, Item=KEY)
    answer = dynamodb.get_item(TableName=arn, Key=KEY, ReturnConsumedCapacity="TOTAL")
    assert answer["Item"] == KEY
    assert answer["ConsumedCapacity"]["TableName"] == arn


def test_items_outlive_the_process(tmp_path: Any) -> None:
    with Cloud(directory=tmp_path / "data") as cloud:
        dynamodb = cloud.client("dynamodb")
        dynamodb.create_table(
            TableName="table",
            AttributeDefinitions=attributes(pk="S"),
            KeySchema=key_schema("pk"),
            BillingMode="PAY_PER_REQUEST",
        )
        put(dynamodb, ALL_TYPES)
    with Cloud(directory=tmp_path / "data") as cloud:
        assert get(cloud.client("dynamodb"), KEY) == ALL_TYPES


def test_an_item_and_its_entry_in_a_local_index_share_the_limit(dynamodb: Any, make: Make, refused: Refused) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-items"""
    make(
        AttributeDefinitions=attributes(pk="S", sk="S", alt="S"),
        KeySchema=key_schema("pk", "sk"),
        LocalSecondaryIndexes=[index("all", "pk", "alt"), index("keys", "pk", "alt", "KEYS_ONLY")],
    )
    keys = {"pk": {"S": "a"}, "sk": {"S": "b"}}
    large = {**keys, "text": {"S": "x" * 210_000}}
    put(dynamodb, large)
    with refused("ValidationException", "Item size has exceeded the maximum allowed size"):
        put(dynamodb, {**large, "alt": {"S": "c"}})
    with refused("ValidationException", "Item size to update has exceeded the maximum allowed size"):
        update(dynamodb, "SET alt = :alt", {":alt": {"S": "c"}}, Key=keys)


def test_an_attribute_has_a_name(dynamodb: Any, make: Make) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-naming-rules"""
    make()
    with pytest.raises(ClientError, match="ValidationException"):
        put(dynamodb, {"pk": {"S": "a"}, "": {"S": "b"}})
    put(dynamodb, {"pk": {"S": "a"}, '"': {"S": "b"}})
