"""Filters: which lines of the bill a request is about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hodei.kernel.ledger import Line
from hodei.services.ce import dimensions, errors

Expression = Mapping[str, Any]
Test = Callable[[Line], bool]

ROOTS = ("And", "Or", "Not", "Dimensions", "Tags", "CostCategories", "ProductAttributes")
ROOT = (
    "Expression has zero or more than one roots. Only one root operator is allowed for each expression: "
    '"and", "or", "not", "tag" or "dimensionValue"'
)
OPERANDS = "{name} expression must have at least 2 operands"
OF_DIMENSIONS = ("EQUALS", "CASE_SENSITIVE")
OF_TAGS = ("EQUALS", "ABSENT", "CASE_SENSITIVE")


def test(given: Expression | None, *, by_resource: bool = False) -> Test:
    """Whether a filter lets a line through. Raises: ValidationException, NotImplemented."""
    if given is None:
        return lambda line: True
    if len(given) != 1:
        raise errors.ValidationException(ROOT)
    ((root, inside),) = given.items()
    match root:
        case "And" | "Or":
            if len(inside) < 2:
                raise errors.ValidationException(OPERANDS.format(name=root))
            tests = [test(one, by_resource=by_resource) for one in inside]
            together = all if root == "And" else any
            return lambda line: together(one(line) for one in tests)
        case "Not":
            inner = test(inside, by_resource=by_resource)
            return lambda line: not inner(line)
        case "Dimensions":
            return _dimension(inside, by_resource=by_resource)
        case "Tags":
            return _tag(inside)
    raise errors.NotImplementedParameter(parameter=f"Filter.{root}")


def names(given: Expression | None) -> set[str]:
    """The dimensions that a filter asks about."""
    if not given:
        return set()
    inside = [*given.get("And", ()), *given.get("Or", ()), *([given["Not"]] if "Not" in given else ())]
    own = {given["Dimensions"].get("Key", "")} if "Dimensions" in given else set()
    return own.union(*map(names, inside))


def _dimension(given: Mapping[str, Any], *, by_resource: bool) -> Test:
    key, values = given.get("Key", ""), set(given.get("Values", ()))
    valid = dimensions.FILTERS if by_resource else dimensions.FILTERS - {dimensions.RESOURCE}
    if key not in valid:
        raise errors.ValidationException(f"Dimension not valid. Valid values are {', '.join(sorted(valid))}")
    _check(given, "Dimensions", OF_DIMENSIONS)
    value = dimensions.value(key)
    return lambda line: value(line) in values


def _tag(given: Mapping[str, Any]) -> Test:
    key, values = given.get("Key", ""), set(given.get("Values", ()))
    options = _check(given, "Tags", OF_TAGS)
    if "ABSENT" in options:
        return lambda line: key not in line.tags
    return lambda line: line.tags.get(key, "") in values


def _check(given: Mapping[str, Any], kind: str, valid: tuple[str, ...]) -> list[str]:
    """The match options. Raises: ValidationException, in words of our own."""
    options = list(given.get("MatchOptions", ()))
    if any(option not in valid for option in options):
        raise errors.ValidationException(f"Match options of {kind} are invalid. Valid values are {', '.join(valid)}")
    if not given.get("Values") and "ABSENT" not in options:
        raise errors.ValidationException(f"{kind} expression must have at least one value")
    return options
