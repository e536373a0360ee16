"""Cron expressions, by the examples of AWS's guides."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from hodei.engines import cron

START = datetime(2030, 7, 1, tzinfo=UTC).timestamp()  # a Monday


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("0 10 * * ? *", ["07-01T10:00", "07-02T10:00"]),
        ("15 12 * * ? *", ["07-01T12:15", "07-02T12:15"]),
        ("0 18 ? * MON-FRI *", ["07-01T18:00", "07-02T18:00"]),
        ("0 8 1 * ? *", ["07-01T08:00", "08-01T08:00"]),
        ("0/15 * * * ? *", ["07-01T00:15", "07-01T00:30"]),
        ("0/30 20-23,0-2 ? * MON *", ["07-01T00:30", "07-01T01:00"]),
        ("0 9 ? * 2#1 *", ["07-01T09:00", "08-05T09:00"]),
        ("0 9 ? * 6L *", ["07-26T09:00", "08-30T09:00"]),
        ("0 9 ? * L *", ["07-06T09:00", "07-13T09:00"]),
        ("0 9 L * ? *", ["07-31T09:00", "08-31T09:00"]),
        ("0 9 6W * ? *", ["07-05T09:00", "08-06T09:00"]),
        ("0 9 31W * ? *", ["07-31T09:00", "08-30T09:00"]),
        ("0 0 29 FEB ? 2031-2036", ["02-29T00:00", "02-29T00:00"]),
    ],
)
def test_times(text: str, times: list[str]) -> None:
    found = islice(cron.parse(text).after(START, UTC), 2)
    assert [datetime.fromtimestamp(at, UTC).strftime("%m-%dT%H:%M") for at in found] == times


def test_a_time_zone_and_its_summer_time() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    start = datetime(2030, 10, 26, tzinfo=berlin).timestamp()
    first, second = islice(cron.parse("0 8 * * ? *").after(start, berlin), 2)
    assert second - first == 25 * 3600
    assert cron.zoned("2030-07-01T02:00:00", berlin) == START


def test_the_past_has_no_next_time() -> None:
    assert next(cron.parse("0 0 1 1 ? 2029").after(START, UTC), None) is None


@pytest.mark.parametrize(
    "text",
    ["", "0 0 * * * *", "0 0 ? * ? *", "60 0 * * ? *", "0 24 * * ? *", "0 0 0 * ? *", "0 0 * 13 ? *", "0 0 ? * 8 *",
     "0 0 ? * 2#6 *", "0 0 * * ? 2200", "5-1 0 * * ? *", "0/0 0 * * ? *", "x 0 * * ? *", "0 0 32W * ? *", "*-3 0 * * ? *"],
)  # fmt: skip
def test_what_is_no_cron_expression(text: str) -> None:
    with pytest.raises(ValueError):
        cron.parse(text)
