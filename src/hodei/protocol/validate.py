"""Validation of parameters by the model, in the words of AWS's own framework.

Every shape that has constraints, or contains one that has, is compiled into a function that returns None for a good
value and a list of violations for a bad one; shapes without constraints cost nothing. What the wording looks like was
taken from AWS's answers: a scalar is reported where it stands (`tags.1.member.key`), a list or map of bad scalars as
a whole, with all the constraints that its elements have.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from hodei.protocol.javaregex import compile_pattern
from hodei.protocol.model import OperationModel, Shape


class Violation(NamedTuple):
    """`value` as AWS writes it into the message: "'x'", "null", or "" where the value is a secret."""

    path: str
    kind: str  # required, min, max, pattern, enum, elements, keys, values
    value: str
    constraint: str

    def __str__(self) -> str:
        value = f" {self.value}" if self.value else ""
        return f"Value{value} at '{self.path}' failed to satisfy constraint: {self.constraint}"


Check = Callable[[Any], list[Violation] | None]
Validator = Callable[[dict[str, Any]], list[Violation]]
_SIZED = ("string", "list", "map", "blob")
_NULL = "Member must not be null"


def aggregated_message(violations: list[Violation]) -> str:
    """The message of the ValidationException: "1 validation error detected: Value ..."."""
    count = len(violations)
    return f"{count} validation error{'s' if count > 1 else ''} detected: " + "; ".join(map(str, violations))


def validator_for(operation: OperationModel) -> Validator:
    """The function that checks an operation's parameters; the violations come in the order of the model's members."""
    return _validator(operation)


@cache
def _validator(operation: OperationModel) -> Validator:
    shape = operation.input
    check = _Compiler().compile(shape, operation) if shape is not None else None
    if check is None:
        return lambda params: []
    found = check
    return lambda params: found(params) or []


class _Compiler:
    def __init__(self) -> None:
        self._structures: dict[str, Check] = {}
        self._constrained: dict[str, bool] = {}

    def compile(self, shape: Shape, operation: OperationModel) -> Check | None:
        """The check of an operation's input."""
        prefix = ""
        if shape.service.wire.get("bodyPath"):
            # The service wraps what comes in the body: 'updateMethodResponseInput.patchOperations.1.member.op'.
            prefix = f"{lower_first(operation.name)}Input."
        return self._structure(shape, prefix) if self._has_constraints(shape) else None

    def check(self, shape: Shape) -> Check | None:
        """None if nothing can be wrong with any value."""
        if not self._has_constraints(shape):
            return None
        match shape.type:
            case "structure":
                return self._structures.get(shape.name) or self._structure(shape, "")
            case "list":
                return self._list(shape)
            case "map":
                return self._map(shape)
            case _:
                return _scalar(shape)

    def _has_constraints(self, shape: Shape) -> bool:
        if _constraints(shape):
            return True
        match shape.type:
            case "structure":
                if (known := self._constrained.get(shape.name)) is None:
                    self._constrained[shape.name] = False  # for the way down: a structure within itself adds nothing
                    known = bool(shape.required) or any(map(self._has_constraints, shape.members.values()))
                    if known:
                        self._constrained[shape.name] = True
                    else:
                        del self._constrained[shape.name]
                return known
            case "list":
                return self._has_constraints(shape.member)
            case "map":
                return self._has_constraints(shape.key) or self._has_constraints(shape.value)
        return False

    def _structure(self, shape: Shape, body_prefix: str) -> Check:
        required: list[str] = []
        checks: list[tuple[str, str, Check]] = []
        paths: dict[str, str] = {}

        def check(value: dict[str, Any]) -> list[Violation] | None:
            found: list[Violation] | None = None
            for name in required:
                if name not in value:
                    found = found or []
                    found.append(Violation(paths[name], "required", "null", _NULL))
            for name, path, check_member in checks:
                if name in value and (inner := check_member(value[name])):
                    found = (found or []) + [_below(path, violation) for violation in inner]
            return found

        self._structures[shape.name] = check
        for name, member in shape.members.items():
            paths[name] = ("" if member.location else body_prefix) + lower_first(name)
            if check_member := self.check(member):
                checks.append((name, paths[name], check_member))
        required += [name for name in shape.members if name in shape.required]
        return check

    def _list(self, shape: Shape) -> Check:
        whole = _scalar(shape)
        check_element = self.check(shape.member)
        scalars = shape.member.type not in ("structure", "list", "map")

        def check(value: list[Any]) -> list[Violation] | None:
            found = whole(value) if whole else None
            if check_element is None:
                return found
            for index, element in enumerate(value, 1):
                if element is not None and (inner := check_element(element)):
                    found = found or []
                    if scalars:
                        found.append(_elements(shape, shape.member, value, "elements", "Member"))
                        return found
                    found += [_below(f"{index}.member", violation) for violation in inner]
            return found

        return check

    def _map(self, shape: Shape) -> Check:
        whole = _scalar(shape)
        check_key, check_value = self.check(shape.key), self.check(shape.value)
        scalars = shape.value.type not in ("structure", "list", "map")

        def check(value: dict[str, Any]) -> list[Violation] | None:
            found = whole(value) if whole else None
            if check_key is not None and any(check_key(key) for key in value):
                found = [*(found or []), _elements(shape, shape.key, value, "keys", "Map keys")]
            if check_value is None:
                return found
            for key, item in value.items():
                if item is not None and (inner := check_value(item)):
                    found = found or []
                    if scalars:
                        found.append(_elements(shape, shape.value, value, "values", "Map value"))
                        return found
                    found += [_below(f"{key}.member", violation) for violation in inner]
            return found

        return check


