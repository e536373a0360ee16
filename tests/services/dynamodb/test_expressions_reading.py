"""Projection expressions, key conditions and placeholders, as pure functions."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hodei.kernel.errors import AwsError
from hodei.services.dynamodb import values
from hodei.services.dynamodb.expressions import (
    KeyCondition,
    KeyTests,
    Placeholders,
    SortRange,
    check_key_condition,
    key_tests,
    parse_condition,
    parse_projection,
)
from hodei.services.dynamodb.state import Key

ITEM: dict[str, Any] = {
    "a": {"S": "1"},
    "m": {"M": {"x": {"S": "2"}, "y": {"M": {"z": {"S": "3"}}}}},
    "l": {"L": [{"S": "0"}, {"M": {"k": {"S": "4"}}}, {"S": "5"}]},
}
HASH = Key(names=("p",), types=("S",))
RANGE = Key(names=("p", "s"), types=("S", "S"))
NUMBERED = Key(names=("p", "s"), types=("S", "N"))
VALUES: dict[str, Any] = {
    ":a": {"S": "a"}, ":b": {"S": "b"}, ":ff": {"B": b"a\xff\xff"}, ":1": {"N": "1"}, ":2": {"N": "2"}, ":e": {"S": ""},
}  # fmt: skip


def refusal(function: Any, *args: Any) -> str:
    with pytest.raises(AwsError) as caught:
        function(*args)
    assert caught.value.code == "ValidationException"
    return caught.value.message


def parse_key_condition(text: str, placeholders: Placeholders) -> KeyTests:
    check_key_condition(text, placeholders)
    return key_tests(text, placeholders)


@pytest.mark.feature("dynamodb.items")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", {"a": {"S": "1"}}),
        ("a, gone", {"a": {"S": "1"}}),
        ("#n", {"m": ITEM["m"]}),
        ("#n.x", {"m": {"M": {"x": {"S": "2"}}}}),
        ("m.y.z, m.x", {"m": {"M": {"y": {"M": {"z": {"S": "3"}}}, "x": {"S": "2"}}}}),
        ("l[2], l[0]", {"l": {"L": [{"S": "0"}, {"S": "5"}]}}),
        ("l[1].k", {"l": {"L": [{"M": {"k": {"S": "4"}}}]}}),
        ("l[9], m.gone, a.b", {}),
    ],
)
def test_projections(text: str, expected: dict[str, Any]) -> None:
    assert parse_projection(text, Placeholders({"#n": "m"}, None)).of(ITEM) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "The expression can not be empty;"),
        ("a b", 'Syntax error; token: "b", near: "a b"'),
        ("a,", 'Syntax error; token: "<EOF>", near: ","'),
        ("a-b", 'Syntax error; token: "-", near: "a-b"'),
        ("a, :v", 'Syntax error; token: ":v", near: ", :v"'),
        ("a.name", "Attribute name is a reserved keyword; reserved keyword: name"),
        ("a, #x", "An expression attribute name used in the document path is not defined; attribute name: #x"),
        ("a, a", "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a]"),
        ("a[1].b, c, a", "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a, [1], b], path two: [a]"),
        ("a.b, a[1]", "Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [a, b], path two: [a, [1]]"),
    ],
)  # fmt: skip
def test_faults_of_projections(text: str, message: str) -> None:
    assert refusal(parse_projection, text, Placeholders(None, None)) == f"Invalid ProjectionExpression: {message}"


@pytest.mark.parametrize(
    ("text", "key", "expected"),
    [
        ("p = :a", HASH, None),
        (":a = p", RANGE, None),
        ("s = :b AND p = :a", RANGE, SortRange(b"b", b"b\0")),
        ("p = :a and s < :b", RANGE, SortRange(b"", b"b")),
        ("p = :a and s <= :b", RANGE, SortRange(b"", b"b\0")),
        ("p = :a and s > :b", RANGE, SortRange(b"b\0", None)),
        ("p = :a and :b < s", RANGE, SortRange(b"b\0", None)),
        ("p = :a and s >= :b", RANGE, SortRange(b"b", None)),
        ("p = :a and s between :a and :b", RANGE, SortRange(b"a", b"b\0")),
        ("(p = :a) and begins_with(s, :b)", RANGE, SortRange(b"b", b"c")),
        ("p = :a and s between :1 and :2", NUMBERED, SortRange(values.sort_bytes("N", "1"), values.sort_bytes("N", "2") + b"\0")),
    ],
)  # fmt: skip
def test_key_conditions(text: str, key: Key, expected: SortRange | None) -> None:
    assert parse_key_condition(text, Placeholders(None, VALUES)).on(key) == KeyCondition(({"S": "a"},), expected)


def test_a_prefix_of_the_greatest_bytes_has_no_end() -> None:
    key = Key(names=("p", "s"), types=("S", "B"))
    for prefix, expected in ((b"a\xff\xff", SortRange(b"a\xff\xff", b"b")), (b"\xff", SortRange(b"\xff", None))):
        placeholders = Placeholders(None, {":a": {"S": "a"}, ":p": {"B": prefix}})
        assert parse_key_condition("p = :a and begins_with(s, :p)", placeholders).on(key).sort == expected


@given(st.sampled_from("SNB"), st.data())
def test_a_range_of_sort_keys_has_what_the_condition_says(kind: str, data: st.DataObject) -> None:
    content: Any = {"S": st.text(min_size=1), "B": st.binary(min_size=1), "N": st.integers(-999, 999).map(str)}[kind]
    key = Key(names=("p", "s"), types=("S", kind))
    texts = ["s = :v", "s < :v", "s <= :v", "s > :v", "s >= :v", "s between :v and :w"]
    text = data.draw(st.sampled_from(texts if kind == "N" else [*texts, "begins_with(s, :v)"]))
    one, bound, other = (
        {kind: value.encode("utf-8", "ignore").decode() or "x" if kind == "S" else value}
        for value in data.draw(st.tuples(content, content, content))
    )
    low, high = sorted((bound, other), key=values.order_of)
    given_values = {":p": {"S": "a"}, ":v": low, ":w": high} if "between" in text else {":p": {"S": "a"}, ":v": bound}
    found = parse_key_condition(f"p = :p and {text}", Placeholders(None, given_values)).on(key).sort
    assert found is not None
    place = values.sort_bytes(kind, one[kind])
    inside = found.start <= place and (found.end is None or place < found.end)
    assert inside is parse_condition(text, Placeholders(None, given_values)).holds({"s": one})


NOT_SUPPORTED = "Query key condition not supported"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("p = :a and", 'Invalid KeyConditionExpression: Syntax error; token: "<EOF>", near: "and"'),
        ("p = :no", "Invalid KeyConditionExpression: An expression attribute value used in expression is not defined; attribute value: :no"),
        ("p = :a OR s = :b", "Invalid operator used in KeyConditionExpression: OR"),
        ("NOT p = :a", "Invalid operator used in KeyConditionExpression: NOT"),
        ("p = :a and s <> :b", "Invalid operator used in KeyConditionExpression: <>"),
        ("p = :a and s in (:b)", "Invalid operator used in KeyConditionExpression: IN"),
        ("p = :a and attribute_exists(s)", "Invalid operator used in KeyConditionExpression: attribute_exists"),
        ("p = :a and contains(s, :b)", "Invalid operator used in KeyConditionExpression: contains"),
        ("p = :a and size(s) = :1", "KeyConditionExpressions cannot contain nested operations"),
        ("p = s", "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition"),
        (":a = :b", "Invalid condition in KeyConditionExpression: No key attribute specified"),
        ("p.a = :a", "KeyConditionExpressions cannot have conditions on nested attributes"),
        ("p = :a and begins_with(:b, s)", "Invalid condition in KeyConditionExpression: begins_with operator must have the key attribute as its first operand"),
        ("p = :a and :b between :a and s", "Invalid condition in KeyConditionExpression: BETWEEN operator must have the key attribute as its first operand"),
        ("p = :a and s > :a and s < :b", "KeyConditionExpressions must only contain one condition per key"),
        ("p = :a and s = :a and t = :b", "Conditions can be of length 1 or 2 only"),
        ("s = :a", "Query condition missed key schema element: p"),
        ("p = :a and t = :b", "Query condition missed key schema element: s"),
        ("p > :a", NOT_SUPPORTED),
        ("begins_with(p, :a) and s = :b", NOT_SUPPORTED),
        ("p = :1", "One or more parameter values were invalid: Condition parameter type does not match schema type"),
        ("p = :a and s = :1", "One or more parameter values were invalid: Condition parameter type does not match schema type"),
        ("p = :e", "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: p"),
    ],
)  # fmt: skip
def test_faults_of_key_conditions(text: str, message: str) -> None:
    placeholders = Placeholders(None, VALUES)
    assert refusal(lambda: parse_key_condition(text, placeholders).on(RANGE)) == message


def test_a_key_without_sort_has_no_condition_on_it() -> None:
    tests = parse_key_condition("p = :a and s = :b", Placeholders(None, VALUES))
    assert refusal(tests.on, HASH) == NOT_SUPPORTED


@pytest.mark.parametrize(
    ("names", "given_values", "message"),
    [
        ({}, None, "ExpressionAttributeNames must not be empty"),
        (None, {}, "ExpressionAttributeValues must not be empty"),
        ({"a": "a"}, {}, 'ExpressionAttributeNames contains invalid key: Syntax error; key: "a"'),
        ({"#": "a"}, None, 'ExpressionAttributeNames contains invalid key: Syntax error; key: "#"'),
        (
            {"": "a"},
            None,
            "ExpressionAttributeNames contains invalid key: The expression attribute map contains an empty key",
        ),
        ({"#a": ""}, None, "ExpressionAttributeNames contains invalid value: for key #a"),
        ({"#a-b": "a"}, None, 'ExpressionAttributeNames contains invalid key: Syntax error; key: "#a-b"'),
        (None, {"a": {"S": "a"}}, 'ExpressionAttributeValues contains invalid key: Syntax error; key: "a"'),
        (
            None,
            {":a": {}},
            "ExpressionAttributeValues contains invalid value: Supplied AttributeValue is empty, must contain exactly one of the supported datatypes for key :a",
        ),
        (
            None,
            {":a": {"N": "x"}},
            "ExpressionAttributeValues contains invalid value: The parameter cannot be converted to a numeric value: x for key :a",
        ),
        (
            {"#" + "a" * 255: "a"},
            None,
            "ExpressionAttributeNames contains invalid key: The expression attribute map contains a key that is too long; size of key: 256",
        ),
        ({"#a": "a" * 2**21}, None, "ExpressionAttributeNames exceeds max size"),
        (None, {":a": {"S": "a" * 2**21}}, "ExpressionAttributeValues exceeds max size"),
    ],
)
def test_malformed_placeholders(
    names: dict[str, str] | None, given_values: dict[str, Any] | None, message: str
) -> None:
    assert refusal(Placeholders, names, given_values) == message


def test_placeholders_that_no_expression_uses_are_refused() -> None:
    placeholders = Placeholders({"#a": "a", "#b": "b", "#c": "c"}, {":a": {"S": ""}, ":b": {"S": ""}})
    parse_condition("#a = :a", placeholders)
    message = "Value provided in ExpressionAttributeNames unused in expressions: keys: {#b, #c}"
    assert refusal(placeholders.check_used) == message
    parse_projection("#b, #c", placeholders)
    message = "Value provided in ExpressionAttributeValues unused in expressions: keys: {:b}"
    assert refusal(placeholders.check_used) == message
    parse_condition("#a = :b", placeholders, "FilterExpression")
    placeholders.check_used()
