"""Records as the Kinesis Producer Library aggregates them."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hodei.engines.kpl import MAGIC, UserRecord, aggregated, deaggregated

pytestmark = pytest.mark.feature("kinesis.kcl-kpl")

TOP = "340282366920938463463374607431768211455"
# made by AWS's own library for Python (aws-kinesis-agg 1.2.2)
MADE_BY_AWS = bytes.fromhex(
    "f3899ac20a046b6579310a046b6579320a046bc3a979120135122733343032383233363639323039333834363334363333373436303734333137"
    "36383231313435351a0708001a036f6e651a09080110001a0374776f1acf01080010011ac801" + "7468726565" * 40 + "1a0408021a00"
    "04d90077bcfcc7d4de00bbef7d503101"
)
RECORDS = [
    UserRecord("key1", b"one"),
    UserRecord("key2", b"two", "5"),
    UserRecord("key1", b"three" * 40, TOP),
    UserRecord("kéy", b""),
]


def test_what_awss_library_makes_is_read() -> None:
    assert deaggregated(MADE_BY_AWS) == RECORDS


def test_and_made_alike() -> None:
    assert aggregated(RECORDS) == MADE_BY_AWS


@given(st.lists(st.builds(UserRecord, st.text(min_size=1), st.binary(), st.sampled_from(["", "0", TOP])), min_size=1))
def test_what_is_put_together_comes_apart(records: list[UserRecord]) -> None:
    assert deaggregated(aggregated(records)) == records


@given(st.binary(max_size=200))
def test_other_data_is_left_alone(data: bytes) -> None:
    assert deaggregated(data) is None
    assert deaggregated(MAGIC + data) is None


@given(st.binary(max_size=60))
def test_a_good_digest_does_not_make_a_message(message: bytes) -> None:
    """Whatever stands in it: no error, and no record without a key."""
    found = deaggregated(MAGIC + message + hashlib.md5(message).digest())
    assert found is None or all(record.partition_key is not None for record in found)


def test_a_broken_record_is_no_aggregate() -> None:
    spoiled = MADE_BY_AWS[:-1] + b"\x00"
    assert deaggregated(spoiled) is None
    assert deaggregated(MADE_BY_AWS[:-20]) is None
