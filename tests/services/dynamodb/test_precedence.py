"""Of several faults AWS tells one: which parameters there are, keys and items, placeholders, expressions, the table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.config import Config

from hodei.testing import Cloud

pytestmark = pytest.mark.feature("dynamodb.items")

Refused = Callable[..., Any]

KEY: dict[str, Any] = {"pk": {"S": "a"}}
EMPTY: dict[str, Any] = {"pk": {}}
NO_TYPE = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
RETURNED = "ReturnValues can only be ALL_OLD or NONE"
MIXED = "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: "
NAMES = "ExpressionAttributeNames must not be empty"
BAD_CONDITION = {"ConditionExpression": "a =", "ExpressionAttributeNames": {}}
LARGE = {"pk": {"S": "a"}, "b": {"S": "x" * 409_600}}
COUNTLESS: dict[str, Any] = {"a": {"ComparisonOperator": "EQ", "AttributeValueList": []}}
COUNT = "One or more parameter values were invalid: Invalid number of argument(s) for the EQ ComparisonOperator"
TWICE = "One or more parameter values were invalid: Duplicate value in attribute name: a"
BAD_FILTER = {"FilterExpression": "a =", "ExpressionAttributeNames": {}}
TOTAL = "The TotalSegments parameter is required but was not present in the request when Segment parameter is present"
UNUSED = {"ExpressionAttributeValues": {":a": {"S": "a"}, ":b": {"S": "b"}}}
NOT_USED = "Value provided in ExpressionAttributeValues unused in expressions: keys: {:b}"

CASES: list[tuple[str, dict[str, Any], str]] = [
    # which parameters
    (
        "put_item",
        {"Item": EMPTY, "Expected": {}, "ConditionExpression": "a ="},
        MIXED + "{Expected} Expression parameters: {ConditionExpression}",
    ),
    (
        "get_item",
        {"Key": EMPTY, "AttributesToGet": ["a"], "ProjectionExpression": "a,"},
        MIXED + "{AttributesToGet} Expression parameters: {ProjectionExpression}",
    ),
    (
        "get_item",
        {"Key": EMPTY, "ExpressionAttributeNames": {}},
        "ExpressionAttributeNames can only be specified when using expressions",
    ),
    # values of items and keys
    ("put_item", {"Item": EMPTY, "ReturnValues": "ALL_NEW", **BAD_CONDITION}, NO_TYPE),
    ("put_item", {"Item": LARGE, "ReturnValues": "ALL_NEW", **BAD_CONDITION}, RETURNED),
    ("put_item", {"Item": LARGE, **BAD_CONDITION}, "Item size has exceeded the maximum allowed size"),
    ("delete_item", {"Key": EMPTY, "ReturnValues": "ALL_NEW", **BAD_CONDITION}, NO_TYPE),
    ("delete_item", {"Key": KEY, "ReturnValues": "ALL_NEW", **BAD_CONDITION}, RETURNED),
    ("update_item", {"Key": EMPTY, "UpdateExpression": "SET", "ExpressionAttributeNames": {}}, NO_TYPE),
    ("get_item", {"Key": EMPTY, "ProjectionExpression": "a,", "ExpressionAttributeNames": {}}, NO_TYPE),
    ("get_item", {"Key": EMPTY, "AttributesToGet": ["a", "a"]}, NO_TYPE),
    (
        "query",
        {"ExclusiveStartKey": EMPTY, "FilterExpression": "", "ExpressionAttributeNames": {}},
        f"The provided starting key is invalid: {NO_TYPE}",
    ),
    (
        "scan",
        {"ExclusiveStartKey": EMPTY, "FilterExpression": "", "ExpressionAttributeNames": {}},
        f"The provided starting key is invalid: {NO_TYPE}",
    ),
    ("query", {"AttributesToGet": ["a", "a"], "ExclusiveStartKey": EMPTY}, TWICE),
    ("query", {"AttributesToGet": ["a", "a"], "QueryFilter": COUNTLESS}, COUNT),
    ("scan", {"AttributesToGet": ["a", "a"], "ExclusiveStartKey": EMPTY, "ScanFilter": COUNTLESS}, TWICE),
    ("scan", {"ExclusiveStartKey": EMPTY, "Segment": 1}, f"The provided starting key is invalid: {NO_TYPE}"),
    ("scan", {"Segment": 1, **BAD_FILTER}, TOTAL),
    ("scan", {"AttributesToGet": ["a", "a"], "Segment": 1}, TWICE),
    # placeholders, then expressions
    ("put_item", {"Item": {}, **BAD_CONDITION}, NAMES),
    ("query", {"FilterExpression": "", "ExpressionAttributeNames": {}}, NAMES),
    (
        "put_item",
        {"Item": {}, "ConditionExpression": "a ="},
        'Invalid ConditionExpression: Syntax error; token: "<EOF>", near: "="',
    ),
    (
        "update_item",
        {"Key": {}, "UpdateExpression": "", "ConditionExpression": ""},
        "Invalid UpdateExpression: The expression can not be empty;",
    ),
    # whether all placeholders are used, then what a key condition says
    ("query", {"KeyConditionExpression": "a = :a OR b = :a", **UNUSED}, NOT_USED),
    ("query", {"KeyConditionExpression": "a.b = :a", **UNUSED}, NOT_USED),
    (
        "query",
        {"KeyConditionExpression": "attribute_exists(a)", "FilterExpression": ""},
        "Invalid FilterExpression: The expression can not be empty;",
    ),
    (
        "query",
        {"KeyConditions": {"a": COUNTLESS["a"]}, "FilterExpression": ""},
        "Invalid FilterExpression: The expression can not be empty;",
    ),
]


@pytest.mark.parametrize(("operation", "params", "message"), CASES)
def test_precedence(cloud: Cloud, refused: Refused, operation: str, params: dict[str, Any], message: str) -> None:
    """That there is no such table comes last."""
    loose = cloud.client("dynamodb", config=Config(parameter_validation=False))
    with refused("ValidationException", message):
        getattr(loose, operation)(TableName="nope", **params)
