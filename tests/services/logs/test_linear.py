"""Regular expressions of users: no time but that of the texts, whatever they say; and what is passed over unseen."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from hodei.engines.filterpatterns import compile_pattern
from hodei.engines.filterpatterns.delimited import FIELD, split
from hodei.testing import Cloud

from .conftest import GROUP, messages, refusal
from .test_insights import whole

EVIL = "a" * 40_000


@pytest.mark.feature("logs.groups-streams")
@pytest.mark.parametrize("pattern", ["%a*a*a*a*a*a*b%", '{ $.x = "*a*a*a*a*a*a*a*b" }', "[x = %a*a*a*a*a*a*b%]"])
def test_patterns_that_would_never_end(logs: Any, put: Any, pattern: str) -> None:
    put(EVIL, json.dumps({"x": EVIL}), "caab", json.dumps({"x": "caaaaaaab"}))
    found = messages(logs.filter_log_events(logGroupName=GROUP, filterPattern=pattern)["events"])
    assert found
    assert all(len(message) < 100 for message in found)


@pytest.mark.feature("logs.insights")
@pytest.mark.parametrize(
    "query",
    [
        "filter @message like /(a+)+$/ | filter @message like /b/ | fields @message",
        "parse @message /(?<x>(a|aa)+)b/ | filter ispresent(x) | display @message",
        "parse @message '*a*a*a*a*a*a*b' as a, b, c, d, e, f, g | filter ispresent(a) | display @message",
    ],
)
def test_queries_that_would_never_end(cloud: Cloud, logs: Any, put: Any, query: str) -> None:
    put(EVIL, "xaaaaaaab", "baaaaaaaaa")
    answer = whole(cloud, logs, query)
    assert answer["status"] == "Complete"
    assert [row[0]["value"] for row in answer["results"]] in (["baaaaaaaaa"], ["xaaaaaaab"])


@pytest.mark.feature("logs.insights")
def test_lookaround_and_backreferences_are_refused(cloud: Cloud, logs: Any) -> None:
    for expression in ("a(?=b)", "(?<!x)y", r"(a)\1"):
        code, said = refusal(whole, cloud=cloud, logs=logs, query=f"filter @message like /{expression}/")
        assert code == "NotImplemented"
        assert "lookaround" in said


values = some.one_of(
    some.sampled_from(["a", "ab", "5", "A", "a b", "é", "x/y", 'q"'] * 2),
    some.integers(-20, 1200),
    some.floats(-5, 2000, allow_nan=False),
    some.booleans(),
    some.none(),
)
objects = some.dictionaries(some.sampled_from(["a", "b", "é"]), values | some.fixed_dictionaries({"b": values}))
words = some.sampled_from(
    [
        "a",
        "b",
        "5",
        "500",
        "+0500.0",
        "-500",
        "5e2",
        ".05E4",
        "499",
        "1200",
        '"',
        '"a b"',
        '"5"',
        "[5 a]",
        "[a]b",
        '"a"b',
        "é",
        "",
    ]
)
lines = some.lists(
    some.tuples(words, some.sampled_from([" ", " ", "  ", "\t", "\n", "\u2003"])).map("".join), max_size=6
).map("".join)
texts = some.lists(some.one_of(objects.map(json.dumps), some.text("ab5 \n{é", max_size=8), lines), max_size=6)
operands = some.sampled_from(["a", '"a"', '"a*"', "a*", "*b", "5", "5.0", "-5", "500", "5e2", "é", "tr*", '"x/y"'])
conditions = some.one_of(
    some.tuples(some.sampled_from(["$.a", "$.b", "$.a.b", "$.é"]), some.sampled_from(["=", "!="]), operands),
    some.tuples(
        some.sampled_from(["$.a", "$.a.b"]),
        some.sampled_from(["<", "<=", ">", ">="]),
        some.sampled_from(["5", "1.5", "450"]),
    ),
    some.tuples(
        some.sampled_from(["$.a", "$.b"]), some.sampled_from(["IS", "IS"]), some.sampled_from(["NULL", "TRUE"])
    ),
    some.tuples(some.just("$.b"), some.sampled_from(["EXISTS", "NOT EXISTS"])),
).map(" ".join)
fields = some.one_of(
    some.sampled_from(["x", "y"]),
    some.tuples(
        some.just("x"), some.sampled_from(["<", ">", ">=", "=", "!="]), some.sampled_from(["5", "500", "-500", "1e3"])
    ).map(" ".join),
    some.sampled_from(["x = a*", "x = a || x = 5", "x > 1 && x < 500", 'x = "a b"', "x = *5*"]),
)
delimited = some.tuples(
    some.sampled_from(["", "..., "]), some.lists(fields, min_size=1, max_size=4).map(", ".join)
).map(lambda parts: f"[{''.join(parts)}]")
patterns = some.one_of(
    delimited,
    some.tuples(conditions, some.sampled_from(["&&", "||"]), conditions).map(lambda parts: f"{{ {' '.join(parts)} }}"),
    some.sampled_from(
        ["a", "a 5", "-a", "?a ?5", "%^a$%", "%a[^x]*b%", "%b$%", '"a b"', "[x = a, ...]", "[x, y = *5]"]
    ),
)


@pytest.mark.feature("logs.groups-streams")
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(patterns, texts)
def test_nothing_that_matches_is_passed_over(text: str, found: list[str]) -> None:
    pattern = compile_pattern(text)
    assert pattern.among(found) == [at for at, message in enumerate(found) if pattern.matches(message)]
    assert pattern.among(found * 100) == [
        at for at, message in enumerate(found * 100) if pattern.matches(message)
    ]  # as clues do that tell few messages apart
    raw = "\x00".join(found).encode()
    assert pattern.may_match(raw) or not any(map(pattern.matches, found))


@pytest.mark.feature("logs.groups-streams")
@settings(deadline=None)
@given(lines)
def test_fields_end_where_quotes_do(line: str) -> None:
    assert split(line) == [found[found.lastindex or 0] for found in FIELD.finditer(line)]
    assert len(split(line, 2)) > 2 or split(line, 2) == split(line)
