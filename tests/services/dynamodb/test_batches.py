"""BatchGetItem and BatchWriteItem."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hodei.testing import Cloud

pytestmark = pytest.mark.feature("dynamodb.items")

Make = Callable[..., dict[str, Any]]
Refused = Callable[..., Any]

DUPLICATES = "Provided list of item keys contains duplicates"


def key(name: str) -> dict[str, Any]:
    return {"pk": {"S": name}}


def put(name: str, **more: Any) -> dict[str, Any]:
    return {"PutRequest": {"Item": key(name) | more}}


def delete(name: str) -> dict[str, Any]:
    return {"DeleteRequest": {"Key": key(name)}}


def write(dynamodb: Any, *requests: dict[str, Any], **more: Any) -> dict[str, Any]:
    return dict(dynamodb.batch_write_item(RequestItems={"table": list(requests)}, **more))


def read(dynamodb: Any, *names: str, **more: Any) -> dict[str, Any]:
    return dict(dynamodb.batch_get_item(RequestItems={"table": {"Keys": [key(name) for name in names], **more}}))


def test_a_batch_puts_and_deletes_in_several_tables(dynamodb: Any, make: Make) -> None:
    make()
    make("other")
    write(dynamodb, put("old"))
    answer = dynamodb.batch_write_item(
        RequestItems={"table": [put("a", n={"N": "1.0"}), delete("old"), delete("none")], "other": [put("b")]}
    )
    assert answer["UnprocessedItems"] == {}
    found = dynamodb.batch_get_item(
        RequestItems={
            "table": {"Keys": [key("a"), key("old")], "ConsistentRead": True},
            "other": {"Keys": [key("b")]},
        }
    )
    assert found["Responses"] == {"table": [key("a") | {"n": {"N": "1"}}], "other": [key("b")]}
    assert found["UnprocessedKeys"] == {}


def test_projections_of_a_batch(dynamodb: Any, make: Make) -> None:
    make()
    write(dynamodb, put("a", n={"N": "1"}, m={"M": {"x": {"S": "y"}}}))
    names = {"#m": "m"}
    found = read(dynamodb, "a", ProjectionExpression="#m.x", ExpressionAttributeNames=names)
    assert found["Responses"]["table"] == [{"m": {"M": {"x": {"S": "y"}}}}]
    assert read(dynamodb, "a", AttributesToGet=["n"])["Responses"]["table"] == [{"n": {"N": "1"}}]
    assert read(dynamodb, "nobody")["Responses"] == {"table": []}


def test_the_batch_writer_of_the_resource_api(cloud: Cloud, make: Make) -> None:
    make()
    table = cloud.resource("dynamodb").Table("table")
    with table.batch_writer() as batch:
        for number in range(60):
            batch.put_item(Item={"pk": f"{number}", "n": number})
        batch.delete_item(Key={"pk": "0"})
    assert table.scan()["Count"] == 59


def test_what_does_not_fit_into_16_megabytes_is_left_for_the_next_call(dynamodb: Any, make: Make) -> None:
    make()
    names = [f"{number:02}" for number in range(50)]
    for name in names:
        write(dynamodb, put(name, x={"B": b"x" * 400_000}))
    found: list[str] = []
    asked = {"table": {"Keys": [key(name) for name in names], "ProjectionExpression": "pk"}}
    while asked:
        answer = dynamodb.batch_get_item(RequestItems=asked)
        found += [item["pk"]["S"] for item in answer["Responses"]["table"]]
        asked = answer["UnprocessedKeys"]
        assert len(found) == 50 or (len(found) == 41 and asked["table"]["ProjectionExpression"] == "pk")
    assert sorted(found) == names


def test_a_batch_that_is_refused_writes_nothing(dynamodb: Any, make: Make, refused: Refused) -> None:
    make()
    with refused("ValidationException", DUPLICATES):
        write(dynamodb, put("a"), put("b"), delete("a"))
    with refused("ValidationException", "The provided key element does not match the schema"):
        write(dynamodb, put("a"), {"DeleteRequest": {"Key": {"x": {"S": "a"}}}})
    with refused("ResourceNotFoundException", "Requested resource not found"):
        dynamodb.batch_write_item(RequestItems={"table": [put("a")], "nowhere": [put("a")]})
    for neither_or_both in ({}, put("b") | delete("b")):
        with refused(
            "ValidationException",
            "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported "
            "datatypes",
        ):
            write(dynamodb, put("a"), neither_or_both)
    assert dynamodb.scan(TableName="table")["Count"] == 0


def test_batches_have_limits(dynamodb: Any, make: Make, refused: Refused) -> None:
    make()
    make("other")
    with refused("ValidationException", "Too many items requested for the BatchWriteItem call"):
        dynamodb.batch_write_item(
            RequestItems={name: [put(str(number)) for number in range(13)] for name in ("table", "other")}
        )
    with refused("ValidationException", "Too many items requested for the BatchGetItem call"):
        dynamodb.batch_get_item(
            RequestItems={name: {"Keys": [key(str(number)) for number in range(51)]} for name in ("table", "other")}
        )
    with refused("ValidationException", DUPLICATES):
        read(dynamodb, "a", "b", "a")
    with refused("ValidationException", "Item size has exceeded the maximum allowed size"):
        write(dynamodb, put("a", x={"S": "x" * 409_600}))


def test_equal_numbers_are_one_key(dynamodb: Any, make: Make, refused: Refused) -> None:
    make(AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "N"}])
    with refused("ValidationException", DUPLICATES):
        dynamodb.batch_get_item(RequestItems={"table": {"Keys": [{"pk": {"N": "1"}}, {"pk": {"N": "1.0"}}]}})


@pytest.mark.parametrize("item", [{"pk": {"N": "1"}}, {"pk": {"M": {}}}, {"x": {"S": "a"}}])
def test_keys_of_puts_are_refused_as_those_of_deletes_are(
    dynamodb: Any, make: Make, refused: Refused, item: dict[str, Any]
) -> None:
    """Not as PutItem does: https://github.com/aws-samples/csv-to-dynamodb/issues/16"""
    make()
    with refused("ValidationException", "The provided key element does not match the schema"):
        dynamodb.batch_write_item(RequestItems={"table": [{"PutRequest": {"Item": item}}]})


