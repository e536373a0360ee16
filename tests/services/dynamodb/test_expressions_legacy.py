"""The parameters that expressions replaced, as pure functions."""

from __future__ import annotations

from typing import Any

import pytest

from hodei.kernel.errors import AwsError
from hodei.services.dynamodb.expressions import KeyCondition, SortRange, legacy
from hodei.services.dynamodb.state import Key

ITEM: dict[str, Any] = {
    "s": {"S": "hello"}, "n": {"N": "5"}, "ss": {"SS": ["a", "b"]}, "l": {"L": [{"S": "x"}]}, "a.b": {"S": "dotted"},
}  # fmt: skip
RANGE = Key(names=("p", "s"), types=("S", "N"))
INVALID = "One or more parameter values were invalid: "


def refusal(function: Any, *args: Any) -> str:
    with pytest.raises(AwsError) as caught:
        function(*args)
    assert caught.value.code == "ValidationException"
    return caught.value.message


def by(operator: str, *listed: dict[str, Any]) -> dict[str, Any]:
    return {"ComparisonOperator": operator, "AttributeValueList": list(listed)}


S, N = {"S": "hello"}, {"N": "5"}


@pytest.mark.feature("dynamodb.items")
@pytest.mark.parametrize(
    ("conditions", "holding"),
    [
        ({"s": by("EQ", S)}, True),
        ({"s": by("NE", S)}, False),
        ({"none": by("NE", S)}, True),
        ({"n": by("LT", {"N": "10"})}, True),
        ({"n": by("GE", {"N": "5.0"})}, True),
        ({"n": by("BETWEEN", {"N": "1"}, {"N": "4"})}, False),
        ({"s": by("IN", {"S": "a"}, S)}, True),
        ({"s": by("NULL")}, False),
        ({"s": by("NOT_NULL")}, True),
        ({"s": by("CONTAINS", {"S": "ell"})}, True),
        ({"ss": by("CONTAINS", {"S": "a"})}, True),
        ({"ss": by("NOT_CONTAINS", {"S": "a"})}, False),
        ({"l": by("NOT_CONTAINS", {"S": "a"})}, True),
        ({"none": by("NOT_CONTAINS", {"S": "a"})}, False),
        ({"s": by("BEGINS_WITH", {"S": "he"})}, True),
        ({"a.b": by("EQ", {"S": "dotted"})}, True),
        ({"s": by("EQ", S), "n": by("EQ", {"N": "6"})}, False),
    ],
)
def test_filters(conditions: dict[str, Any], holding: bool) -> None:
    condition = legacy.filter_from(conditions)
    assert condition is not None
    assert condition.holds(ITEM) is holding
    assert condition.names == set(conditions)


def test_conditional_operator() -> None:
    conditions = {"s": by("EQ", S), "n": by("EQ", {"N": "6"})}
    for operator, holding in (("AND", False), ("OR", True), (None, False)):
        condition = legacy.filter_from(conditions, operator)
        assert condition is not None and condition.holds(ITEM) is holding
    one = {"s": by("EQ", S)}
    message = "ConditionalOperator can only be used when Filter or Expected has two or more elements"
    assert refusal(legacy.filter_from, one, "OR") == message
    message = "ConditionalOperator cannot be used without Filter or Expected"
    assert refusal(legacy.check_operator, "OR", None) == message
    assert legacy.filter_from({}) is None


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        (by("EQ"), "Invalid number of argument(s) for the EQ ComparisonOperator"),
        (by("EQ", S, S), "Invalid number of argument(s) for the EQ ComparisonOperator"),
        (by("NULL", S), "Invalid number of argument(s) for the NULL ComparisonOperator"),
        (by("BETWEEN", S), "Invalid number of argument(s) for the BETWEEN ComparisonOperator"),
        (by("IN"), "Invalid number of argument(s) for the IN ComparisonOperator"),
        (by("LT", {"L": []}), "ComparisonOperator LT is not valid for L AttributeValue type"),
        (by("BEGINS_WITH", N), "ComparisonOperator BEGINS_WITH is not valid for N AttributeValue type"),
        (by("IN", S, N), "AttributeValues inside AttributeValueList must be of same type"),
    ],
)
def test_faults_of_conditions(condition: dict[str, Any], message: str) -> None:
    assert refusal(legacy.filter_from, {"a": condition}) == INVALID + message


