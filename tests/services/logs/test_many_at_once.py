"""What looks at many events at a time finds what looking at one after the other finds."""

from __future__ import annotations

import json
import re
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from hodei.engines import linear
from hodei.engines.insights import Query, text
from hodei.engines.insights.parsing import by_expression, by_glob
from hodei.engines.insights.values import order
from hodei.engines.jsonfields import Reader
from hodei.services.logs.events import chunks
from hodei.services.logs.insights.source import Source

values = some.one_of(
    some.integers(-20, 20), some.floats(-5, 5, allow_nan=False), some.sampled_from(["a", "b", "5", "", "-1.5"]),
    some.booleans(), some.none(), some.just({"c": 1}),
)  # fmt: skip
events = some.lists(
    some.one_of(
        some.fixed_dictionaries({}, optional={"a": values, "b": values, "a.c": values}).map(json.dumps),
        some.sampled_from(["", "x", "{", ' {"a": 1}', '\n{"b": 2}', "[1]", '{"a": 1} 2', '{"a":']),
    ),
    max_size=20,
)


@pytest.mark.feature("logs.insights")
@settings(deadline=None)
@given(events)
def test_members_of_many_objects(found: list[str]) -> None:
    read = Reader(["a", "b"])
    assert read.each(found) == [read(message) for message in found]


@pytest.mark.feature("logs.insights")
@settings(deadline=None)
@given(some.text("a*\n", max_size=6), some.text("ab\n", max_size=8))
def test_globs_are_expressions(pattern: str, message: str) -> None:
    start, end = r"\A" if pattern.startswith("*") else "", "$" if pattern.endswith("*") else ""
    body = start + "(.*?)".join(map(re.escape, pattern.split("*"))) + end
    found, wanted = by_glob(pattern)(message), by_expression(linear.compile(body, re.S))(message)
    assert (found is None) is (wanted is None)
    assert list(found or ()) == list(wanted or ())


def asked(query: str, found: list[str], size: int) -> list[dict[str, Any]]:
    """What a query makes of events that lie in batches of a size, the n-th of which is of the time n."""
    compiled = Query(query, 10_000)
    source = Source(compiled, "000000000000:app", 0, {"1": "one"}, (0, 1 << 62), 0, None)
    for first in range(0, len(found), size):
        messages = found[first : first + size]
        batch = chunks.Batch(list(range(first, first + len(messages))), [(len(messages), 0)], messages)
        span = chunks.Span("1", first, first, first + len(messages) - 1)
        source._push(span, batch, messages)
    return [dict(row) for row in compiled.finish()]


@pytest.mark.feature("logs.insights")
@settings(deadline=None)
@given(events, some.sampled_from(["a", "a, b", "bin(1s)"]))
def test_stats_of_many(found: list[str], groups: str) -> None:
    query = f"stats count(*) as n, count(b) as c, max(b) as m, count_distinct(b) as d, sum(b) as s by {groups}"
    told = lambda rows: sorted(sorted((name, text(value)) for name, value in row.items()) for row in rows)  # noqa: E731
    assert told(asked(query, found, 7)) == told(asked(query, found, 1))
    assert sum(row["n"] for row in asked(f"stats count(*) as n by {groups}", found, 7)) == len(found)


@pytest.mark.feature("logs.insights")
@settings(deadline=None, max_examples=20)
@given(some.lists(values, min_size=1, max_size=30), some.sampled_from(["asc", "desc"]))
def test_sorting_drops_nothing_that_is_wanted(some_values: list[Any], direction: str) -> None:
    """So many rows that those that cannot be wanted are dropped meanwhile."""
    found = [json.dumps({"a": value, "n": at}) for at, value in enumerate(some_values * (9000 // len(some_values)))]
    rows = asked(f"fields a, n | sort a {direction} | limit 50", found, 1000)
    newest = sorted(map(json.loads, found), key=lambda event: -int(event["n"]))
    wanted = sorted(newest, key=lambda event: order(event["a"]), reverse=direction == "desc")[:50]
    assert [row["n"] for row in rows] == [event["n"] for event in wanted]


@pytest.mark.feature("logs.groups-streams")
@pytest.mark.parametrize("count", [1, 100, 10_000])
def test_bodies_small_and_large_are_read(count: int) -> None:
    raw = json.dumps(list(range(count))).encode()
    assert chunks.inflated(chunks.deflated(raw)) == raw
    assert chunks.inflated(zlib.compress(raw)) == raw  # as all were once
