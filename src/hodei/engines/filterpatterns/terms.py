"""Patterns of unstructured messages: terms that must all be there, one of those with ?, none of those with -."""

from __future__ import annotations

import re

from hodei.engines.filterpatterns.pattern import InvalidPattern, Pattern, Test, regex

TERM = re.compile(r'\s*(?P<sign>[?-]?)(?:"(?P<phrase>(?:[^"\\]|\\.)*)"|%(?P<regex>(?:[^%\\]|\\.)*)%|(?P<word>[^\s"]+))')
WORD = re.compile(r"[\w.*]+")
NOTHING: dict[str, str] = {}


def compile_terms(text: str) -> Pattern:
    """Raises: InvalidPattern."""
    wanted: list[Test] = []
    clues: dict[str, list[str]] = {"": [], "?": [], "-": []}
    optional: list[Test] = []
    unwanted: list[Test] = []
    needles: list[str] = []
    regexes, at = 0, 0
    while at < len(text):
        term = TERM.match(text, at)
        if term is None:
            raise InvalidPattern("Invalid filter pattern")
        at = term.end()
        test, needle = _test(term)
        {"": wanted, "?": optional, "-": unwanted}[term["sign"]].append(test)
        regexes += term["regex"] is not None
        if needle and not term["sign"]:
            needles.append(needle)
        clues[term["sign"]].append(re.escape(needle) or term["regex"])
    # AWS ignores the terms with ? beside others.
    any_of = [] if wanted or unwanted else optional

    def matches(message: str) -> bool:  # loops: any and all take twice as long
        for test in wanted:
            if not test(message):
                return False
        for test in unwanted:
            if test(message):
                return False
        return not any_of or any(test(message) for test in any_of)

    quick = wanted[0] if len(wanted) == 1 and not unwanted else matches  # what most patterns are
    clue = "|".join(clues["?"]) if any_of else max(clues[""], key=len, default="")
    return Pattern(text, quick, lambda message: NOTHING, tuple(needles), regexes, clue=clue)


def _test(term: re.Match[str]) -> tuple[Test, str]:
    """Whether a message has the term, and the text that it then has ("": it cannot be said)."""
    if term["regex"] is not None:
        found = regex(term["regex"])
        return lambda message: found.search(message) is not None, ""
    if term["phrase"] is not None:
        needle = re.sub(r"\\(.)", r"\1", term["phrase"])
    else:
        needle = term["word"]
        if not WORD.fullmatch(needle):
            raise InvalidPattern(f"Invalid character(s) in term '{needle}'")
    return lambda message: needle in message, needle
