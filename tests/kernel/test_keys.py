from __future__ import annotations

import math
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hodei.kernel.keys import pack, prefix_end, text_end, unpack

# Few letters, among them those the encoding treats specially, so that collisions are likely.
texts = st.text(st.sampled_from("\0\1\2aé\uffff\U0010ffff"), max_size=4) | st.text(max_size=8)
raw = st.binary(max_size=4) | st.lists(st.sampled_from([0, 1, 2, 255]), max_size=4).map(bytes)
whole = st.integers() | st.integers(-300, 300) | st.integers(-(2**70), 2**70)
floats = st.floats(allow_nan=False)
KINDS = [st.none(), raw, texts, whole, floats, st.booleans()]
parts: st.SearchStrategy[Any] = st.one_of(*KINDS)
ORDER = [type(None), bytes, str, int, float, bool]


def sort_key(values: tuple[Any, ...]) -> list[tuple[int, Any]]:
    return [(ORDER.index(type(v)), 0 if v is None else v) for v in values]


@given(st.lists(parts, max_size=5).map(tuple))
def test_a_key_gives_its_tuple_back(values: tuple[Any, ...]) -> None:
    assert unpack(pack(values)) == values
    assert [type(v) for v in unpack(pack(values))] == [type(v) for v in values]


@given(st.lists(parts, max_size=4).map(tuple), st.lists(parts, max_size=4).map(tuple))
def test_keys_sort_as_their_tuples(a: tuple[Any, ...], b: tuple[Any, ...]) -> None:
    assert (pack(a) < pack(b)) == (sort_key(a) < sort_key(b))
    assert (pack(a) == pack(b)) == (sort_key(a) == sort_key(b))


@given(st.sampled_from(KINDS).flatmap(lambda kind: st.tuples(kind, kind)))
def test_parts_of_one_type_sort_as_python_sorts_them(pair: tuple[Any, Any]) -> None:
    a, b = pair
    if a is not None:
        assert (pack((a,)) < pack((b,))) == (a < b)


@given(st.lists(parts, max_size=3).map(tuple), st.lists(parts, max_size=3).map(tuple))
def test_the_keys_with_a_prefix_are_the_tuples_with_it(a: tuple[Any, ...], b: tuple[Any, ...]) -> None:
    assert pack(a + b).startswith(pack(a))
    begins = sort_key(b)[: len(a)] == sort_key(a)
    assert pack(b).startswith(pack(a)) == begins
    assert (pack(a) <= pack(b) < prefix_end(pack(a))) == begins


@given(raw, raw)
def test_prefix_end_parts_keys_with_the_prefix_from_greater_ones(prefix: bytes, key: bytes) -> None:
    if key[:1] != b"\xff" and prefix.strip(b"\xff"):  # no packed key begins with 0xff
        assert (prefix <= key < prefix_end(prefix)) == key.startswith(prefix)


@given(texts, texts)
def test_text_end_parts_texts_with_the_prefix_from_greater_ones(prefix: str, text: str) -> None:
    end = text_end(prefix)
    assert (prefix <= text and (end is None or text < end)) == text.startswith(prefix)


def test_text_end_steps_over_surrogates() -> None:
    assert text_end("a\ud7ff") == "a\ue000"
    assert text_end("") is None


def test_minus_zero_is_zero_and_infinities_are_the_ends() -> None:
    assert pack((-0.0,)) == pack((0.0,))
    assert pack((-math.inf,)) < pack((-1e308,)) < pack((1e308,)) < pack((math.inf,))


def test_an_enumeration_is_its_value() -> None:
    class Color(StrEnum):
        RED = "red"

    assert pack((Color.RED,)) == pack(("red",))


def test_what_has_no_order_is_refused() -> None:
    with pytest.raises(ValueError, match="NaN"):
        pack((math.nan,))
    with pytest.raises(TypeError, match="list"):
        pack(([],))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="255 bytes"):
        pack((1 << 2040,))
    with pytest.raises(ValueError, match="0xfe"):
        unpack(b"\xfe")