A: dict[str, Any] = {"pk": {"S": "a"}}
NUMBERED: dict[str, Any] = {"pk": {"N": "1"}}
UNREADABLE: dict[str, Any] = {"pk": {"N": "x"}}
NUMERIC = "The parameter cannot be converted to a numeric value: x"
MISMATCH = "The provided key element does not match the schema"


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"nowhere": {"Keys": [A, A]}}, DUPLICATES),
        ({"nowhere": {"Keys": [NUMBERED, {"pk": {"N": "1.0"}}]}}, DUPLICATES),
        ({"table": {"Keys": [NUMBERED, NUMBERED]}}, DUPLICATES),
        ({"table": {"Keys": [NUMBERED, NUMBERED, UNREADABLE]}}, DUPLICATES),
        ({"table": {"Keys": [NUMBERED, UNREADABLE, NUMBERED]}}, NUMERIC),
        ({"table": {"Keys": [A, A]}, "other": {"Keys": [UNREADABLE]}}, DUPLICATES),
        (
            {"table": {"Keys": [UNREADABLE], "ProjectionExpression": ""}},
            "Invalid ProjectionExpression: The expression can not be empty;",
        ),
        ({"table": {"Keys": [NUMBERED]}, "nowhere": {"Keys": [A]}}, MISMATCH),
    ],
)
def test_the_order_in_which_reads_are_refused(
    dynamodb: Any, make: Make, refused: Refused, wanted: dict[str, Any], message: str
) -> None:
    make()
    with refused("ValidationException", message):
        dynamodb.batch_get_item(RequestItems=wanted)


@pytest.mark.parametrize(
    ("last", "message"),
    [
        ([put("a"), delete("a"), {"PutRequest": {"Item": NUMBERED}}], DUPLICATES),
        ([put("a"), {"PutRequest": {"Item": NUMBERED}}, delete("a")], MISMATCH),
        ([put("a"), delete("a"), {"PutRequest": {"Item": UNREADABLE}}], NUMERIC),
    ],
)
def test_the_order_in_which_writes_are_refused(
    dynamodb: Any, make: Make, refused: Refused, last: list[dict[str, Any]], message: str
) -> None:
    make()
    with refused("ValidationException", message):
        write(dynamodb, *last)
