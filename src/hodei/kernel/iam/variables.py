"""Policy variables: `${aws:username}`, `${aws:userid, 'anonymous'}`, `${*}`; and the wildcards between them.

A text of a policy is read once into tokens. Variables are replaced by values of the request when it is evaluated; a
value's own `*` and `?` are plain characters.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import NamedTuple

Context = Mapping[str, Sequence[str]]
"""The request's condition keys, in lower case, with all their values."""


class Wild(Enum):
    ANY = "*"
    ONE = "?"


class Variable(NamedTuple):
    key: str  # in lower case
    default: str | None

    def value(self, context: Context) -> str | None:
        """None if the request has no such key, or several values of it: AWS puts in single values only."""
        values = context.get(self.key, ())
        return values[0] if len(values) == 1 else self.default


Plain = str | Wild
Token = Plain | Variable

_VARIABLE = re.compile(r"\$\{\s*(?:([*?$])|([^{}',\s][^{}',]*?)\s*(?:,\s*'([^'{}]*)')?)\s*\}")
_WILD = re.compile(r"([*?])")


def tokens(text: str, *, variables: bool, wildcards: bool) -> tuple[Token, ...]:
    """A policy's text, read. Without `variables` (language version 2008-10-17) `${x}` is what it says."""
    found: list[Token] = []
    end = 0
    for match in _VARIABLE.finditer(text) if variables else ():
        found += _plain(text[end : match.start()], wildcards)
        literal, key, default = match.groups()
        found.append(literal or Variable(key.lower(), default))
        end = match.end()
    return tuple(found + _plain(text[end:], wildcards))


def _plain(text: str, wildcards: bool) -> list[Token]:
    parts = _WILD.split(text) if wildcards else [text]
    return [Wild(part) if wildcards and part in ("*", "?") else part for part in parts if part]
