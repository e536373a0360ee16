"""What AWS says of an ExclusiveStartKey that no page ends at, and in which order it says it.

The words differ by what is read (table or index), by Query or Scan, and by whether the value or the key is at fault.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .conftest import attributes, index, key_schema

Make = Callable[..., dict[str, Any]]
Refused = Callable[..., Any]

pytestmark = pytest.mark.feature("dynamodb.items")

INVALID = "The provided starting key is invalid"
MISMATCH = "The provided key element does not match the schema"
OUTSIDE = "The provided starting key is outside query boundaries based on provided conditions"
RANGE = "The provided starting key does not match the range key predicate"
ONE_ROW = "The query can return at most one row and cannot be restarted"
EMPTY = (
    "One or more parameter values are not valid. "
    "The AttributeValue for a key attribute cannot contain an empty string value. Key: "
)
A, ONE = {"S": "a"}, {"N": "1"}
OF_TABLE = {"KeyConditionExpression": "pk = :a", "ExpressionAttributeValues": {":a": A}}
OF_LOCAL = {**OF_TABLE, "IndexName": "local"}
OF_GLOBAL = {**OF_TABLE, "IndexName": "global", "KeyConditionExpression": "a = :a"}
BELOW = {"ExpressionAttributeValues": {":a": A, ":n": {"N": "3"}}}


@pytest.fixture
def table(make: Make, dynamodb: Any) -> Any:
    make(
        AttributeDefinitions=attributes(pk="S", sk="N", a="S", b="N"),
        KeySchema=key_schema("pk", "sk"),
        LocalSecondaryIndexes=[index("local", "pk", "a")],
        GlobalSecondaryIndexes=[index("global", "a", "b", "KEYS_ONLY")],
    )
    return dynamodb


def key(pk: Any = A, sk: Any = ONE, **more: Any) -> dict[str, Any]:
    return {"pk": pk, "sk": sk, **more}


@pytest.mark.parametrize(
    ("parameters", "start", "message"),
    [
        (OF_TABLE, {"pk": A}, INVALID),
        (OF_TABLE, key(a=A), INVALID),
        (OF_TABLE, key(ONE), MISMATCH),
        (OF_TABLE, key(sk=A), MISMATCH),
        (OF_TABLE, key({"S": ""}), EMPTY + "pk"),
        (OF_TABLE, key({"S": "b"}), OUTSIDE),
        (OF_LOCAL, key(), INVALID),
        (OF_LOCAL, key(a=ONE), MISMATCH),
        (OF_LOCAL, key(sk=A, a=A), f"{INVALID}: {MISMATCH}"),
        (OF_LOCAL, key({"S": "b"}, a=A), OUTSIDE),
        (OF_GLOBAL, key(a=A), INVALID),
        (OF_GLOBAL, key(a=ONE, b=ONE), MISMATCH),
        (OF_GLOBAL, key(ONE, a=ONE, b=ONE), MISMATCH),
        (OF_GLOBAL, key(ONE, a=A, b=ONE), f"{INVALID}: {MISMATCH}"),
        (OF_GLOBAL, key({"S": ""}, a=A, b=ONE), f"{INVALID}: {EMPTY}pk"),
        (OF_GLOBAL, key(a={"S": ""}, b=ONE), EMPTY + "a"),
    ],
)
def test_start_keys_of_queries(
    table: Any, refused: Refused, parameters: dict[str, Any], start: dict[str, Any], message: str
) -> None:
    with refused("ValidationException", message):
        table.query(TableName="table", ExclusiveStartKey=start, **parameters)


@pytest.mark.parametrize("test", ["< :n", "BETWEEN :n AND :n", "= :n"])
def test_start_keys_beside_a_range(table: Any, refused: Refused, test: str) -> None:
    within = {"N": "2" if test.startswith("<") else "3"}
    query = {**BELOW, "TableName": "table", "KeyConditionExpression": f"pk = :a AND sk {test}"}
    assert table.query(**query, ExclusiveStartKey=key(sk=within))["Count"] == 0
    for start, message in (
        (key(sk={"N": "9"}), RANGE),
        (key({"S": "b"}, {"N": "9"}), RANGE),
        (key({"S": "b"}, within), ONE_ROW),
    ):
        with refused("ValidationException", message):
            table.query(**query, ExclusiveStartKey=start)


@pytest.mark.parametrize(
    ("name", "start", "message"),
    [
        (None, {}, f"{INVALID}: {MISMATCH}"),
        (None, key(sk=A), f"{INVALID}: {MISMATCH}"),
        (None, key({"S": ""}), f"{INVALID}: {EMPTY}pk"),
        ("local", {}, INVALID),
        ("local", key(), INVALID),
        ("local", key(a=ONE), MISMATCH),
        ("global", key(a=A, b=A), MISMATCH),
        ("global", key(sk=A, a=A, b=ONE), f"{INVALID}: {MISMATCH}"),
    ],
)
def test_start_keys_of_scans(
    table: Any, refused: Refused, name: str | None, start: dict[str, Any], message: str
) -> None:
    with refused("ValidationException", message):
        table.scan(TableName="table", ExclusiveStartKey=start, **({"IndexName": name} if name else {}))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"NULL": False}, f"{INVALID}: One or more parameter values were invalid: Null attribute value types must "
         "have the value of true"),
        ({"SS": []}, f"{INVALID}: One or more parameter values were invalid: An string set  may not be empty"),
        ({"NS": []}, "One or more parameter values were invalid: An number set  may not be empty"),
        ({"SS": ["a", "a"]}, "One or more parameter values were invalid: Input collection [a, a] contains duplicates."),
        ({"NS": ["1", "1"]}, "Input collection contains duplicates"),
        ({"N": "x"}, "The parameter cannot be converted to a numeric value: x"),
        ({"L": [{"N": "x"}]}, "The parameter cannot be converted to a numeric value: x"),
        ({"N": "1e200"}, "Number overflow. Attempting to store a number with magnitude larger than supported range"),
    ],
)  # fmt: skip
def test_values_that_cannot_be_read(table: Any, refused: Refused, value: dict[str, Any], message: str) -> None:
    with refused("ValidationException", message):
        table.query(TableName="table", ExclusiveStartKey=key(sk=value), **OF_TABLE)
    with refused("ValidationException", message):
        table.scan(TableName="table", ExclusiveStartKey=key(sk=value))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"IndexName": "none"}, "The table does not have the specified index: none"),
        ({"KeyConditionExpression": "sk = :a"}, INVALID),
        ({"KeyConditionExpression": "pk > :a"}, INVALID),
        ({"ExpressionAttributeValues": {":a": ONE}}, INVALID),
        ({"FilterExpression": "sk = :a"}, INVALID),
        ({"FilterExpression": "a[0] = :a"}, INVALID),
        ({"IndexName": "global", "KeyConditionExpression": "a = :a", "ProjectionExpression": "c"}, INVALID),
    ],
)
def test_the_shape_of_a_start_key_comes_before_what_is_read(
    table: Any, refused: Refused, parameters: dict[str, Any], message: str
) -> None:
    with refused("ValidationException", message):
        table.query(**{"TableName": "table", "ExclusiveStartKey": {"c": A}, **OF_TABLE, **parameters})


def test_where_a_start_key_lies_comes_between_key_conditions_and_filters(table: Any, refused: Refused) -> None:
    outside = {"TableName": "table", "ExclusiveStartKey": key({"S": "b"}), "FilterExpression": "sk = :a"}
    with refused("ValidationException", OUTSIDE):
        table.query(**outside, **OF_TABLE)
    with refused("ValidationException", "Query condition missed key schema element: pk"):
        table.query(**outside, **{**OF_TABLE, "KeyConditionExpression": "sk = :a"})
