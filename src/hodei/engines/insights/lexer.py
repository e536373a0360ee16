"""The tokens of a query."""

from __future__ import annotations

import re
from typing import NamedTuple

from hodei.engines.insights.values import InvalidQuery

UNITS = {  # of periods: in short, and all words for them; those of more than one letter may be plurals
    "ms": "ms|msecs?|milliseconds?", "s": "s|secs?|seconds?", "m": "m|mins?|minutes?", "h": "h|hrs?|hours?",
    "d": "d|days?", "w": "w|weeks?", "mo": "mos?|mons?|months?", "q": "q|qtrs?|quarters?", "y": "y|yrs?|years?",
}  # fmt: skip
TOKEN = re.compile(
    rf"""(?P<space>(?:\s+|\#[^\n]*)+)
  | (?P<period>\d+(?:{"|".join(UNITS.values())})\b)
  | (?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
  | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
  | (?P<regex>/(?:[^/\\\n]|\\.)+/[a-z]*)
  | (?P<name>(?:[@A-Za-z_][\w@]*|`[^`]+`)(?:\.(?:[\w@]+|`[^`]+`)|\[\d+\])*)
  | (?P<sign>!=|<=|>=|=~|[=<>+\-*/^%(),|:!\[\]])""",
    re.X,
)
BEFORE_REGEX = {"like", "=~", "parse"}  # where a slash begins an expression and does not divide
ESCAPE = re.compile(r"\\(.)", re.S)


class Token(NamedTuple):
    kind: str
    text: str  # of strings what stands between the quotes
    start: int
    end: int

    @property
    def word(self) -> str:
        return self.text.lower() if self.kind in ("name", "sign") else ""


def blamed(token: Token, what: str) -> InvalidQuery:
    """What to raise of a token."""
    return InvalidQuery(f"{what} {token.text} at line 1 and position {token.start}", token.start, token.end)


class Tokens:
    """What is left of a query's tokens."""

    def __init__(self, query: str) -> None:
        self.query = query
        self._tokens = _tokens(query)
        self._at = 0

    @property
    def next(self) -> Token:
        return self._tokens[self._at]

    @property
    def previous(self) -> Token:
        return self._tokens[self._at - 1]

    def peek(self, ahead: int = 1) -> Token:
        return self._tokens[min(self._at + ahead, len(self._tokens) - 1)]

    def any(self) -> Token:
        token = self._tokens[self._at]
        if token.kind == "end":
            raise self.unexpected()
        self._at += 1
        return token

    def take(self, *words: str) -> Token | None:
        """The next token, if it is one of those words or signs."""
        return self.any() if self.next.word in words else None

    def expect(self, *words: str) -> Token:
        """Raises: InvalidQuery."""
        if (token := self.take(*words)) is None:
            raise self.unexpected()
        return token

    def kind(self, *kinds: str) -> Token:
        """The next token, which must be of those kinds. Raises: InvalidQuery."""
        if self.next.kind not in kinds:
            raise self.unexpected()
        return self.any()

    def unexpected(self) -> InvalidQuery:
        token = self.next
        what = f"symbol found {token.text}" if token.kind != "end" else "end of query"
        return InvalidQuery(f"unexpected {what} at line 1 and position {token.start}", token.start, token.end)


def _tokens(query: str) -> list[Token]:
    found: list[Token] = []
    at = 0
    while at < len(query):
        match = TOKEN.match(query, at)
        if match and match.lastgroup == "regex" and not _may_begin(found):
            found.append(Token("sign", "/", at, at + 1))
            at += 1
            continue
        if match is None or match.lastgroup is None:
            raise InvalidQuery(f"unexpected symbol found {query[at]} at line 1 and position {at}", at, at + 1)
        if match.lastgroup != "space":
            value = match[0]
            if match.lastgroup == "string":
                value = ESCAPE.sub(r"\1", value[1:-1])
            found.append(Token(match.lastgroup, value, at, match.end()))
        at = match.end()
    return [*found, Token("end", "", at, at)]


def _may_begin(before: list[Token]) -> bool:
    if not before:
        return True
    last = before[-1]
    return last.word in BEFORE_REGEX or (len(before) > 1 and before[-2].word == "parse")