def lower_first(name: str) -> str:
    return name[:1].lower() + name[1:]


def _below(path: str, violation: Violation) -> Violation:
    return violation._replace(path=f"{path}.{violation.path}" if violation.path else path)


def _elements(container: Shape, element: Shape, value: Any, kind: str, subject: str) -> Violation:
    constraints = ", ".join(constraint for _, _, constraint in _constraints(element))
    return Violation("", kind, _quoted(container, value), f"{subject} must satisfy constraint: [{constraints}]")


def _scalar(shape: Shape) -> Check | None:
    """The check of a shape's own constraints, which for lists and maps is their size."""
    constraints = _constraints(shape)
    if not constraints:
        return None

    def check(value: Any) -> list[Violation] | None:
        found = None
        for kind, broken, constraint in constraints:
            if broken(value):
                found = found or []
                found.append(Violation("", kind, _quoted(shape, value), constraint))
        return found

    return check


def _constraints(shape: Shape) -> list[tuple[str, Callable[[Any], bool], str]]:
    """(kind, whether a value breaks it, AWS's words), in the order in which AWS lists them."""
    if shape.raw.get("streaming"):
        return []
    measure: Callable[[Any], Any] | None = len if shape.type in _SIZED else None
    subject = "length" if measure else "value"
    found: list[tuple[str, Callable[[Any], bool], str]] = []
    if (most := shape.raw.get("max")) is not None:
        words = f"Member must have {subject} less than or equal to {_limit(shape, most)}"
        found.append(("max", _above(most, measure is not None), words))
    if (least := shape.raw.get("min")) is not None:
        words = f"Member must have {subject} greater than or equal to {_limit(shape, least)}"
        found.append(("min", _under(least, measure is not None), words))
    pattern = shape.raw.get("pattern")
    if pattern is not None and (matches := compile_pattern(pattern)) is not None:
        words = f"Member must satisfy regular expression pattern: {pattern}"
        found.append(("pattern", _unmatched(matches), words))
    if shape.enum is not None:
        words = f"Member must satisfy enum value set: [{', '.join(shape.enum)}]"
        found.append(("enum", _outside(frozenset(shape.enum)), words))
    return found


def _above(limit: float, sized: bool) -> Callable[[Any], bool]:
    return (lambda value: len(value) > limit) if sized else (lambda value: value > limit)


def _under(limit: float, sized: bool) -> Callable[[Any], bool]:
    return (lambda value: len(value) < limit) if sized else (lambda value: value < limit)


def _unmatched(matches: Callable[[str], object]) -> Callable[[Any], bool]:
    return lambda value: matches(value) is None


def _outside(allowed: frozenset[str]) -> Callable[[Any], bool]:
    return lambda value: value not in allowed


def _limit(shape: Shape, limit: float) -> str:
    return str(float(limit)) if shape.type in ("float", "double") else str(limit)


def _quoted(shape: Shape, value: Any) -> str:
    """`'x'`; nothing at all of a secret."""
    return "" if _secret(shape) else f"'{_java(shape, value)}'"


def _secret(shape: Shape) -> bool:
    if shape.raw.get("sensitive") or shape.type == "blob":
        return True
    return shape.type == "list" and _secret(shape.member)


def _java(shape: Shape, value: Any) -> str:
    """What Java's toString makes of a value: [a, b], {k=v}, Name(member=value, other=null)."""
    if value is None:
        return "null"
    match shape.type:
        case "list":
            return f"[{', '.join(_java(shape.member, item) for item in value)}]"
        case "map":
            return "{" + ", ".join(f"{key}={_java(shape.value, item)}" for key, item in value.items()) + "}"
        case "structure":
            members = (f"{lower_first(name)}={_java(part, value.get(name))}" for name, part in shape.members.items())
            return f"{shape.name}({', '.join(members)})"
        case "boolean":
            return "true" if value else "false"
        case "string" | "integer" | "long" | "float" | "double":
            return str(value)
    return "..."
