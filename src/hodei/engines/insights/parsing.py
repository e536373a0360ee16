"""What `parse` takes out of texts."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

Take = Callable[[str], Sequence[str | None] | None]  # None: the text is not like that


def by_expression(expression: re.Pattern[str]) -> Take:
    """The groups of an expression that is searched for."""
    search = expression.search

    def take(text: str) -> Sequence[str | None] | None:
        found = search(text)
        return found and found.groups()

    return take


def by_glob(pattern: str) -> Take:
    """What each * stands for, which is as little as can be, but at the end all that is left."""
    first, *others = pattern.split("*")
    last = others.pop() if pattern.endswith("*") else None

    def take(text: str) -> Sequence[str] | None:
        at = text.find(first)
        if at < 0:
            return None
        at += len(first)
        found = []
        for other in others:
            end = text.find(other, at)
            if end < 0:
                return None
            found.append(text[at:end])
            at = end + len(other)
        return found if last is None else [*found, text[at:]]

    return take
