"""The patterns of the models are Java's; Python's `re` speaks nearly the same language."""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache
from itertools import groupby

_log = logging.getLogger(__name__)

_POSIX = {
    "ASCII": r"\x00-\x7f",
    "Alnum": "a-zA-Z0-9",
    "Alpha": "a-zA-Z",
    "Blank": r" \t",
    "Cntrl": r"\x00-\x1f\x7f",
    "Digit": "0-9",
    "Graph": "!-~",
    "Lower": "a-z",
    "Print": " -~",
    "Punct": r"!-/:-@\[-`{-~",
    "Space": r" \t-\r",
    "Upper": "A-Z",
    "XDigit": "0-9a-fA-F",
    "all": r"\x00-\U0010ffff",
    "IsWhitespace": r" \t-\r\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000",
}
_UNIONS = {"LD": ("L", "Nd"), "IsAlphabetic": ("L", "Nl")}
_BEYOND = 0x20000  # above stand only ideographs (letters) and private or unassigned places
_SURROGATES = r"\uD800\uDC00-\uDBFF\uDFFF"

_PROPERTY = re.compile(r"\\([pP])(?:\{([A-Za-z]+)\}|([A-Z]))")
_CLASS_ESCAPE = re.compile(r"\\[wWdDsSh]")
_HEX = re.compile(r"\\[xu]\{([0-9A-Fa-f]+)\}")
_FLAG_IN_GROUP = re.compile(r"\(\?i\)([^()]*)\)")


@cache
def compile_pattern(pattern: str) -> Callable[[str], object] | None:
    """The match function of a Java pattern, which has to match the whole value. None if Python has no equivalent."""
    try:
        return re.compile(_translate(pattern), re.ASCII).fullmatch  # in Java \w, \d and \s are ASCII
    except (re.error, OverflowError, ValueError) as error:
        _log.info("pattern %r is not checked: %s", pattern, error)
        return None


def _translate(pattern: str) -> str:
    if "&&" in pattern:
        raise ValueError("Python has no class intersection")
    pattern = _HEX.sub(lambda match: re.escape(chr(int(match[1], 16))), pattern)
    pattern = pattern.replace(_SURROGATES, r"\U00010000-\U0010FFFF").replace(r"\z", r"\Z")
    # Flags set midway hold to the end of their group.
    if pattern.startswith("^(?i)"):
        pattern = "(?i)^" + pattern[5:]
    pattern = _FLAG_IN_GROUP.sub(r"(?i:\1))", pattern)
    return "".join(_Translation(pattern).parts())


class _Translation:
    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0
        self._depth = 0  # of character classes; Java nests them as unions

    def parts(self) -> Iterator[str]:
        while self._at < len(self._pattern):
            yield self._next()

    def _take(self, text: str) -> str:
        self._at += len(text)
        return text

    def _next(self) -> str:
        char = self._pattern[self._at]
        if match := _PROPERTY.match(self._pattern, self._at):
            self._take(match[0])
            members = property_members(match[2] or match[3], negated=match[1] == "P")
            return members + self._dash() if self._depth else f"[{members}]"
        if match := _CLASS_ESCAPE.match(self._pattern, self._at):
            text = self._take(match[0]).replace(r"\h", r" \t" if self._depth else r"[ \t]")
            return text + self._dash()
        if char == "\\":
            return self._take(self._pattern[self._at : self._at + 2])
        self._at += 1
        return self._bracket(char)

    def _dash(self) -> str:
        """In a class, a dash after a class escape stands for itself."""
        if self._depth and self._pattern.startswith("-", self._at) and not self._pattern.startswith("-]", self._at):
            self._at += 1
            return r"\-"
        return ""

    def _bracket(self, char: str) -> str:
        if not self._depth:
            if char == "[":
                self._depth = 1
                return char + (self._take("^") if self._pattern.startswith("^", self._at) else "")
            return char
        if char == "]":
            self._depth -= 1
            return char if not self._depth else ""
        if char == "[":
            if self._pattern.startswith("^", self._at):
                raise ValueError("Python has no nested negated class")
            self._depth += 1
            return ""
        return "\\" + char if char in "&|~" else char


@cache
def property_members(name: str, *, negated: bool) -> str:
    r"""What stands within a character class for \p{name}, or for \P{name}."""
    if members := _POSIX.get(name):
        if negated:
            raise ValueError(f"\\P{{{name}}}")
        return members
    wanted = _UNIONS.get(name, (name.removeprefix("Is"),))
    ranges = [run for category, run in _category_ranges() if category.startswith(wanted) != negated]
    if not ranges or len(ranges) == len(_category_ranges()):
        raise ValueError(f"\\p{{{name}}}")
    if ("L" in wanted) != negated:
        ranges.append(r"\U00020000-\U0010ffff")
    return "".join(ranges)


@cache
def _category_ranges() -> list[tuple[str, str]]:
    """Unicode's general categories, as runs of characters: (category, "a-z")."""
    runs = (
        (category, list(codes)) for category, codes in groupby(range(_BEYOND), lambda c: unicodedata.category(chr(c)))
    )
    return [(category, f"\\U{codes[0]:08x}-\\U{codes[-1]:08x}") for category, codes in runs]
