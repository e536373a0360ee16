"""What must stand in the text of a JSON message for which a condition is true, as a regular expression.

Where a text has escapes (\\u0041 is A) nothing of it can be said: so each clue is found in those texts too.
"""

from __future__ import annotations

import re

from hodei.engines.filterpatterns.lexer import Token
from hodei.engines.filterpatterns.pattern import number

PLAIN = re.compile(r"[A-Za-z0-9 _:.,;@#=+-]+")  # what JSON has but one way to write, escapes left aside
ESCAPED = r"\\u"
EXPONENT = r"[\d.]+[eE]"
OTHERWISE = r"[-\d]*[.eE]"  # how integers can be written besides


def member(steps: list[str | int | None]) -> str:
    """The member that a selector ends with, "" where it is none that can be told."""
    last = steps[-1]
    return rf'"{re.escape(last)}"\s*:\s*' if isinstance(last, str) and PLAIN.fullmatch(last) else ""


def compared(name: str, sign: str, operand: Token) -> str:
    """Of a comparison with what `member` has found."""
    if not name:
        return ""
    if sign == "=" and operand.kind in ("string", "word"):
        return name + _value(operand)
    if sign in (">", ">="):
        return name + at_least(number(operand.text) or 0.0)
    return name


def either(clues: list[str]) -> str:
    """Of one condition or the other."""
    return f"(?:{'|'.join(clues)})" if all(clues) else ""


def both(clues: list[str]) -> str:
    """Of conditions that are all true: the one that says most."""
    return max(clues, key=len)


def whole(clue: str) -> str:
    """Of a pattern, whose conditions give this one."""
    return f"{clue}|{ESCAPED}" if clue else ""


def _value(operand: Token) -> str:
    amount = number(operand.text) if operand.kind == "word" else None
    if amount is not None:
        integer = [str(int(amount))] if amount.is_integer() else []
        return rf'"?(?:{"|".join([re.escape(operand.text), *integer, OTHERWISE])})'
    begin = operand.text.partition("*")[0]
    if not PLAIN.fullmatch(begin) or (operand.kind == "word" and number(begin[0] + "0") is not None):
        return ""
    return ('"' if operand.kind == "string" else '"?') + re.escape(begin)


def at_least(limit: float) -> str:
    """Of numbers: by how many digits they have and with which they begin."""
    if not 1 <= limit < 1e15:
        return ""
    digits = str(int(limit))
    more = len(digits)
    return rf"(?:[{digits[0]}-9]\d{{{more - 1}}}|\d{{{more + 1}}}|{EXPONENT})"
