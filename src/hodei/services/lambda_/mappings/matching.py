"""Whether records pass the filter patterns of event source mappings.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from hodei.services.lambda_.state import Wire

Pattern = Mapping[str, Any]
MISSING: Any = object()


def patterns(criteria: Wire) -> list[Pattern]:
    return [json.loads(one["Pattern"]) for one in criteria.get("Filters", ())]


def passes(found: Sequence[Pattern], record: Mapping[str, Any], data: str) -> bool:
    """Whether any of the patterns matches, or there are none. `data` is the member that carries the payload, a text:
    where a pattern looks into it, it has to be JSON; where a pattern has rules for it, it is a text."""
    return not found or any(_passes(pattern, record, data) for pattern in found)


def _passes(pattern: Pattern, record: Mapping[str, Any], data: str) -> bool:
    if isinstance(pattern.get(data), Mapping):
        try:
            record = {**record, data: json.loads(record[data])}
        except ValueError:
            return False
    return _matches(pattern, record)


def _matches(pattern: Pattern, value: Any) -> bool:
    if not isinstance(value, Mapping):
        value = {}
    for name, wanted in pattern.items():
        if name == "$or":
            if not any(_matches(one, value) for one in wanted):
                return False
        elif isinstance(wanted, Mapping):
            if not _matches(wanted, value.get(name)):
                return False
        elif not _any(wanted, value.get(name, MISSING)):
            return False
    return True


def _any(rules: Sequence[Any], value: Any) -> bool:
    """Of a list it is enough that one of its values matches."""
    values = value if isinstance(value, list) else [value]
    return any(_holds(rule, one) for rule in rules for one in values or [MISSING])


def _holds(rule: Any, value: Any) -> bool:
    if not isinstance(rule, Mapping):
        return (value is not MISSING and type(value) is type(rule) and value == rule) or _same_number(rule, value)
    ((operator, operand),) = rule.items()
    if operator == "exists":
        return operand is (value is not MISSING)
    if value is MISSING:
        return False
    if operator == "numeric":
        return _is_number(value) and _numeric(operand, value)
    if operator == "anything-but":
        return _anything_but(operand, value)
    if not isinstance(value, str):
        return False
    if operator == "prefix":
        return value.startswith(operand)
    return value.endswith(operand) if operator == "suffix" else value.lower() == operand.lower()


def _anything_but(operand: Any, value: Any) -> bool:
    if isinstance(operand, Mapping):
        return not _holds(operand, value)
    return not any(_holds(one, value) for one in (operand if isinstance(operand, list) else [operand]))


def _numeric(operand: Sequence[Any], value: float) -> bool:
    return all(_compared(sign, value, bound) for sign, bound in zip(operand[::2], operand[1::2]))


def _compared(sign: str, value: float, bound: float) -> bool:
    if sign == "=":
        return value == bound
    if sign.startswith("<"):
        return value <= bound if sign == "<=" else value < bound
    return value >= bound if sign == ">=" else value > bound


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same_number(rule: Any, value: Any) -> bool:
    return _is_number(rule) and _is_number(value) and float(rule) == float(value)
