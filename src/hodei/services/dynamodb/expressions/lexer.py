"""Tokens of DynamoDB's expression languages."""

from __future__ import annotations

import re
from typing import NamedTuple

# What no token matches is taken one character at a time, as AWS's messages show ('token: "_", near: "AND __"').
_TOKEN = re.compile(
    r"(?P<name>[A-Za-z][A-Za-z0-9_]*)|(?P<alias>#[A-Za-z0-9_]+)|(?P<value>:[A-Za-z0-9_]+)|(?P<number>[0-9]+)"
    r"|(?P<sign><>|<=|>=|[=<>(),.\[\]+-])|(?P<space>[ \t\r\n]+)|(?P<other>.)",
    re.DOTALL,
)


class Token(NamedTuple):
    """`kind`: name, alias (#n), value (:v), number, sign, other, end. `word`: a name in upper case, else the text."""

    kind: str
    text: str
    word: str
    start: int
    stop: int


def tokens(text: str) -> list[Token]:
    """The tokens of an expression, closed by one of kind "end"."""
    found = []
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or ""
        if kind != "space":
            word = match[0].upper() if kind == "name" else match[0]
            found.append(Token(kind, match[0], word, match.start(), match.end()))
    last = found[-1].stop if found else 0
    return [*found, Token("end", "<EOF>", "", last, last)]


def near(text: str, found: list[Token], at: int) -> str:
    """The text around a token as AWS shows it: from the token before to the one after."""
    return text[found[max(at - 1, 0)].start : found[min(at + 1, len(found) - 1)].stop]


def partners(found: list[Token]) -> dict[int, int]:
    """Where each opening parenthesis is closed; those never closed are not in it."""
    opened: list[int] = []
    pairs = {}
    for at, token in enumerate(found):
        if token.word == "(":
            opened.append(at)
        elif token.word == ")" and opened:
            pairs[opened.pop()] = at
    return pairs
