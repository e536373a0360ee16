"""Where the statements of a policy stand in its text."""

from __future__ import annotations

import re
from collections.abc import Iterator

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]]')
STATEMENT = '"Statement"'


def statements(text: str) -> Iterator[tuple[int, int]]:
    """The offsets of each statement's first character and behind its last one; of a text that is a policy."""
    depth, inside, start, at_depth = 0, False, 0, 0
    for token in TOKEN.finditer(text):
        mark = token[0]
        if mark in "{[":
            depth += 1
            if mark == "{" and inside and not at_depth:
                start, at_depth = token.start(), depth
        elif mark in "}]":
            if inside and depth == at_depth:
                yield start, token.end()
                at_depth = 0
            depth -= 1
        elif depth == 1:
            inside = mark == STATEMENT and text[token.end() :].lstrip().startswith(":")


def position(text: str, offset: int) -> dict[str, int]:
    """Line and column, both from 1."""
    before = text[:offset]
    return {"Line": before.count("\n") + 1, "Column": offset - (before.rfind("\n") + 1) + 1}
