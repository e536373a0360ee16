"""Validation by the model in AWS's words; the messages are recorded answers of AWS."""

from __future__ import annotations

from typing import Any

import pytest

from hodei.protocol.javaregex import compile_pattern
from hodei.protocol.model import load_model
from hodei.protocol.validate import Violation, aggregated_message, validator_for


def violations(service: str, operation: str, params: dict[str, Any]) -> list[Violation]:
    return validator_for(load_model(service).operations[operation])(params)


RECORDED = [
    (
        "events",
        "PutTargets",
        {"Rule": "r", "Targets": [{"Id": "!@#$@!#$", "Arn": "a"}]},
        "1 validation error detected: Value '!@#$@!#$' at 'targets.1.member.id' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: [\.\-_A-Za-z0-9]+",
    ),
    (
        "kms",
        "GenerateRandom",
        {"NumberOfBytes": 0},
        "1 validation error detected: Value '0' at 'numberOfBytes' failed to satisfy constraint: "
        "Member must have value greater than or equal to 1",
    ),
    (
        "kms",
        "Encrypt",
        {"KeyId": "k", "Plaintext": b"a" * 4097},
        "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: "
        "Member must have length less than or equal to 4096",
    ),
    (
        "logs",
        "DescribeLogGroups",
        {"limit": 51},
        "1 validation error detected: Value '51' at 'limit' failed to satisfy constraint: "
        "Member must have value less than or equal to 50",
    ),
    (
        "sns",
        "UntagResource",
        {"ResourceArn": "a"},
        "1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: Member must not be null",
    ),
    (
        "lambda",
        "CreateFunction",
        {
            "FunctionName": "f",
            "Role": "arn:aws:iam::123456789012:role/r",
            "Code": {},
            "Architectures": ["x86_64", "arm64"],
        },
        "1 validation error detected: Value '[x86_64, arm64]' at 'architectures' failed to satisfy constraint: "
        "Member must have length less than or equal to 1",
    ),
    (
        "lambda",
        "CreateFunction",
        {"FunctionName": "f", "Role": "r1", "Code": {}},
        "1 validation error detected: Value 'r1' at 'role' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+",
    ),
    (
        "lambda",
        "UpdateAlias",
        {"FunctionName": "f", "Name": "a", "RoutingConfig": {"AdditionalVersionWeights": {"$LATEST": 0.5}}},
        "1 validation error detected: Value '{$LATEST=0.5}' at 'routingConfig.additionalVersionWeights' failed to satisfy "
        "constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 1024, "
        "Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [0-9]+]",
    ),
    (
        "logs",
        "PutMetricFilter",
        {
            "logGroupName": "g",
            "filterName": "f",
            "filterPattern": "",
            "metricTransformations": [
                {"metricName": "metric1", "metricNamespace": "namespace1", "metricValue": "1"},
                {"metricName": "metric2", "metricNamespace": "namespace2", "metricValue": "1"},
            ],
        },
        "1 validation error detected: Value '[MetricTransformation(metricName=metric1, metricNamespace=namespace1, "
        "metricValue=1, defaultValue=null, dimensions=null, unit=null), MetricTransformation(metricName=metric2, "
        "metricNamespace=namespace2, metricValue=1, defaultValue=null, dimensions=null, unit=null)]' at "
        "'metricTransformations' failed to satisfy constraint: Member must have length less than or equal to 1",
    ),
    (
        "sts",
        "AssumeRole",
        {"RoleArn": "arn:aws:iam::123456789012:role/r", "RoleSessionName": "Session1:2"},
        "1 validation error detected: Value 'Session1:2' at 'roleSessionName' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: [\w+=,.@-]*",
    ),
    (
        "dynamodb",
        "BatchWriteItem",
        {"RequestItems": {"test-table": []}},
        "1 validation error detected: Value '{test-table=[]}' at 'requestItems' failed to satisfy constraint: Map value "
        "must satisfy constraint: [Member must have length less than or equal to 25, "
        "Member must have length greater than or equal to 1]",
    ),
    (
        "dynamodb",
        "BatchWriteItem",
        {"RequestItems": {"test-table": [{"PutRequest": {}}]}},
        "1 validation error detected: Value null at 'requestItems.test-table.member.1.member.putRequest.item' failed to "
        "satisfy constraint: Member must not be null",
    ),
]


@pytest.mark.parametrize(("service", "operation", "params", "message"), RECORDED)
def test_messages(service: str, operation: str, params: dict[str, Any], message: str) -> None:
    assert aggregated_message(violations(service, operation, params)) == message


def test_the_body_of_api_gateway_has_a_path_of_its_own() -> None:
    params = {
        "restApiId": "a",
        "resourceId": "b",
        "httpMethod": "GET",
        "statusCode": "wrong",
        "patchOperations": [{"op": "wrong_op"}],
    }
    found = violations("apigateway", "UpdateMethodResponse", params)
    assert [violation.path for violation in found] == [
        "statusCode",
        "updateMethodResponseInput.patchOperations.1.member.op",
    ]
    assert aggregated_message(found).startswith("2 validation errors detected: Value 'wrong' at 'statusCode' failed to")


def test_kinds() -> None:
    found = violations(
        "dynamodb", "CreateTable", {"TableName": "", "AttributeDefinitions": [{"AttributeType": "X"}], "KeySchema": []}
    )
    assert [(violation.path, violation.kind) for violation in found if violation.path != "keySchema"] == [
        ("attributeDefinitions.1.member.attributeName", "required"),
        ("attributeDefinitions.1.member.attributeType", "enum"),
        ("tableName", "min"),
    ]


def test_good_values() -> None:
    item = {"a": {"M": {"b": {"L": [{"S": "x"}]}}}}
    assert violations("dynamodb", "PutItem", {"TableName": "t", "Item": item}) == []
    assert violations("sqs", "ListQueues", {}) == []


def test_recursion_is_checked_all_the_way_down() -> None:
    item = {"a": {"M": {"b": {"L": [{"M": {"k" * 65536: {"S": "x"}}}]}}}}
    (found,) = violations("dynamodb", "PutItem", {"TableName": "t", "Item": item})
    assert (found.path, found.kind) == ("item.a.member.m.b.member.l.1.member.m", "keys")


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        (r"[1-5]\d\d", "200", "2000"),
        (r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$", "Größe 日本 1", "a#"),
        (r"[\w- ]*", "a-b c", "a+b"),
        (r"(?!(?i)AWS_)[a-zA-Z_]*", "other_", "aws_x"),
        (r"^(?i)(true|false)$", "TRUE", "yes"),
        (r"\P{C}+", "a b", "a\x00"),
        (r"[\P{M}\p{M}]*", "a\u0300\n", None),
        (r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]*", "😹", "\n"),
        (r"\p{Alpha}\p{Digit}", "a1", "1a"),
        (r"[a-z&&[^x]]", None, None),
    ],
)
def test_java_patterns(pattern: str, good: str | None, bad: str | None) -> None:
    matches = compile_pattern(pattern)
    if good is None:
        assert matches is None, "beyond Python"
        return
    assert matches is not None
    assert matches(good)
    assert bad is None or not matches(bad)