def test_between_wants_its_bounds_in_order() -> None:
    message = "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"
    assert refusal(legacy.filter_from, {"a": by("BETWEEN", {"N": "10"}, {"N": "9"})}) == message


@pytest.mark.parametrize(
    ("entry", "holding"),
    [
        ({"Value": S}, True),
        ({"Value": S, "Exists": True}, True),
        ({"Exists": False}, False),
        ({"Value": {"S": "x"}, "ComparisonOperator": "NE"}, True),
        (by("GT", {"S": "a"}), True),
        ({"ComparisonOperator": "NOT_NULL"}, True),
    ],
)
def test_expected(entry: dict[str, Any], holding: bool) -> None:
    condition = legacy.condition_from_expected({"s": entry})
    assert condition is not None and condition.holds(ITEM) is holding


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({}, "Value must be provided when Exists is null for Attribute: a"),
        ({"Exists": True}, "Value must be provided when Exists is true for Attribute: a"),
        ({"Exists": False, "Value": S}, "Value cannot be used when Exists is false for Attribute: a"),
        ({"Value": S, "AttributeValueList": [S]}, "Value and AttributeValueList cannot be used together for Attribute: a"),
        ({"AttributeValueList": [S]}, "AttributeValueList can only be used with a ComparisonOperator for Attribute: a"),
        ({"Exists": True, **by("EQ", S)}, "Exists and ComparisonOperator cannot be used together for Attribute: a"),
        ({"ComparisonOperator": "EQ"}, "Value or AttributeValueList must be used with ComparisonOperator: EQ for Attribute: a"),
        ({"ComparisonOperator": "BETWEEN", "Value": S}, "Invalid number of argument(s) for the BETWEEN ComparisonOperator"),
    ],
)  # fmt: skip
def test_faults_of_expected(entry: dict[str, Any], message: str) -> None:
    assert refusal(legacy.condition_from_expected, {"a": entry}) == INVALID + message


def test_key_conditions() -> None:
    tests = legacy.key_condition_from({"p": by("EQ", S), "s": by("LE", {"N": "5.0"})})
    condition = tests.on(RANGE)
    assert isinstance(condition, KeyCondition) and condition.partition == (S,)
    assert isinstance(condition.sort, SortRange) and condition.sort.start == b""
    length = "Conditions can be of length 1 or 2 only"
    assert refusal(legacy.key_condition_from, {}) == length
    assert refusal(legacy.key_condition_from, {name: by("EQ", S) for name in "abc"}) == length
    message = "Attempted conditional constraint is not an indexable operation"
    assert refusal(legacy.key_condition_from({"p": by("EQ", S), "s": by("NE", N)}).on, RANGE) == message
    assert refusal(legacy.key_condition_from({"p": by("NULL")}).on, RANGE) == message
    assert refusal(legacy.key_condition_from({"p": by("GT", S)}).on, RANGE) == "Query key condition not supported"


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ({"p": by("EQ", S), "a": by("NE", N)}, "Query condition missed key schema element: s"),
        ({"s": by("NE", N)}, "Query condition missed key schema element: p"),
        ({"p": by("EQ", N), "s": by("NE", N)}, INVALID + "Condition parameter type does not match schema type"),
    ],
)
def test_which_keys_are_asked_for_comes_before_how(conditions: dict[str, Any], message: str) -> None:
    assert refusal(legacy.key_condition_from(conditions).on, RANGE) == message


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"n": {"Value": {"N": "1.0"}}}, {"n": {"N": "1"}}),
        ({"x": {"Action": "PUT", "Value": S}}, {"x": S}),
        ({"s": {"Action": "DELETE"}}, {"s": None}),
        ({"n": {"Action": "ADD", "Value": N}}, {"n": {"N": "10"}}),
        ({"x": {"Action": "ADD", "Value": N}}, {"x": N}),
        ({"ss": {"Action": "ADD", "Value": {"SS": ["c"]}}}, {"ss": {"SS": ["a", "b", "c"]}}),
        ({"ss": {"Action": "DELETE", "Value": {"SS": ["a"]}}}, {"ss": {"SS": ["b"]}}),
        ({"l": {"Action": "ADD", "Value": {"L": [N]}}}, {"l": {"L": [{"S": "x"}, N]}}),
        ({"a.b": {"Action": "PUT", "Value": N}}, {"a.b": N}),
    ],
)
def test_attribute_updates(entry: dict[str, Any], expected: dict[str, Any]) -> None:
    update = legacy.update_from_attribute_updates(entry)
    assert update is not None
    after, touched = update.apply(ITEM, ("id",))
    assert touched == tuple((name,) for name in entry)
    assert {name: after.get(name) for name in expected} == expected
    assert {name: value for name, value in after.items() if name not in expected} == {
        name: value for name, value in ITEM.items() if name not in expected
    }


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({}, "Only DELETE action is allowed when no attribute value is specified"),
        ({"Action": "ADD"}, "Only DELETE action is allowed when no attribute value is specified"),
        ({"Action": "DELETE", "Value": S}, "DELETE action with value is not supported for the type S"),
        ({"Action": "ADD", "Value": {"M": {}}}, "ADD action is not supported for the type M"),
    ],
)
def test_faults_of_attribute_updates(entry: dict[str, Any], message: str) -> None:
    assert refusal(legacy.update_from_attribute_updates, {"a": entry}) == INVALID + message


