"""The rules of composite alarms: ALARM("a") AND (OK(b) OR NOT INSUFFICIENT_DATA(c))."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

TOKEN = re.compile(
    r"\s*(?:(ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?:\"([^\"]+)\"|([^()\"]+?))\s*\)|(AND|OR|NOT|TRUE|FALSE)\b|([()]))"
)
DEEPEST = 100

StateOf = Callable[[str], str | None]  # of an alarm by name or ARN; None: there is none


@dataclass(frozen=True)
class Is:
    """Whether an alarm is in a state."""

    state: str
    alarm: str


@dataclass(frozen=True)
class Fixed:
    value: bool


@dataclass(frozen=True)
class Not:
    operand: Rule


@dataclass(frozen=True)
class Both:
    """AND or OR of two."""

    operator: str
    left: Rule
    right: Rule


Rule = Is | Fixed | Not | Both


def parse(text: str) -> tuple[Rule, int]:
    """The rule, and how many elements it has: alarms, TRUE and FALSE, parentheses. Raises: ValueError."""
    parser = _Parser(text)
    rule = parser.either(0)
    if parser.at < len(parser.tokens):
        raise ValueError(f"unexpected {parser.tokens[parser.at][0]!r}")
    elements = sum(1 for kind, *_ in parser.tokens if kind not in ("AND", "OR", "NOT"))
    return rule, elements


def alarms_of(rule: Rule) -> Iterator[str]:
    """The alarms that a rule names, in order, each as often as it does."""
    match rule:
        case Is(alarm=alarm):
            yield alarm
        case Not(operand=operand):
            yield from alarms_of(operand)
        case Both(left=left, right=right):
            yield from alarms_of(left)
            yield from alarms_of(right)


def holds(rule: Rule, state_of: StateOf) -> bool:
    match rule:
        case Is(state=state, alarm=alarm):
            return state_of(alarm) == state
        case Fixed(value=value):
            return value
        case Not(operand=operand):
            return not holds(operand, state_of)
        case Both(operator="AND", left=left, right=right):
            return holds(left, state_of) and holds(right, state_of)
        case Both(left=left, right=right):
            return holds(left, state_of) or holds(right, state_of)


Token = tuple[str, str]


def _tokens(text: str) -> Iterator[Token]:
    at = 0
    text = text.rstrip()
    while at < len(text):
        found = TOKEN.match(text, at)
        if found is None:
            raise ValueError(f"cannot read {text[at : at + 20]!r}")
        if found[1]:
            yield found[1], found[2] or found[3]
        else:
            yield found[4] or found[5], ""
        at = found.end()


class _Parser:
    """NOT binds more than AND, which binds more than OR."""

    def __init__(self, text: str) -> None:
        self.tokens = list(_tokens(text))
        self.at = 0

    def take(self, *kinds: str) -> Token | None:
        if self.at < len(self.tokens) and self.tokens[self.at][0] in kinds:
            self.at += 1
            return self.tokens[self.at - 1]
        return None

    def either(self, depth: int) -> Rule:
        rule = self.both(depth)
        while self.take("OR"):
            rule = Both("OR", rule, self.both(depth))
        return rule

    def both(self, depth: int) -> Rule:
        rule = self.single(depth)
        while self.take("AND"):
            rule = Both("AND", rule, self.single(depth))
        return rule

    def single(self, depth: int) -> Rule:
        if depth > DEEPEST:
            raise ValueError("nested too deeply")
        if self.take("NOT"):
            return Not(self.single(depth + 1))
        if self.take("("):
            rule = self.either(depth + 1)
            if not self.take(")"):
                raise ValueError("a closing parenthesis lacks")
            return rule
        if word := self.take("TRUE", "FALSE"):
            return Fixed(word[0] == "TRUE")
        if alarm := self.take("ALARM", "OK", "INSUFFICIENT_DATA"):
            return Is(*alarm)
        raise ValueError("an alarm, TRUE or FALSE is expected")
