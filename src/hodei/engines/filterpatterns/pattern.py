"""What a compiled pattern is, and what the three kinds of patterns share: comparisons and regular expressions."""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress

from hodei.engines import linear

MOST_REGEXES = 2
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
NOT_IN_REGEX = re.compile(r"[^A-Za-z0-9:_#=@/;,\-^$?\[\]{}|\\*+.\s]")
ORDERING: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip

Test = Callable[[str], bool]


class InvalidPattern(ValueError):
    """Why a text is no pattern, in a sentence."""


@dataclass(frozen=True)
class Pattern:
    """`extract` gives what a matching message has for the fields that the pattern names, by their selectors.

    `needles` all stand in any message that matches, and `clue`, an expression, is found there: so the others need not
    be looked at. That of JSON may be searched for in any text that messages are part of.
    """

    text: str
    matches: Test
    extract: Callable[[str], dict[str, str]]
    needles: tuple[str, ...] = ()
    regexes: int = 0
    json: bool = False
    clue: str = ""  # none
    each: Callable[[Sequence[str]], Iterable[bool]] | None = None  # `matches`, of many messages in less time

    def may_match(self, texts: bytes) -> bool:
        """Whether any of the messages in a row of bytes, in UTF-8, can match: a quick look."""
        if self.json:
            return self._have(texts) and (not self.clue or self._in_bytes.search(texts) is not None)
        return all(needle.encode() in texts for needle in self.needles)

    def among(self, messages: Sequence[str]) -> list[int]:
        """The positions of the messages that match."""
        candidates = self._clue.among(messages) if self.clue else range(len(messages))
        texts = messages if len(candidates) == len(messages) else [messages[at] for at in candidates]
        return list(compress(candidates, self.each(texts) if self.each else map(self.matches, texts)))

    def _have(self, texts: bytes) -> bool:
        """Whether JSON texts have the needles, or escapes, by which they may."""
        return all(needle.encode() in texts for needle in self.needles) or b"\\u" in texts

    @functools.cached_property
    def _clue(self) -> linear.Clue:
        return linear.Clue(self.clue)

    @functools.cached_property
    def _in_bytes(self) -> re.Pattern[bytes]:
        return linear.compile_bytes(self.clue)


def regex(body: str) -> re.Pattern[str]:
    """The expression between two %. Raises: InvalidPattern."""
    if bad := NOT_IN_REGEX.search(body):
        raise InvalidPattern(f"Invalid character(s) in regex: '{bad[0]}'")
    try:
        return linear.compile(body)
    except ValueError:
        raise InvalidPattern("Invalid regex in filter pattern") from None


def number(text: str) -> float | None:
    return float(text) if NUMBER.fullmatch(text) else None


def equality(value: str) -> Test:
    """Whether a text equals a value, in which each * stands for anything."""
    if "*" not in value:
        return lambda text: text == value
    found = linear.compile(".*".join(map(re.escape, value.split("*"))), re.S)
    return lambda text: found.fullmatch(text) is not None


def ordering(sign: str, value: str) -> Callable[[float], bool]:
    """Raises: InvalidPattern if the value is no number."""
    limit, compare = number(value), ORDERING[sign]
    if limit is None:
        raise InvalidPattern(f"Invalid number '{value}' in filter pattern")
    return lambda given: compare(given, limit)
