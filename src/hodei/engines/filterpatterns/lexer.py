"""The tokens of JSON and space-delimited patterns."""

from __future__ import annotations

import re
from typing import NamedTuple

from hodei.engines.filterpatterns.pattern import InvalidPattern

TOKEN = re.compile(
    r"""\s*(?:
    (?P<string>"(?:[^"\\]|\\.)*")
  | %(?P<regex>(?:[^%\\]|\\.)*)%
  | (?P<sign>&&|\|\||!=|<=|>=|=|<|>|\(|\)|,|\.\.\.(?=\s*[,\]]))
  | (?P<selector>\$(?:\.[^\s=<>!&|(){},.\[\]"]+|\[\s*(?:\d+|\*|'[^']*'|"[^"]*")\s*\]|\.\[\s*(?:'[^']*'|"[^"]*")\s*\])+)
  | (?P<word>[^\s=<>!&|(){},"%\[\]]+(?:\[[^\]]*\])?)
    )""",
    re.X,
)


class Token(NamedTuple):
    kind: str  # string, regex, sign, selector, word, end
    text: str


class Tokens:
    """What is left of a pattern's tokens."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0
        self.regexes = 0

    @property
    def previous(self) -> Token:
        return self._tokens[self._at - 1]

    @property
    def next(self) -> Token:
        return self._tokens[self._at]

    def take(self, *texts: str) -> Token | None:
        """The next token, if it is a sign or word (in any case) of those."""
        token = self.next
        if token.kind in ("sign", "word") and token.text.upper() in texts:
            return self.any()
        return None

    def any(self) -> Token:
        token = self._tokens[self._at]
        if token.kind == "end":
            raise InvalidPattern("Invalid filter pattern")
        self._at += 1
        self.regexes += token.kind == "regex"
        return token

    def expect(self, *texts: str) -> Token:
        """Raises: InvalidPattern."""
        token = self.take(*texts)
        if token is None:
            raise InvalidPattern("Invalid filter pattern")
        return token

    def end(self) -> None:
        """Raises: InvalidPattern if anything is left."""
        if self.next.kind != "end":
            raise InvalidPattern("Invalid filter pattern")


def _tokens(text: str) -> list[Token]:
    found, at, text = [], 0, text.rstrip()
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise InvalidPattern("Invalid filter pattern")
        value = match[match.lastgroup]
        if match.lastgroup == "string":
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        found.append(Token(match.lastgroup, value))
        at = match.end()
    return [*found, Token("end", "")]
