"""What is refused before an operation begins, and what every answer carries. Texts are those of AWS."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from botocore.config import Config

from hodei.protocol.http import Body, Headers, Request, Response
from hodei.testing import Cloud

pytestmark = pytest.mark.feature("dynamodb.items")

Make = Callable[..., dict[str, Any]]
Refused = Callable[..., Any]

SIGNATURE = (
    "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20240101/us-east-1/dynamodb/aws4_request, "
    "SignedHeaders=host;x-amz-date;x-amz-target, Signature=0"
)
KEY = {"pk": {"S": "a"}}
LENGTH = "TableName must be at least 3 characters long and at most 255 characters long"
REQUIRED = "The parameter 'TableName' is required but was not present in the request"
NAMED = "Value 'abc;' at 'tableName' failed to satisfy constraint: Member must satisfy regular expression pattern: "
NO_KEY = "Value null at 'key' failed to satisfy constraint: Member must not be null"
ENUM = "failed to satisfy constraint: Member must satisfy enum value set: "
ONE = "1 validation error detected: "
TWO = "2 validation errors detected: "
COMPARISONS = "[IN, NULL, BETWEEN, LT, NOT_CONTAINS, EQ, GT, NOT_NULL, NE, LE, BEGINS_WITH, GE, CONTAINS]"


@pytest.fixture
def loose(cloud: Cloud) -> Any:
    """A client that sends whatever it is given."""
    return cloud.client("dynamodb", config=Config(parameter_validation=False))


def post(cloud: Cloud, operation: str, body: Any, authorization: str = SIGNATURE) -> Response:
    """`body`: JSON as it is, or what to make JSON of."""
    headers = [
        ("Host", "dynamodb.us-east-1.amazonaws.com"),
        ("Content-Type", "application/x-amz-json-1.0"),
        ("X-Amz-Target", f"DynamoDB_20120810.{operation}"),
    ]
    if authorization:
        headers.append(("Authorization", authorization))
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return cloud.send(Request("POST", "/", Headers(headers), Body(data)))


REFUSALS: list[tuple[str, dict[str, Any], str]] = [
    *((operation, {}, REQUIRED) for operation in ("create_table", "delete_table", "describe_table", "update_table")),
    ("describe_table", {"TableName": ""}, LENGTH),
    ("describe_table", {"TableName": "ab"}, LENGTH),
    ("create_table", {"TableName": "a" * 256}, LENGTH),
    ("describe_table", {"TableName": "abc;"}, f"{ONE}{NAMED}[a-zA-Z0-9_.-]+"),
    ("get_item", {"TableName": "abc;"}, f"{TWO}{NO_KEY}; {NAMED}[a-zA-Z0-9_.-]+"),
    ("query", {"TableName": "abc;", "KeyConditionExpression": ""}, f"{ONE}{NAMED}[a-zA-Z0-9_.-]+"),
    (
        "put_item",
        {"TableName": "abc", "Item": {}, "ReturnValues": "x"},
        f"{ONE}Value 'x' at 'returnValues' {ENUM}[ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]",
    ),
    (
        "scan",
        {"TableName": "abc", "Select": "x"},
        f"{ONE}Value 'x' at 'select' {ENUM}[SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES]",
    ),
    (
        "scan",
        {"TableName": "abc", "ScanFilter": {"a": {"ComparisonOperator": "x"}}, "ConditionalOperator": "x"},
        f"{TWO}Value 'x' at 'scanFilter.a.member.comparisonOperator' {ENUM}{COMPARISONS}; "
        f"Value 'x' at 'conditionalOperator' {ENUM}[OR, AND]",
    ),
    (
        "create_table",
        {"TableName": "abc", "AttributeDefinitions": [{"AttributeName": "a", "AttributeType": "SS"}]},
        f"{ONE}Value 'SS' at 'attributeDefinitions.1.member.attributeType' {ENUM}[B, N, S]",
    ),
    (
        "get_item",
        {"TableName": "abc", "Key": KEY, "ReturnConsumedCapacity": "x"},
        f"{ONE}Value 'x' at 'returnConsumedCapacity' {ENUM}[INDEXES, TOTAL, NONE]",
    ),
]


@pytest.mark.parametrize(("operation", "params", "message"), REFUSALS)
def test_what_breaks_the_model(
    loose: Any, refused: Refused, operation: str, params: dict[str, Any], message: str
) -> None:
    with refused("ValidationException", message):
        getattr(loose, operation)(**params)


def test_an_unsigned_request_is_refused(cloud: Cloud, make: Make) -> None:
    make("abc")
    assert post(cloud, "GetItem", {"TableName": "abc", "Key": KEY}).status == 200
    response = post(cloud, "GetItem", {"TableName": "abc", "Key": KEY}, authorization="")
    assert response.status == 400
    assert json.loads(response.body) == {
        "__type": "com.amazon.coral.service#MissingAuthenticationTokenException",
        "message": "Request is missing Authentication Token",
    }


def test_every_answer_has_a_checksum(cloud: Cloud, make: Make) -> None:
    make("abc")
    for params in ({"TableName": "abc", "Key": KEY}, {"TableName": "abc", "Key": {}}):
        response = post(cloud, "GetItem", params)
        assert response.header("x-amz-crc32") == str(zlib.crc32(response.body))


WRONG_TYPES: list[tuple[dict[str, Any], str]] = [
    ({"TableName": 1}, "NUMBER_VALUE cannot be converted to String"),
    ({"TableName": 1.5}, "DECIMAL_VALUE cannot be converted to String"),
    ({"TableName": True}, "TRUE_VALUE cannot be converted to String"),
    ({"TableName": []}, "Unrecognized collection type class java.lang.String"),
    ({"TableName": {}}, "Start of structure or map found where not expected"),
    ({"Key": "a"}, "Unexpected field type"),
    (
        {"Key": []},
        "Unrecognized collection type java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.AttributeValue>",
    ),
    ({"Key": {"a": []}}, "Unrecognized collection type class com.amazonaws.dynamodb.v20120810.AttributeValue"),
    ({"Key": {"a": {"S": False}}}, "FALSE_VALUE cannot be converted to String"),
    ({"Key": {"a": {"B": "a"}}}, "Base64 encoded length is expected a multiple of 4 bytes but found: 1"),
    ({"Key": {"a": {"B": 1}}}, "only base-64-encoded strings are convertible to bytes"),
    ({"Key": {"a": {"BOOL": "x"}}}, "Unexpected token received from parser"),
    ({"Key": {"a": {"BOOL": 1}}}, "NUMBER_VALUE cannot be converted to Boolean"),
    ({"Key": {"a": {"SS": "x"}}}, "Unexpected field type"),
    ({"AttributesToGet": {}}, "Start of structure or map found where not expected"),
]


@pytest.mark.parametrize(("params", "message"), WRONG_TYPES)
def test_wrong_types(cloud: Cloud, params: dict[str, Any], message: str) -> None:
    response = post(cloud, "GetItem", params)
    assert response.status == 400
    assert json.loads(response.body) == {
        "__type": "com.amazon.coral.service#SerializationException",
        "Message": message,
    }


@pytest.mark.parametrize("body", [b"{", b'"a"', b"null"])
def test_what_is_no_json_object(cloud: Cloud, body: bytes) -> None:
    response = post(cloud, "GetItem", body)
    assert response.status == 400
    assert json.loads(response.body) == {"__type": "com.amazon.coral.service#SerializationException"}


def test_unknown_operations(cloud: Cloud) -> None:
    response = post(cloud, "Foo", {})
    assert response.status == 400
    assert json.loads(response.body) == {"__type": "com.amazon.coral.service#UnknownOperationException"}