def test_attribute_updates_against_the_item() -> None:
    update = legacy.update_from_attribute_updates({"s": {"Action": "ADD", "Value": N}})
    assert update is not None
    assert refusal(update.apply, ITEM, ("id",)) == "Type mismatch for attribute to update"
    message = INVALID + "Cannot update attribute s. This attribute is part of the key"
    assert refusal(update.apply, ITEM, ("s",)) == message


def test_attributes_to_get() -> None:
    assert legacy.projection_from(["s", "a.b", "none"]).of(ITEM) == {"s": S, "a.b": {"S": "dotted"}}
    assert refusal(legacy.projection_from, ["a", "b", "a"]) == INVALID + "Duplicate value in attribute name: a"


UPDATE = ("UpdateExpression", "ConditionExpression")


@pytest.mark.parametrize(
    ("params", "valued", "message"),
    [
        (
            {"ConditionExpression": "", "Expected": {}, "AttributeUpdates": {}, "UpdateExpression": ""},
            UPDATE,
            "Can not use both expression and non-expression parameters in the same request: "
            "Non-expression parameters: {AttributeUpdates, Expected} Expression parameters: {UpdateExpression, ConditionExpression}",
        ),
        (
            {
                "KeyConditions": {},
                "FilterExpression": "",
                "KeyConditionExpression": "",
                "ScanFilter": {},
                "ConditionalOperator": "OR",
            },
            ("FilterExpression", "KeyConditionExpression"),
            "Can not use both expression and non-expression parameters in the same request: "
            "Non-expression parameters: {ScanFilter, ConditionalOperator, KeyConditions} Expression parameters: {FilterExpression, KeyConditionExpression}",
        ),
        (
            {"ExpressionAttributeNames": {}},
            UPDATE,
            "ExpressionAttributeNames can only be specified when using expressions",
        ),
        (
            {"ExpressionAttributeValues": {}},
            ("ConditionExpression",),
            "ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null",
        ),
        (
            {"ExpressionAttributeValues": {}, "ProjectionExpression": "a"},
            ("FilterExpression", "KeyConditionExpression"),
            "ExpressionAttributeValues can only be specified when using expressions: FilterExpression and KeyConditionExpression are null",
        ),
    ],
)
def test_old_and_new_parameters_exclude_each_other(
    params: dict[str, Any], valued: tuple[str, ...], message: str
) -> None:
    assert refusal(legacy.check_exclusive, params, *valued) == message


def test_what_may_go_together() -> None:
    legacy.check_exclusive({"KeyConditions": {}, "FilterExpression": "a"}, "FilterExpression", "KeyConditionExpression")
    legacy.check_exclusive({"Expected": {}, "ConditionalOperator": "AND"}, "ConditionExpression")
    legacy.check_exclusive({"ConditionExpression": "a", "ExpressionAttributeValues": {}}, "ConditionExpression")
