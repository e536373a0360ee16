"""Condition and filter expressions, as pure functions."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hodei.kernel.errors import AwsError
from hodei.services.dynamodb.expressions import Placeholders, parse_condition

ITEM: dict[str, Any] = {
    "s": {"S": "hello"}, "n": {"N": "10"}, "big": {"N": "9"}, "bin": {"B": b"\x01\x02"}, "ss": {"SS": ["a", "b"]},
    "ns": {"NS": ["1", "2"]}, "l": {"L": [{"S": "x"}, {"M": {"k": {"N": "1"}}}]}, "nul": {"NULL": True},
    "m": {"M": {"a": {"M": {"b": {"S": "deep"}}}, "odd.name": {"S": "dot"}}}, "yes": {"BOOL": True},
    "t": {"S": "hello"},
}  # fmt: skip
NAMES = {"#m": "m", "#a": "a", "#odd": "odd.name", "#none": "nothing"}
VALUES: dict[str, Any] = {
    ":s": {"S": "hello"}, ":h": {"S": "he"}, ":z": {"S": "z"}, ":n": {"N": "10"}, ":2": {"N": "2"}, ":9": {"N": "9.5"},
    ":11": {"N": "11"}, ":a": {"S": "a"}, ":x": {"S": "x"}, ":b": {"B": b"\x01"}, ":ss": {"SS": ["b", "a"]},
    ":S": {"S": "S"}, ":t": {"BOOL": True}, ":l": {"L": []}, ":null": {"NULL": True}, ":bad": {"S": "STRING"},
    ":k": {"M": {"k": {"N": "1"}}}, ":deep": {"S": "deep"}, ":5": {"N": "5"}, ":NS": {"S": "NS"},
}  # fmt: skip


def holds(text: str, item: dict[str, Any] | None = None) -> bool:
    return parse_condition(text, Placeholders(NAMES, VALUES)).holds(ITEM if item is None else item)


def refusal(text: str, kind: str = "ConditionExpression") -> str:
    with pytest.raises(AwsError) as caught:
        parse_condition(text, Placeholders(NAMES, VALUES), kind)
    assert caught.value.code == "ValidationException"
    prefix, _, message = caught.value.message.partition(": ")
    assert prefix == f"Invalid {kind}"
    return message


@pytest.mark.feature("dynamodb.items")
@pytest.mark.parametrize(
    "text",
    [
        "s = :s", ":s = s", "s = t", "s <> :z", "n = :n", "n > :9", "n >= :n", "n < :11", "n <= :n", "big < :9",
        "nothing <> :s", "n <> :s", "ss = :ss", "s between :h and :z", "n between :9 and :11", "s in (:a, :s)",
        "attribute_exists(s)", "attribute_exists(m.a.b)", "attribute_not_exists(m.a.c)", "attribute_not_exists(s.x)",
        "attribute_not_exists(l[2])", "attribute_not_exists(m[0])", "attribute_type(s, :S)", "attribute_type(ns, :NS)",
        "begins_with(s, :h)", "begins_with(bin, :b)", "contains(s, :h)", "contains(ss, :a)", "contains(l, :x)",
        "contains(l, :k)", "contains(bin, :b)", "size(s) = :5", "size(ss) = :2", "size(l) = :2", "size(bin) = :2",
        "#m.#a.b = :deep", "m.#odd <> :s", "l[0] = :x", "l[1].k <> :n", "yes = :t", "nul = :null",
        "not s = :z", "NOT (s = :z) AND n = :n", "s = :z or n = :n and yes = :t", "(s = :z or n = :n) and yes = :t",
        "(s) = :s", "s = (:s)", "s=:s And not(n=:2)", "s = :s\n\tAND n = :n", "size(#none) <> :2",
    ],
)  # fmt: skip
def test_conditions_that_hold(text: str) -> None:
    assert holds(text) is True


@pytest.mark.parametrize(
    "text",
    [
        "s = :n", "nothing = :s", "nothing = #none2", "n > :11", "s > :n", "yes > n", "nothing < :s", "n between :11 and :11",
        "s in (:a)", "attribute_exists(nothing)", "attribute_type(n, :S)", "begins_with(n, :h)", "contains(ns, :2a)",
        "contains(n, :n)", "size(n) = :2", "size(nothing) = :2", "l[5] = :x", "s.a = :s", "not attribute_exists(s)",
        "s = :s and not n = :n", "nothing in (:a, :s)", "nothing between :h and :z",
    ],
)  # fmt: skip
def test_conditions_that_do_not(text: str) -> None:
    placeholders = Placeholders({**NAMES, "#none2": "neither"}, {**VALUES, ":2a": {"S": "2"}})
    assert parse_condition(text, placeholders).holds(ITEM) is False


def test_an_item_that_is_not_there_has_no_attributes() -> None:
    assert parse_condition("attribute_not_exists(s)", Placeholders(None, None)).holds(None)
    assert not parse_condition("s = :s", Placeholders(None, VALUES)).holds(None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "The expression can not be empty;"),
        (" \t", "The expression can not be empty;"),
        ("a", 'Syntax error; token: "<EOF>", near: "a"'),
        ("s = ", 'Syntax error; token: "<EOF>", near: "="'),
        ("s = :s n", 'Syntax error; token: "n", near: ":s n"'),
        ("s == :s", 'Syntax error; token: "=", near: "== :s"'),
        ("s ! :s", 'Syntax error; token: "!", near: "s ! :s"'),
        ("a.b = -1", 'Syntax error; token: "-", near: "= -1"'),
        ("_a = :s", 'Syntax error; token: "_", near: "_a"'),
        ("and = :s", 'Syntax error; token: "and", near: "and ="'),
        ("s in :s", 'Syntax error; token: ":s", near: "in :s"'),
        ("(s = :s", 'Syntax error; token: "<EOF>", near: ":s"'),
        ("s = :s)", 'Syntax error; token: ")", near: ":s)"'),
        ("attribute_exists()", 'Syntax error; token: ")", near: "()"'),
        ("l[a] = :s", 'Syntax error; token: "a", near: "[a]"'),
        ("l[99999999999] = :s", "List index is not within the allowable range; index: [99999999999]"),
        ("((s = :s))", "The expression has redundant parentheses;"),
        ("n = :n and ((s = :s) )", "The expression has redundant parentheses;"),
        ("Name = :s", "Attribute name is a reserved keyword; reserved keyword: Name"),
        ("m.size = :s", "Attribute name is a reserved keyword; reserved keyword: size"),
        ("foo(s)", "Invalid function name; function: foo"),
        ("Contains(s, :h)", "Invalid function name; function: Contains"),
        ("if_not_exists(s, :h)", "The function is not allowed in a condition expression; function: if_not_exists"),
        ("size(s)", "The function is not allowed to be used this way in an expression; function: size"),
        ("begins_with(s, :h) = :t", "The function is not allowed to be used this way in an expression; function: begins_with"),
        ("s = attribute_exists(n)", "The function is not allowed to be used this way in an expression; function: attribute_exists"),
        ("#nope = :s", "An expression attribute name used in the document path is not defined; attribute name: #nope"),
        ("s = :nope", "An expression attribute value used in expression is not defined; attribute value: :nope"),
        ("attribute_exists(s, n)", "Incorrect number of operands for operator or function; operator or function: attribute_exists, number of operands: 2"),
        ("begins_with(s)", "Incorrect number of operands for operator or function; operator or function: begins_with, number of operands: 1"),
        ("attribute_exists(:s)", "Operator or function requires a document path; operator or function: attribute_exists"),
        ("s < :l", "Incorrect operand type for operator or function; operator or function: <, operand type: L"),
        ("s between :t and :t", "Incorrect operand type for operator or function; operator or function: BETWEEN, operand type: BOOL"),
        ("begins_with(s, :n)", "Incorrect operand type for operator or function; operator or function: begins_with, operand type: N"),
        ("begins_with(s, size(n))", "Incorrect operand type for operator or function; operator or function: begins_with, operand type: N"),
        ("size(:n) = :2", "Incorrect operand type for operator or function; operator or function: size, operand type: N"),
        ("attribute_type(s, :n)", "Incorrect operand type for operator or function; operator or function: attribute_type, operand type: N"),
        ("attribute_type(s, :bad)", "Invalid attribute type name found; type: STRING, valid types: {N,BS,L,B,NULL,M,S,SS,NS,BOOL}"),
        ("m.a = #m.#a", "The first operand must be distinct from the remaining operands for this operator or function; operator: =, first operand: [m, a]"),
        ("l[0] in (:s, l[0])", "The first operand must be distinct from the remaining operands for this operator or function; operator: IN, first operand: [l, [0]]"),
        ("n between :11 and :2", "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: {N:11}, upper bound operand: AttributeValue: {N:2}"),
        ("n between :2 and :s", "The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: AttributeValue: {N:2}, upper bound operand: AttributeValue: {S:hello}"),
        ("s in (" + ", ".join([":s"] * 101) + ")", "The IN operator is provided with too many operands; number of operands: 101"),
        ("a" * 4097, "Expression size has exceeded the maximum allowed size;"),
        ("a" + ".a" * 32 + " = :s", "The document path has too many nesting levels; nesting levels: 33"),
        (" or ".join(["s=:s"] * 151), "The expression contains too many operators; operator count: 301"),
    ],
)  # fmt: skip
def test_faults_are_told_in_awss_words(text: str, message: str) -> None:
    assert refusal(text) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("((name = :nope)) and", "Syntax error"),
        ("((name = :nope))", "The expression has redundant parentheses;"),
        ("foo(name) and size(s)", "Invalid function name; function: foo"),
        ("size(s) and name = :nope", "The function is not allowed to be used this way"),
        ("name = :nope and n between :11 and :2", "Attribute name is a reserved keyword"),
        ("n between :11 and :2 and #nope = :s", "The BETWEEN operator"),
        ("#nope < :nope", "An expression attribute name used in the document path is not defined"),
    ],
)
def test_of_two_faults_awss_first_is_told(text: str, message: str) -> None:
    assert refusal(text, "FilterExpression").startswith(message)


def test_the_size_of_a_string_is_that_of_java() -> None:
    for text, size in (("", 0), ("abc", 3), ("éè", 2), ("\N{GRINNING FACE}", 2)):
        condition = parse_condition("size(s) = :n", Placeholders(None, {":n": {"N": str(size)}}))
        assert condition.holds({"s": {"S": text}})


def test_a_parsed_text_serves_requests_with_other_placeholders() -> None:
    for name, value, holding in (("s", "hello", True), ("s", "no", False), ("t", "hello", True), ("n", "hello", False)):
        placeholders = Placeholders({"#x": name}, {":x": {"S": value}})
        assert parse_condition("#x = :x", placeholders).holds(ITEM) is holding


def test_the_attributes_of_a_condition_are_known() -> None:
    condition = parse_condition("#m.x = :s and (size(l) > :n or not attribute_exists(s))", Placeholders(NAMES, VALUES))
    assert condition.names == {"m", "l", "s"}


@pytest.mark.parametrize(
    "text",
    [
        "(" * 4096,
        "NOT " * 1000 + "a=b",
        "(a=b or " * 400,
        "size(" * 800,
        "a" + "[0]" * 1300,
        "a=" + "(" * 4000,
        ")" * 4096,
    ],
    ids=len,
)
def test_hostile_nesting_is_a_validation_error(text: str) -> None:
    assert refusal(text)


def test_the_deepest_nesting_allowed_is_evaluated() -> None:
    assert holds("(s=:z or " * 149 + "s=:s" + ")" * 149) is True
    assert holds("not " * 298 + "s=:s") is True


fragments = st.sampled_from(
    ["a", "#a", ":s", ":n", "(", ")", " and ", " or ", " not ", "=", "<", " between ", " in ", ",", ".", "[", "0", "]",
     "size(", "contains(", "attribute_type(", "begins_with(", "!", "\x00", "é", "-"]
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(fragments, max_size=30).map("".join)))
def test_any_text_is_a_condition_or_a_validation_error(text: str) -> None:
    try:
        condition = parse_condition(text, Placeholders(NAMES, VALUES))
    except AwsError as fault:
        assert fault.code == "ValidationException"
    else:
        assert condition.holds(ITEM) in (True, False)
