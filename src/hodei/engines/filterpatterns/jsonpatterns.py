"""Patterns of JSON messages: { ($.a.b[0] = "x*" || $.c > 5) && $.d NOT EXISTS }."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from hodei.engines.filterpatterns import jsonclues
from hodei.engines.filterpatterns.jsonclues import PLAIN
from hodei.engines.filterpatterns.lexer import Token, Tokens
from hodei.engines.filterpatterns.pattern import (
    MOST_REGEXES,
    ORDERING,
    InvalidPattern,
    Pattern,
    equality,
    number,
    ordering,
    regex,
)
from hodei.engines.jsonfields import Reader

STEP = re.compile(r"""\.?\[\s*(?:(?P<index>\d+)|(?P<every>\*)|['"](?P<quoted>[^'"]*)['"])\s*\]|\.(?P<name>[^.\[]+)""")
ABSENT: Any = object()

Step = str | int | None  # None: each element
Row = tuple[Any, ...]  # the members of a message that selectors begin with
Condition = Callable[[Any], bool]


class Compiled(NamedTuple):
    """A condition, and what must stand in the text of a message that it is true of: texts, and an expression."""

    test: Callable[[Row], bool]
    needles: tuple[str, ...] = ()
    clue: str = ""


class Find:
    """What a selector finds in a row: nothing, one value, with [*] any."""

    def __init__(self, at: int, steps: list[Step]) -> None:
        self._at, self._steps = at, steps

    def __call__(self, row: Row) -> list[Any]:
        value = row[self._at]
        return [] if value is ABSENT else _walk(value, self._steps)

    def any(self, test: Condition) -> Callable[[Row], bool]:
        """Whether a condition is true of anything that is found."""
        at, steps = self._at, self._steps
        if not all(isinstance(step, str) for step in steps):
            return lambda row: any(map(test, self(row)))

        def found(row: Row) -> bool:
            value = row[at]
            for step in steps:
                value = value.get(step, ABSENT) if isinstance(value, dict) else ABSENT
            return value is not ABSENT and test(value)

        return found


class Selectors:
    """The selectors of a pattern."""

    def __init__(self) -> None:
        self.finds: dict[str, Find] = {}
        self.roots: dict[str, int] = {}  # the members that they begin with -> where those are in a row

    def add(self, text: str) -> Find:
        """Raises: InvalidPattern."""
        root, *rest = _steps(text)
        at = self.roots.setdefault(root, len(self.roots)) if isinstance(root, str) else None
        if at is None:
            raise InvalidPattern(f"Invalid selector '{text}'")
        self.finds[text] = find = Find(at, rest)
        return find


def compile_json(text: str) -> Pattern:
    """Raises: InvalidPattern."""
    if not text.endswith("}"):
        raise InvalidPattern("Invalid filter pattern")
    tokens, selectors = Tokens(text[1:-1]), Selectors()
    test, needles, clue = _either(tokens, selectors)
    tokens.end()
    if tokens.regexes > MOST_REGEXES:
        raise InvalidPattern("Too many regexes in filter pattern")
    read = Reader(list(selectors.roots), ABSENT)

    def matches(message: str) -> bool:
        for needle in needles:
            if needle not in message and "\\u" not in message:
                return False
        row = read(message)
        return row is not None and test(row)

    def each(messages: Sequence[str]) -> Iterator[bool]:
        for needle in needles:
            messages = [message if needle in message or "\\u" in message else "" for message in messages]
        return (row is not None and test(row) for row in read.each(messages))

    extract, clue = _extracting(selectors), jsonclues.whole(clue)
    return Pattern(text, matches, extract, needles, tokens.regexes, json=True, clue=clue, each=each)


def extractor(names: Iterable[str]) -> Callable[[str], dict[str, str]]:
    """A function that gives what a message has for selectors. Raises: InvalidPattern."""
    selectors = Selectors()
    for name in names:
        selectors.add(name)
    return _extracting(selectors)


def _extracting(selectors: Selectors) -> Callable[[str], dict[str, str]]:
    read = Reader(list(selectors.roots), ABSENT)

    def extract(message: str) -> dict[str, str]:
        row = read(message)
        found = {name: find(row) for name, find in selectors.finds.items()} if row is not None else {}
        return {name: text_of(values[0]) for name, values in found.items() if values}

    return extract


def text_of(value: Any) -> str:
    """A value as metrics and TestMetricFilter have it."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _steps(text: str) -> list[Step]:
    """Of "$.a.b[0]": "a", "b", 0. Raises: InvalidPattern."""
    steps: list[Step] = []
    at = 1
    while at < len(text):
        step = STEP.match(text, at)
        if step is None:
            raise InvalidPattern(f"Invalid selector '{text}'")
        if step["every"]:
            steps.append(None)
        else:
            steps.append(int(step["index"]) if step["index"] else step["quoted"] or step["name"])
        at = step.end()
    return steps


def _walk(value: Any, steps: list[Step]) -> list[Any]:
    for at, step in enumerate(steps):
        if isinstance(step, str):
            value = value.get(step, ABSENT) if isinstance(value, dict) else ABSENT
        elif step is None:
            elements = value if isinstance(value, list) else []
            return [found for element in elements for found in _walk(element, steps[at + 1 :])]
        else:
            value = value[step] if isinstance(value, list) and step < len(value) else ABSENT
        if value is ABSENT:
            return []
    return [value]


def _either(tokens: Tokens, selectors: Selectors) -> Compiled:
    parts = [_all(tokens, selectors)]
    while tokens.take("||"):
        parts.append(_all(tokens, selectors))
    if len(parts) == 1:
        return parts[0]
    clue = jsonclues.either([part.clue for part in parts])
    tests = [part.test for part in parts]
    return Compiled(lambda value: any(test(value) for test in tests), clue=clue)


def _all(tokens: Tokens, selectors: Selectors) -> Compiled:
    parts = [_one(tokens, selectors)]
    while tokens.take("&&"):
        parts.append(_one(tokens, selectors))
    if len(parts) == 1:
        return parts[0]
    tests = [part.test for part in parts]
    return Compiled(
        lambda value: all(test(value) for test in tests),
        tuple(needle for part in parts for needle in part.needles),
        jsonclues.both([part.clue for part in parts]),
    )


def _one(tokens: Tokens, selectors: Selectors) -> Compiled:
    if tokens.take("("):
        inner = _either(tokens, selectors)
        tokens.expect(")")
        return inner
    named = tokens.any()
    if named.kind != "selector":
        raise InvalidPattern("Invalid filter pattern")
    find = selectors.add(named.text)
    member = jsonclues.member(_steps(named.text))
    if tokens.take("IS"):
        return _is(tokens, find, member)
    if tokens.take("NOT"):
        tokens.expect("EXISTS")
        return Compiled(lambda value: not find(value))
    if tokens.take("EXISTS"):
        return Compiled(lambda value: bool(find(value)), clue=member)
    sign = tokens.expect("=", "!=", "<", "<=", ">", ">=").text
    test = _comparison(sign, tokens.any())
    needles = _needles(tokens.previous) if sign == "=" else ()
    clue = jsonclues.compared(member, sign, tokens.previous)
    return Compiled(find.any(test), needles, clue)


def _is(tokens: Tokens, find: Find, member: str) -> Compiled:
    word = tokens.expect("NULL", "TRUE", "FALSE").text.lower()
    wanted = {"null": None, "true": True, "false": False}[word]
    return Compiled(find.any(lambda found: found is wanted), clue=member and member + word)


def _comparison(sign: str, operand: Token) -> Condition:
    if sign in ORDERING:
        test = ordering(sign, operand.text)
        return lambda found: isinstance(found, int | float) and not isinstance(found, bool) and test(found)
    equal = _equality(operand)
    if sign == "=":
        return equal
    return lambda found: found is not None and not equal(found)


def _equality(operand: Token) -> Condition:
    if operand.kind == "regex":
        expression = regex(operand.text)
        return lambda found: found is not None and expression.search(text_of(found)) is not None
    if operand.kind not in ("string", "word"):
        raise InvalidPattern("Invalid filter pattern")
    same = equality(operand.text)
    amount = number(operand.text) if operand.kind == "word" else None
    if amount is not None:
        return lambda found: (
            found == amount if isinstance(found, int | float) else isinstance(found, str) and same(found)
        )
    if operand.kind == "string":
        return lambda found: isinstance(found, str) and same(found)
    return lambda found: found is not None and same(text_of(found))


def _needles(operand: Token) -> tuple[str, ...]:
    """Of a value that JSON has but one way to write, \\u escapes left aside."""
    if operand.kind == "word" and number(operand.text) is not None:
        return ()
    return tuple(part for part in operand.text.split("*") if PLAIN.fullmatch(part))
