"""Patterns of space-delimited messages: [ip, user, ..., status = 4* && status != 404, bytes > 1000].

A field of a message is what stands between spaces, in "quotes" or in [brackets].
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from hodei.engines.filterpatterns import jsonclues
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


class Condition(NamedTuple):
    """What is asked of a field, and what then must stand in the message: texts, and an expression."""

    test: Test
    needles: tuple[str, ...] = ()
    clue: str = ""


class Field(NamedTuple):
    name: str
    condition: Condition | None = None


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
    conditions = [field.condition for field in fields if field.condition]
    needles = tuple(needle for condition in conditions for needle in condition.needles)
    fits = _fitting(fields, rest[0] if rest else None)
    most = -1 if rest else len(fields)

    def matches(message: str) -> bool:
        for needle in needles:
            if needle not in message:
                return False
        return fits(split(message, most))

    def extract(message: str) -> dict[str, str]:
        pairs = align(split(message)) or []
        return {f"${field.name or position}": value for position, (field, value) in enumerate(pairs, 1)}

    clue = re.escape(max(needles, key=len, default="")) or jsonclues.both([one.clue for one in conditions] or [""])
    return Pattern(text, matches, extract, needles, tokens.regexes, clue=clue)


def split(message: str, most: int = -1) -> list[str]:
    """The fields of a message; of more than `most` the others may be in one piece."""
    if '"' not in message and "[" not in message:
        return message.split(None, most)
    if '" ' not in message and "] " not in message and message[-1] not in '"]' and message.isprintable():
        return message.split(None, most)  # no quote or bracket ends a field: there is no space but " "
    return [found[found.lastindex or 0] for found in FIELD.finditer(message)]


def _fitting(fields: list[Field], rest: int | None) -> Callable[[list[str]], bool]:
    """Whether there are as many fields as the pattern has, and all pass their tests."""
    count = len(fields)
    if rest is None:
        tests = [(at, field.condition.test) for at, field in enumerate(fields) if field.condition]
        return lambda values: len(values) == count and all(test(values[at]) for at, test in tests)
    ends = [
        (at if at < rest else at - count, field.condition.test) for at, field in enumerate(fields) if field.condition
    ]
    return lambda values: len(values) >= count - 1 and all(test(values[at]) for at, test in ends)


def _aligned(fields: list[Field], rest: int | None) -> Callable[[list[str]], list[tuple[Field, str]] | None]:
    """How the fields of a message are those of the pattern; None if there are too many or too few."""
    anonymous = Field("")

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
        return Field(REST)
    if token.kind != "word" or not NAME.fullmatch(token.text):
        raise InvalidPattern("Invalid filter pattern")
    name = token.text.removeprefix("$")
    if tokens.next.kind == "end" or tokens.next.text == ",":
        return Field(name)
    return Field(name, _either(tokens, token.text, first=True))


def _either(tokens: Tokens, name: str, *, first: bool) -> Condition:
    parts = [_all(tokens, name, first=first)]
    while tokens.take("||"):
        parts.append(_all(tokens, name, first=False))
    if len(parts) == 1:
        return parts[0]
    tests = [part.test for part in parts]
    clue = jsonclues.either([part.clue for part in parts])
    return Condition(lambda value: any(test(value) for test in tests), clue=clue)


def _all(tokens: Tokens, name: str, *, first: bool) -> Condition:
    parts = [_one(tokens, name, first=first)]
    while tokens.take("&&"):
        parts.append(_one(tokens, name, first=False))
    if len(parts) == 1:
        return parts[0]
    tests = [part.test for part in parts]
    needles = tuple(needle for part in parts for needle in part.needles)
    clue = jsonclues.both([part.clue for part in parts])
    return Condition(lambda value: all(test(value) for test in tests), needles, clue)


def _one(tokens: Tokens, name: str, *, first: bool) -> Condition:
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
        clue = jsonclues.at_least(number(operand.text) or 0.0) if sign in (">", ">=") else ""
        return Condition(lambda value: (amount := number(value)) is not None and test(amount), clue=_of_number(clue))
    equal = _equality(operand)
    if sign == "=":
        return equal
    return Condition(lambda value: not equal.test(value))


def _equality(operand: Token) -> Condition:
    if operand.kind == "regex":
        expression = regex(operand.text)
        return Condition(lambda value: expression.search(value) is not None)
    if operand.kind not in ("string", "word"):
        raise InvalidPattern("Invalid filter pattern")
    amount = number(operand.text) if operand.kind == "word" else None
    if amount is not None:
        return Condition(lambda value: value == operand.text or number(value) == amount, clue=_of_equal(amount))
    needles = tuple(part for part in operand.text.split("*") if part)
    return Condition(equality(operand.text), needles, max(map(re.escape, needles), key=len, default=""))


def _of_equal(amount: float) -> str:
    whole = abs(amount)
    return _of_number(rf"(?:{int(whole)}\b|{jsonclues.EXPONENT})") if 1 <= whole < 1e15 and whole.is_integer() else ""


def _of_number(clue: str) -> str:
    """Where a field begins, after its sign and zeros."""
    return rf"\b0*{clue}" if clue else ""
