"""Regular expressions that users give: RE2's, which take time linear in the text, whatever they say.

expression = compile("ERROR|WARN")
clue = Clue("ERROR|WARN")
clue.among(messages)               # the positions of the messages in which it is found, and maybe of some others
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

import re2

re2.set_fallback_notification(re2.FALLBACK_EXCEPTION)  # or it would take Python's for what RE2 cannot

BACKTRACKING = re.compile(r"(?:^|[^\\])(?:\\\\)*(?:\(\?(?:<?[=!]|>)|\\[1-9])")
ANYTHING = re.compile(r"\[(?:\\s\\S|\\S\\s|\\w\\W|\\W\\w|\\d\\D|\\D\\d)\]")  # which pyre2 does not take
MANY = 64  # texts in which a clue is found, until it is asked how many those are of all
NAMED = re.compile(r"(\\.)|\(\?P?<([^>]+)>", re.S)


class InvalidExpression(ValueError):
    """Why a text is no regular expression."""


class Unbounded(ValueError):
    """An expression with lookaround or backreferences, for which there is no linear time."""


class Named(NamedTuple):
    """An expression and the names of its groups, with their numbers; they can be any texts."""

    expression: re.Pattern[str]
    groups: dict[str, int]


def compile(body: str, flags: int = 0) -> re.Pattern[str]:
    """Raises: InvalidExpression, Unbounded."""
    try:
        found: re.Pattern[str] = re2.compile(ANYTHING.sub("(?s:.)", body), flags)
    except re2.error as error:
        if BACKTRACKING.search(body):
            raise Unbounded(f"no lookaround and no backreferences in regular expressions: {body}") from None
        raise InvalidExpression(str(error)) from None
    return found


def compile_bytes(body: str) -> re.Pattern[bytes]:
    """For texts in UTF-8. Raises: InvalidExpression."""
    found: re.Pattern[bytes] = re2.compile(body.encode())
    return found


def named(body: str, flags: int = 0) -> Named:
    """An expression whose groups may have names that RE2 does not take. Raises: InvalidExpression, Unbounded."""
    names: list[str] = []

    def plain(found: re.Match[str]) -> str:
        if found[1] or found[2][0] in "=!":
            return found[0]
        names.append(found[2])
        return f"(?P<g{len(names) - 1}>"

    expression = compile(NAMED.sub(plain, body), flags)
    return Named(expression, {name: expression.groupindex[f"g{at}"] for at, name in enumerate(names)})


class Clue:
    """What is found in all texts that are wanted: so that the others need not be looked at one by one.

    In expressions for it, ^ and $ are the ends of lines.
    """

    def __init__(self, body: str) -> None:
        self._expression = compile(body, re.M)

    def among(self, texts: Sequence[str]) -> Sequence[int]:
        """The positions of the texts in which it is found, and maybe of some others."""
        ends = list(accumulate(len(text) + 1 for text in texts))
        found: list[int] = []
        for match in self._expression.finditer("\n".join(texts)):
            at = bisect_right(ends, match.start())
            if match.end() >= ends[at]:  # it goes on in the next text, and may hide what is found there
                return [*found, *range(at, len(texts))]
            if not found or found[-1] != at:
                found.append(at)
                if len(found) > MANY and 2 * len(found) > at:  # it tells few apart: finding it takes more than it saves
                    return [*found, *range(at + 1, len(texts))]
        return found
