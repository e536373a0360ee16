"""AttributeValues: what is refused and how, canonical numbers, order, size."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hodei.kernel.errors import AwsError
from hodei.services.dynamodb import numbers, values

INVALID = "One or more parameter values were invalid: "
OVERFLOW = "Number overflow. Attempting to store a number with magnitude larger than supported range"
UNDERFLOW = "Number underflow. Attempting to store a number with magnitude smaller than supported range"
PRECISION = "Attempting to store more than 38 significant digits in a Number"

in_range = st.builds(
    lambda digits, exponent, negative: f"{'-' if negative else ''}{digits}E{exponent}",
    st.integers(0, 10**38 - 1),
    st.integers(-130, 88),
    st.booleans(),
)


def refusal(value: dict[str, Any]) -> str:
    with pytest.raises(AwsError) as caught:
        values.normalise(value)
    assert caught.value.code == "ValidationException"
    return caught.value.message


@pytest.mark.feature("dynamodb.items")
@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({}, "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"),
        (
            {"S": "a", "N": "1"},
            "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes",
        ),
        ({"S": "a", "N": "b"}, "The parameter cannot be converted to a numeric value: b"),
        ({"NULL": False}, INVALID + "Null attribute value types must have the value of true"),
        ({"SS": []}, INVALID + "An string set  may not be empty"),
        ({"NS": []}, INVALID + "An number set  may not be empty"),
        ({"BS": []}, INVALID + "Binary sets should not be empty"),
        ({"SS": ["a", "b", "a"]}, INVALID + "Input collection [a, b, a] contains duplicates."),
        ({"NS": ["1", "1.0"]}, "Input collection contains duplicates"),
        ({"BS": [b"a", b"a"]}, INVALID + "Input collection [YQ==, YQ==]of type BS contains duplicates."),
        ({"N": ""}, "The parameter cannot be converted to a numeric value"),
        ({"N": "abc"}, "The parameter cannot be converted to a numeric value: abc"),
        ({"N": " 1"}, "The parameter cannot be converted to a numeric value:  1"),
        ({"N": "."}, "The parameter cannot be converted to a numeric value: ."),
        ({"N": "\u0661"}, "The parameter cannot be converted to a numeric value: \u0661"),
        ({"N": "1e126"}, OVERFLOW),
        ({"N": "-1E+126"}, OVERFLOW),
        ({"N": "1e99999999999999999999"}, OVERFLOW),
        ({"N": "1e-131"}, UNDERFLOW),
        ({"N": "1" * 39}, PRECISION),
        ({"N": "1." + "0" * 37 + "1"}, PRECISION),
        ({"L": [{"M": {"a": {"N": "x"}}}]}, "The parameter cannot be converted to a numeric value: x"),
    ],
)
def test_malformed_values_are_refused_in_awss_words(value: dict[str, Any], message: str) -> None:
    assert refusal(value) == message


@pytest.mark.parametrize(
    "value",
    [
        {"S": ""},
        {"B": b""},
        {"SS": [""]},
        {"BS": [b"", b"a"]},
        {"L": []},
        {"M": {}},
        {"L": [{"S": ""}]},
        {"NULL": True},
    ],
)
def test_empty_values_are_values(value: dict[str, Any]) -> None:
    assert values.normalise(value) == value


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("0", "0"), ("-0.00", "0"), ("0e500", "0"), ("007", "7"), ("1.50", "1.5"), ("-.5", "-0.5"), ("5.", "5"),
        ("+3", "3"), ("1e3", "1000"), ("123e-5", "0.00123"), ("12.30e1", "123"), ("1e-130", "0." + "0" * 129 + "1"),
        ("9" * 38 + "e88", "9" * 38 + "0" * 88), ("1" + "0" * 60, "1" + "0" * 60),
    ],
)  # fmt: skip
def test_numbers_are_answered_in_plain_notation(text: str, canonical: str) -> None:
    assert values.normalise({"N": text}) == {"N": canonical}


@given(in_range)
def test_a_number_keeps_its_value_and_its_text_is_canonical(text: str) -> None:
    canonical = numbers.canonical(text)
    assert Decimal(canonical) == Decimal(text)
    assert numbers.canonical(canonical) == canonical
    assert "E" not in canonical and canonical.lstrip("-") != ""


@given(in_range, in_range)
def test_the_bytes_of_numbers_order_as_numbers_do(left: str, right: str) -> None:
    ours, theirs = numbers.canonical(left), numbers.canonical(right)
    bytes_order = (numbers.sort_bytes(ours) > numbers.sort_bytes(theirs)) - (
        numbers.sort_bytes(ours) < numbers.sort_bytes(theirs)
    )
    order = (Decimal(left) > Decimal(right)) - (Decimal(left) < Decimal(right))
    assert bytes_order == order
    assert (numbers.value(ours) > numbers.value(theirs)) - (numbers.value(ours) < numbers.value(theirs)) == order


@given(st.text())
def test_no_text_but_a_number_is_a_number(text: str) -> None:
    try:
        canonical = numbers.canonical(text)
    except AwsError as fault:
        assert fault.code == "ValidationException"
    else:
        assert Decimal(canonical) == Decimal(text)


@given(st.integers(-(10**37), 10**37), st.integers(-(10**37), 10**37))
def test_sums_are_exact(left: int, right: int) -> None:
    assert numbers.add(str(left), str(right)) == str(left + right)
    assert numbers.add(str(left), numbers.negated(str(right))) == str(left - right)


def test_sums_out_of_range_are_refused() -> None:
    with pytest.raises(AwsError, match="more than 38 significant digits"):
        numbers.add("1" + "0" * 50, "1")
    with pytest.raises(AwsError, match="Number overflow"):
        numbers.add("9" + "0" * 125, "9" + "0" * 125)
    assert numbers.add("0.1", "0.2") == "0.3"


@given(st.text(), st.text())
def test_strings_order_by_their_bytes(left: str, right: str) -> None:
    left, right = (text.encode("utf-8", "ignore").decode() for text in (left, right))
    assert (values.sort_bytes("S", left) < values.sort_bytes("S", right)) == (left.encode() < right.encode())


def test_partitions_of_equal_numbers_are_one() -> None:
    one, same = (values.normalise({"N": text})["N"] for text in ("1", "1.00"))
    assert values.partition_bytes("N", one) == values.partition_bytes("N", same)
    assert values.partition_bytes("S", "a")[8:] == b"a"


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": "abc"}, 3), ({"S": "é"}, 2), ({"S": ""}, 0), ({"B": b"abc"}, 3), ({"BOOL": True}, 1), ({"NULL": True}, 1),
        ({"N": "0"}, 1), ({"N": "1"}, 2), ({"N": "100"}, 2), ({"N": "123"}, 3), ({"N": "-123"}, 4), ({"N": "0.0001"}, 2),
        ({"N": "120"}, 3), ({"N": "1200"}, 2), ({"N": "0.00012"}, 3), ({"N": "123.45"}, 4), ({"N": "-0.5"}, 3),
        ({"N": "-" + "9" * 38}, 21), ({"N": "9" * 37 + ".9"}, 21), ({"N": "1" + "0" * 125}, 2),
        ({"N": "1.1"}, 3), ({"N": "9" * 38}, 20), ({"SS": ["ab", "c"]}, 3), ({"NS": ["1", "23"]}, 4),
        ({"BS": [b"a", b"bc"]}, 3), ({"L": []}, 3), ({"M": {}}, 3), ({"L": [{"S": "ab"}, {"BOOL": True}]}, 8),
        ({"M": {"ab": {"S": "c"}}}, 7),
    ],
)  # fmt: skip
def test_sizes_are_as_dynamodb_counts_them(value: dict[str, Any], size: int) -> None:
    assert values.value_size(value) == size
    assert values.item_size({"näme": value}) == 5 + size


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ({"SS": ["a", "b"]}, {"SS": ["b", "a"]}, True),
        ({"L": [{"NS": ["1", "2"]}]}, {"L": [{"NS": ["2", "1"]}]}, True),
        ({"M": {"a": {"SS": ["x", "y"]}}}, {"M": {"a": {"SS": ["y", "x"]}}}, True),
        ({"M": {"a": {"S": "x"}}}, {"M": {"b": {"S": "x"}}}, False),
        ({"L": [{"S": "a"}]}, {"L": [{"S": "a"}, {"S": "a"}]}, False),
        ({"S": "1"}, {"N": "1"}, False),
    ],
)
def test_equality_knows_sets(left: dict[str, Any], right: dict[str, Any], same: bool) -> None:
    assert values.equal(left, right) is same


def test_nesting_ends_at_32_levels() -> None:
    value: dict[str, Any] = {"S": "leaf"}
    for _ in range(31):
        value = {"L": [value]}
    assert values.normalise(value) == value
    assert refusal({"M": {"a": value}}) == (
        "Nesting Levels have exceeded supported limits: "
        "Attributes in the item have nested levels beyond supported limit"
    )


def shaped(kind: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """AttributeValues, good and bad, around others."""
    return st.one_of(
        st.fixed_dictionaries({"L": st.lists(kind, max_size=4)}),
        st.fixed_dictionaries({"M": st.dictionaries(st.text(max_size=3), kind, max_size=4)}),
    )


scalars = st.one_of(
    st.fixed_dictionaries({"S": st.text()}), st.fixed_dictionaries({"B": st.binary()}),
    st.fixed_dictionaries({"N": st.one_of(in_range, st.text())}), st.fixed_dictionaries({"BOOL": st.booleans()}),
    st.fixed_dictionaries({"NULL": st.booleans()}), st.fixed_dictionaries({"SS": st.lists(st.text(max_size=2))}),
    st.fixed_dictionaries({"NS": st.lists(in_range)}), st.fixed_dictionaries({"BS": st.lists(st.binary(max_size=2))}),
    st.fixed_dictionaries({}, optional={"S": st.text(), "N": st.text()}),
)  # fmt: skip


@given(st.recursive(scalars, shaped, max_leaves=12))
def test_any_value_is_refused_or_canonical(value: dict[str, Any]) -> None:
    try:
        canonical = values.normalise(value)
    except AwsError as fault:
        assert fault.code == "ValidationException"
        return
    assert values.normalise(canonical) == canonical
    assert values.equal(canonical, values.normalise(value))
    assert values.value_size(canonical) >= 0
    assert values.depth_of(canonical) <= values.NESTING
    assert values.shown(canonical).startswith("{")
