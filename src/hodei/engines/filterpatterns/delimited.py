"""Patterns of space-delimited messages: [ip, user, ..., status = 4* && status != 404, bytes > 1000].

A field of a message is what stands between spaces, in "quotes" or in [brackets].
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from hodei.engines.filterpatterns.lexer import Token, Tokens
from hodei.engines.filterpatterns.pattern import (
    MOST_REGEXES,
    ORDERING,
    InvalidPattern,
    Pattern,
    Test,
    equality,
    number,
    ordering,
    regex,
)

FIELD = re.compile(r'"((?:[^"\\]|\\.)*)"(?=\s|$)|\[([^\]]*)\](?=\s|$)|(\S+)')
NAME = re.compile(r"[A-Za-z_][\w-]*|\$?\d+")
REST = "..."


class Field(NamedTuple):
    name: str
    test: Test | None
    needles: tuple[str, ...] = ()


def compile_delimited(text: str) -> Pattern:
    """Raises: InvalidPattern."""
    if not text.endswith("]"):
        raise InvalidPattern("Invalid filter pattern")
    tokens = Tokens(text[1:-1] + ("," if text[1:-1].strip() == REST else ""))
    fields = [_field(tokens)]
    while tokens.take(","):
        if tokens.next.kind == "end":
            break
        fields.append(_field(tokens))
    tokens.end()
    rest = [at for at, field in enumerate(fields) if field.name == REST]
    if len(rest) > 1 or tokens.regexes > MOST_REGEXES:
        raise InvalidPattern("Invalid filter pattern")
    align = _aligned(fields, rest[0] if rest else None)
    needles = tuple(needle for field in fields for needle in field.needles)
    fits = _fitting(fields, rest[0] if rest else None)

    def matches(message: str) -> bool:
        return all(needle in message for needle in needles) and fits(split(message))

    def extract(message: str) -> dict[str, str]:
        pairs = align(split(message)) or []
        return {f"${field.name or position}": value for position, (field, value) in enumerate(pairs, 1)}

    clue = re.escape(max(needles, key=len, default=""))
    return Pattern(text, matches, extract, needles, tokens.regexes, clue=clue)


def split(message: str) -> list[str]:
    """The fields of a message."""
    if '"' not in message and "[" not in message:
        return message.split()
    return [found[found.lastindex or 0] for found in FIELD.finditer(message)]


def _fitting(fields: list[Field], rest: int | None) -> Callable[[list[str]], bool]:
    """Whether there are as many fields as the pattern has, and all pass their tests."""
    count = len(fields)
    if rest is None:
        tests = [(at, field.test) for at, field in enumerate(fields) if field.test]
        return lambda values: len(values) == count and all(test(values[at]) for at, test in tests)
    ends = [(at if at < rest else at - count, field.test) for at, field in enumerate(fields) if field.test]
    return lambda values: len(values) >= count - 1 and all(test(values[at]) for at, test in ends)


def _aligned(fields: list[Field], rest: int | None) -> Callable[[list[str]], list[tuple[Field, str]] | None]:
    """How the fields of a message are those of the pattern; None if there are too many or too few."""
    anonymous = Field("", None)

    def align(values: list[str]) -> list[tuple[Field, str]] | None:
        if rest is None:
            return list(zip(fields, values)) if len(fields) == len(values) else None
        between = len(values) - (len(fields) - 1)
        if between < 0:
            return None
        return list(zip([*fields[:rest], *[anonymous] * between, *fields[rest + 1 :]], values))

    return align


def _field(tokens: Tokens) -> Field:
    token = tokens.any()
    if token.text == REST and token.kind in ("sign", "word"):
        return Field(REST, None)
    if token.kind != "word" or not NAME.fullmatch(token.text):
        raise InvalidPattern("Invalid filter pattern")
    name = token.text.removeprefix("$")
    if tokens.next.kind == "end" or tokens.next.text == ",":
        return Field(name, None)
    test, needles = _either(tokens, token.text, first=True)
    return Field(name, test, needles)


def _either(tokens: Tokens, name: str, *, first: bool) -> tuple[Test, tuple[str, ...]]:
    parts = [_all(tokens, name, first=first)]
    while tokens.take("||"):
        parts.append(_all(tokens, name, first=False))
    if len(parts) == 1:
        return parts[0]
    tests = [test for test, _ in parts]
    return lambda value: any(test(value) for test in tests), ()


def _all(tokens: Tokens, name: str, *, first: bool) -> tuple[Test, tuple[str, ...]]:
    parts = [_one(tokens, name, first=first)]
    while tokens.take("&&"):
        parts.append(_one(tokens, name, first=False))
    if len(parts) == 1:
        return parts[0]
    tests = [test for test, _ in parts]
    return lambda value: all(test(value) for test in tests), tuple(one for _, needles in parts for one in needles)


def _one(tokens: Tokens, name: str, *, first: bool) -> tuple[Test, tuple[str, ...]]:
    """A condition; the first one follows the field's name, the others repeat it."""
    if not first:
        if tokens.take("("):
            inner = _either(tokens, name, first=False)
            tokens.expect(")")
            return inner
        if tokens.any().text != name:
            raise InvalidPattern("Invalid filter pattern")
    sign = tokens.expect("=", "!=", "<", "<=", ">", ">=").text
    operand = tokens.any()
    if sign in ORDERING:
        test = ordering(sign, operand.text)
        return lambda value: (amount := number(value)) is not None and test(amount), ()
    equal, needles = _equality(operand)
    if sign == "=":
        return equal, needles
    return lambda value: not equal(value), ()


def _equality(operand: Token) -> tuple[Test, tuple[str, ...]]:
    if operand.kind == "regex":
        expression = regex(operand.text)
        return lambda value: expression.search(value) is not None, ()
    if operand.kind not in ("string", "word"):
        raise InvalidPattern("Invalid filter pattern")
    amount = number(operand.text) if operand.kind == "word" else None
    if amount is not None:
        return lambda value: value == operand.text or number(value) == amount, ()
    return equality(operand.text), tuple(part for part in operand.text.split("*") if part)
