"""Filter patterns of event source mappings: whether they are such.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hodei.services.lambda_ import rules
from hodei.services.lambda_.state import Wire

MOST = 10
COMPARISONS = ("<", "<=", "=", ">", ">=")


def check(criteria: Wire) -> None:
    """Raises: InvalidParameterValueException."""
    filters = criteria.get("Filters", ())
    if len(filters) > MOST:
        raise rules.invalid(f"Number of filters exceeds the limit of {MOST}.")
    for one in filters:
        try:
            pattern = json.loads(one.get("Pattern", ""))
        except ValueError:
            pattern = None
        if not isinstance(pattern, dict) or not _is_pattern(pattern):
            raise rules.invalid("Invalid filter pattern definition.")


def _is_pattern(pattern: Mapping[str, Any]) -> bool:
    return bool(pattern) and all(_is_member(name, value) for name, value in pattern.items())


def _is_member(name: str, value: Any) -> bool:
    if name == "$or":
        return isinstance(value, list) and all(isinstance(one, dict) and _is_pattern(one) for one in value)
    if isinstance(value, dict):
        return _is_pattern(value)
    return isinstance(value, list) and bool(value) and all(map(_is_rule, value))


def _is_rule(rule: Any) -> bool:
    if not isinstance(rule, dict):
        return not isinstance(rule, list)
    if len(rule) != 1:
        return False
    ((operator, operand),) = rule.items()
    return operator in OPERATORS and OPERATORS[operator](operand)


def _is_text(operand: Any) -> bool:
    return isinstance(operand, str)


def _is_numeric(operand: Any) -> bool:
    """[">", 0, "<=", 5]"""
    if not isinstance(operand, list) or len(operand) not in (2, 4):
        return False
    numbers = [number for number in operand[1::2] if isinstance(number, int | float) and not isinstance(number, bool)]
    return len(numbers) == len(operand) // 2 and all(sign in COMPARISONS for sign in operand[::2])


def _is_anything_but(operand: Any) -> bool:
    if isinstance(operand, dict):
        return _is_rule(operand) and next(iter(operand)) in ("prefix", "suffix", "equals-ignore-case")
    values: Sequence[Any] = operand if isinstance(operand, list) else [operand]
    return bool(values) and all(isinstance(value, str | int | float) for value in values)


OPERATORS: Mapping[str, Callable[[Any], bool]] = {
    "prefix": _is_text,
    "suffix": _is_text,
    "equals-ignore-case": _is_text,
    "exists": lambda operand: isinstance(operand, bool),
    "numeric": _is_numeric,
    "anything-but": _is_anything_but,
}
