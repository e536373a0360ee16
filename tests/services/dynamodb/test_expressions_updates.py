"""Update expressions, as pure functions."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hodei.kernel.errors import AwsError
from hodei.services.dynamodb.expressions import Placeholders, parse_update

KEYS = ("id",)
ITEM: dict[str, Any] = {
    "id": {"S": "1"}, "n": {"N": "5"}, "s": {"S": "text"}, "ss": {"SS": ["a", "b"]}, "ns": {"NS": ["1"]},
    "l": {"L": [{"N": "0"}, {"N": "1"}, {"N": "2"}]}, "m": {"M": {"x": {"N": "1"}, "deep": {"M": {"l": {"L": []}}}}},
}  # fmt: skip
NAMES = {"#m": "m", "#new": "new one", "#l": "l"}
VALUES: dict[str, Any] = {
    ":1": {"N": "1"}, ":half": {"N": "0.5"}, ":s": {"S": "v"}, ":ss": {"SS": ["b", "c"]}, ":ab": {"SS": ["b", "a"]},
    ":ns": {"NS": ["2"]}, ":l": {"L": [{"S": "x"}]}, ":m": {"M": {}}, ":null": {"NULL": True}, ":t": {"BOOL": True},
    ":b": {"B": b"b"}, ":max": {"N": "9" * 38 + "0" * 88},
}  # fmt: skip


def update(text: str, item: dict[str, Any] | None = None) -> dict[str, Any]:
    before = copy.deepcopy(ITEM if item is None else item)
    given = copy.deepcopy(before)
    after, touched = parse_update(text, Placeholders(NAMES, VALUES)).apply(given, KEYS)
    assert given == before, "the old item must stay as it is"
    assert touched
    return after


def changes(text: str) -> dict[str, Any]:
    """The attributes that are not as before; None where they are gone."""
    after = update(text)
    names = after.keys() | ITEM.keys()
    return {name: after.get(name) for name in names if after.get(name) != ITEM.get(name)}


def refusal(text: str, item: dict[str, Any] | None = None) -> str:
    with pytest.raises(AwsError) as caught:
        update(text, item)
    assert caught.value.code == "ValidationException"
    return caught.value.message


@pytest.mark.feature("dynamodb.items")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SET a = :s", {"a": {"S": "v"}}),
        ("set #new = s", {"new one": {"S": "text"}}),
        ("SET n = n + :half", {"n": {"N": "5.5"}}),
        ("SET n = :1 - n", {"n": {"N": "-4"}}),
        ("SET n = (n - :1)", {"n": {"N": "4"}}),
        ("SET n = if_not_exists(n, :1) + :1", {"n": {"N": "6"}}),
        ("SET c = if_not_exists(c, :1) + :1", {"c": {"N": "2"}}),
        ("SET c = if_not_exists(m.gone.too.far, n)", {"c": {"N": "5"}}),
        ("SET a = n, n = :1", {"a": {"N": "5"}, "n": {"N": "1"}}),
        ("SET l = list_append(l, :l)", {"l": {"L": [{"N": "0"}, {"N": "1"}, {"N": "2"}, {"S": "x"}]}}),
        ("SET k = list_append(if_not_exists(k, :l), :l)", {"k": {"L": [{"S": "x"}, {"S": "x"}]}}),
        ("SET #m.x = :s, m.y = :s", {"m": {"M": {"x": {"S": "v"}, "y": {"S": "v"}, "deep": {"M": {"l": {"L": []}}}}}}),
        ("SET m.deep.l[7] = :1", {"m": {"M": {"x": {"N": "1"}, "deep": {"M": {"l": {"L": [{"N": "1"}]}}}}}}),
        ("SET l[1] = :s", {"l": {"L": [{"N": "0"}, {"S": "v"}, {"N": "2"}]}}),
        ("SET l[30] = :s, l[20] = :1", {"l": {"L": [{"N": "0"}, {"N": "1"}, {"N": "2"}, {"N": "1"}, {"S": "v"}]}}),
        ("REMOVE s, nothing", {"s": None}),
        ("REMOVE l[0], l[2], #l[9]", {"l": {"L": [{"N": "1"}]}}),
        ("REMOVE m.x, m.nothing", {"m": {"M": {"deep": {"M": {"l": {"L": []}}}}}}),
        ("REMOVE l[0] SET l[1] = :s", {"l": {"L": [{"S": "v"}, {"N": "2"}]}}),
        ("ADD n :1", {"n": {"N": "6"}}),
        ("ADD c :half, m.x :1", {"c": {"N": "0.5"}, "m": {"M": {"x": {"N": "2"}, "deep": {"M": {"l": {"L": []}}}}}}),
        ("ADD ss :ss, ts :ss", {"ss": {"SS": ["a", "b", "c"]}, "ts": {"SS": ["b", "c"]}}),
        ("DELETE ss :ss", {"ss": {"SS": ["a"]}}),
        ("DELETE ss :ab, nothing :ss", {"ss": None}),
        ("REMOVE s SET a = :s ADD n :1 DELETE ss :ss", {"s": None, "a": {"S": "v"}, "n": {"N": "6"}, "ss": {"SS": ["a"]}}),
        ("SET a=s REMOVE s", {"a": {"S": "text"}, "s": None}),
    ],
)  # fmt: skip
def test_updates(text: str, expected: dict[str, Any]) -> None:
    assert changes(text) == expected


def test_several_writes_into_one_map_all_stay() -> None:
    after = update("SET m.a = :1, m.deep.b = :1, m.deep.l[0] = :1 REMOVE m.x")
    assert after["m"] == {"M": {"a": {"N": "1"}, "deep": {"M": {"b": {"N": "1"}, "l": {"L": [{"N": "1"}]}}}}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SET a = b", "The provided expression refers to an attribute that does not exist in the item"),
        ("SET a = b + :1", "The provided expression refers to an attribute that does not exist in the item"),
        ("SET a = list_append(b, :l)", "The provided expression refers to an attribute that does not exist in the item"),
        ("SET a = s + :1", "An operand in the update expression has an incorrect data type"),
        ("SET a = list_append(:l, n)", "An operand in the update expression has an incorrect data type"),
        ("ADD s :1", "An operand in the update expression has an incorrect data type"),
        ("ADD ns :ss", "An operand in the update expression has an incorrect data type"),
        ("DELETE ns :ss", "An operand in the update expression has an incorrect data type"),
        ("SET gone.a = :1", "The document path provided in the update expression is invalid for update"),
        ("SET s.a = :1", "The document path provided in the update expression is invalid for update"),
        ("SET m[0] = :1", "The document path provided in the update expression is invalid for update"),
        ("SET l[9].a = :1", "The document path provided in the update expression is invalid for update"),
        ("REMOVE gone.a", "The document path provided in the update expression is invalid for update"),
        ("ADD gone.a :1", "The document path provided in the update expression is invalid for update"),
        ("SET n = :max + :max", "Number overflow. Attempting to store a number with magnitude larger than supported range"),
        ("SET n = :max + :1", "Attempting to store more than 38 significant digits in a Number"),
        ("SET id = :1", "One or more parameter values were invalid: Cannot update attribute id. This attribute is part of the key"),
        ("REMOVE id", "One or more parameter values were invalid: Cannot update attribute id. This attribute is part of the key"),
    ],
)  # fmt: skip
def test_what_an_item_does_not_allow(text: str, message: str) -> None:
    assert refusal(text) == message


def test_of_several_key_attributes_the_first_of_the_key_is_told() -> None:
    change = parse_update("SET sort = :1, id = :1", Placeholders(NAMES, VALUES))
    with pytest.raises(AwsError, match="Cannot update attribute id"):
        change.apply({}, ("id", "sort"))


INCORRECT = "Incorrect operand type for operator or function; "


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "The expression can not be empty;"),
        ("INVALID SYNTAX HERE", 'Syntax error; token: "INVALID", near: "INVALID SYNTAX"'),
        ("ADD hits : incr", 'Syntax error; token: ":", near: "hits : incr"'),
        ("SET", 'Syntax error; token: "<EOF>", near: "SET"'),
        ("SET a = :1 +", 'Syntax error; token: "<EOF>", near: "+"'),
        ("SET a = :1 + :1 + :1", 'Syntax error; token: "+", near: ":1 + :1"'),
        ("SET a = if_not_exists(#m, 0)", 'Syntax error; token: "0", near: ", 0)"'),
        ("SET a = :1,", 'Syntax error; token: "<EOF>", near: ","'),
        ("ADD a b", 'Syntax error; token: "b", near: "a b"'),
        ("SET set = :1", 'Syntax error; token: "set", near: "SET set ="'),
        ("SET a = ((:1))", "The expression has redundant parentheses;"),
        ("SET name = :1", "Attribute name is a reserved keyword; reserved keyword: name"),
        ("SET a = foo(b)", "Invalid function name; function: foo"),
        ("SET a = size(b)", "The function is not allowed in an update expression; function: size"),
        ("SET a = :1 SET b = :1", 'The "SET" section can only be used once in an update expression;'),
        ("SET #no = :1", "An expression attribute name used in the document path is not defined; attribute name: #no"),
        ("SET a = :no", "An expression attribute value used in expression is not defined; attribute value: :no"),
        ("SET a = :1 REMOVE a", "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a]"),
        ("SET #m.x = :1, m = :1", "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [m, x], path two: [m]"),
        ("SET l[0] = :1, l[0].a = :1", "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [l, [0]], path two: [l, [0], a]"),
        ("SET l[0] = :1, l.a = :1", "Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [l, [0]], path two: [l, a]"),
        ("ADD a :s", INCORRECT + "operator: ADD, operand type: STRING, typeSet: ALLOWED_FOR_ADD_OPERAND"),
        ("ADD a :l", INCORRECT + "operator: ADD, operand type: LIST, typeSet: ALLOWED_FOR_ADD_OPERAND"),
        ("ADD a :b", INCORRECT + "operator: ADD, operand type: BINARY, typeSet: ALLOWED_FOR_ADD_OPERAND"),
        ("DELETE a :1", INCORRECT + "operator: DELETE, operand type: NUMBER, typeSet: ALLOWED_FOR_DELETE_OPERAND"),
        ("DELETE a :m", INCORRECT + "operator: DELETE, operand type: MAP, typeSet: ALLOWED_FOR_DELETE_OPERAND"),
        ("DELETE a :t", INCORRECT + "operator: DELETE, operand type: BOOLEAN, typeSet: ALLOWED_FOR_DELETE_OPERAND"),
        ("DELETE a :null", INCORRECT + "operator: DELETE, operand type: NULL, typeSet: ALLOWED_FOR_DELETE_OPERAND"),
        ("SET a = n + :s", INCORRECT + "operator or function: +, operand type: S"),
        ("SET a = :l - n", INCORRECT + "operator or function: -, operand type: L"),
        ("SET a = list_append(l, :s)", INCORRECT + "operator or function: list_append, operand type: S"),
        ("SET a = :1 + list_append(l, l)", INCORRECT + "operator or function: +, operand type: L"),
        ("SET a = list_append(l)", "Incorrect number of operands for operator or function; operator or function: list_append, number of operands: 1"),
        ("SET a = if_not_exists(:1, :1)", "Operator or function requires a document path; operator or function: if_not_exists"),
    ],
)  # fmt: skip
def test_faults_are_told_in_awss_words(text: str, message: str) -> None:
    assert refusal(text) == f"Invalid UpdateExpression: {message}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SET name = foo(:1) SET b = :1", "Attribute name is a reserved keyword"),
        ("SET a = foo(:1) SET b = :1", "Invalid function name"),
        ("SET a = :no, #no = :1", "An expression attribute name"),
        ("SET a = :no, a = :1", "An expression attribute value"),
        ("SET a = :1, a = n + :s", "Two document paths overlap"),
    ],
)
def test_of_two_faults_awss_first_is_told(text: str, message: str) -> None:
    assert refusal(text).startswith(f"Invalid UpdateExpression: {message}")


def test_nesting_ends_at_32_levels() -> None:
    deep: dict[str, Any] = {"S": "leaf"}
    for _ in range(30):
        deep = {"M": {"a": deep}}
    item = {"m": {"M": {}}, "deep": deep}
    assert update("SET m.a = deep", item)["m"]["M"]["a"] == deep
    assert refusal("SET m.a = deep", {"m": {"M": {}}, "deep": {"L": [deep]}}).startswith("Nesting Levels have exceeded")


@pytest.mark.parametrize("text", ["SET a = " + "(" * 4000, "SET a = " + "list_append(" * 330, "REMOVE " + "a," * 2000])
def test_hostile_texts_are_validation_errors(text: str) -> None:
    assert refusal(text).startswith("Invalid UpdateExpression: ")


fragments = st.sampled_from(
    ["SET ", " REMOVE ", " ADD ", " DELETE ", "n", "l", "m", "[0]", "[5]", ".x", "#new", " = ", ":1", ":ss", ":l", " + ",
     " - ", ",", "if_not_exists(", "list_append(", "(", ")", "~"]
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(fragments, max_size=16).map("".join)))
def test_any_text_is_an_update_or_a_validation_error(text: str) -> None:
    try:
        update(text)
    except AwsError as fault:
        assert fault.code == "ValidationException"
