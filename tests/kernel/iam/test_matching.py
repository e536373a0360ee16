"""Wildcards against a plain model, and the time that hostile patterns take."""

from __future__ import annotations

import json
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as some

from hodei.kernel.iam import AccessRequest, Named, Policies, Principal, evaluate, matches, matching, parse

pytestmark = pytest.mark.feature("iam.evaluation")

TEXT = some.text("ab:/.*?$\n", max_size=12)
BOB = Principal("user", "arn:aws:iam::111122223333:user/bob", "111122223333")


def model(pattern: str, text: str) -> bool:
    """What `*` and `?` mean, said as plainly as possible."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return model(pattern[1:], text) or (bool(text) and model(pattern, text[1:]))
    return bool(text) and pattern[0] in ("?", text[0]) and model(pattern[1:], text[1:])


def arn_model(pattern: str, text: str) -> bool:
    patterns, texts = pattern.split(":", 5), text.split(":", 5)
    return pattern == "*" or (len(patterns) == len(texts) and all(map(model, patterns, texts)))


@given(some.lists(TEXT, max_size=3), TEXT)
def test_wildcards_are_what_the_model_says(patterns: list[str], text: str) -> None:
    compiled = matching.strings(patterns, variables=False, wildcards=True)
    assert compiled.matches(text, {}) == any(model(pattern, text) for pattern in patterns)


@given(some.lists(TEXT, max_size=3), TEXT)
def test_without_wildcards_only_the_same_text_matches(patterns: list[str], text: str) -> None:
    assert matching.strings(patterns, variables=False, wildcards=False).matches(text, {}) == (text in patterns)


@given(some.text("a:*?", min_size=6, max_size=14), some.text("a:", min_size=6, max_size=14))
def test_arns_match_field_by_field(pattern: str, text: str) -> None:
    if pattern.count(":") >= 5 and text.count(":") >= 5:
        assert matching.arns([pattern], variables=False).matches(text, {}) == arn_model(pattern, text)


@given(some.text("ab*?${}", max_size=8), some.text("ab*?", max_size=8))
def test_a_variable_stands_for_its_value_to_the_letter(value: str, text: str) -> None:
    compiled = matching.strings(["${k}"], variables=True, wildcards=True)
    assert compiled.matches(text, {"k": [value]}) == (text == value)
    around = matching.strings(["a${k}*"], variables=True, wildcards=True)
    assert around.matches(text, {"k": [value]}) == text.startswith("a" + value)


@pytest.mark.parametrize(
    "pattern", ["a*" * 500 + "b", "*a" * 500 + "b", "?*" * 500 + "b", "*" * 5000 + "b", "*ab*ba" * 200]
)
def test_hostile_patterns_take_linear_time(pattern: str) -> None:
    started = process_time()
    assert not matching.strings([pattern], variables=False, wildcards=True).matches("a" * 2000, {})
    assert not matching.resources([f"arn:aws:s3:::{pattern}"], variables=True).matches("arn:aws:s3:::" + "a" * 2000, {})
    assert not matching.arns([f"arn:aws:s3:{pattern}::x"], variables=True).matches(f"arn:aws:s3:{'a' * 2000}::x", {})
    assert process_time() - started < 2  # exponential would be for ever


def test_every_statement_that_applies_is_told() -> None:
    statements = [
        {"Sid": "one", "Effect": "Allow", "Action": "s3:*", "Resource": "*"},
        {"Sid": "two", "Effect": "Allow", "Action": "sqs:*", "Resource": "*"},
        {"Sid": "three", "Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"},
    ]
    policies = Policies(identity=[Named(parse(json.dumps({"Statement": statements}), "identity"), "p", "user")])
    request = AccessRequest("s3:GetObject", "*", {}, BOB)
    assert [(m.where, m.policy.source, m.statement.sid) for m in matches(request, policies)] == [
        ("identity", "user", "one"),
        ("identity", "user", "three"),
    ]


@pytest.mark.feature("iam.boundaries")
def test_a_denial_tells_what_was_lacking() -> None:
    nothing = [Named(parse('{"Statement": {"Effect": "Allow", "Action": "a:b", "Resource": "*"}}', "identity"), "p")]
    decision = evaluate(AccessRequest("s3:GetObject", "*", {}, BOB), Policies(identity=nothing, boundary=nothing))
    assert (decision.where, decision.lacking) == ("identity", ["resource", "identity", "boundary"])
