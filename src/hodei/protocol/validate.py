"""Validation of parameters by the model, in the words of AWS's own framework.

Every shape that has constraints, or contains one that has, is compiled into a function that returns None for a good
value and a list of violations for a bad one; shapes without constraints cost nothing. What the wording looks like was
taken from AWS's answers: a scalar is reported where it stands (`tags.1.member.key`), a list or map of bad scalars (a
map of lists that are too long, too) as a whole, with all the constraints that its elements have.
"""

from __future__ import annotations

from collections.abc import Callable, Set
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
        self._free: set[str] = set()  # structures without any constraint within them

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
                return self._list(shape, _scalar(shape))
            case "map":
                return self._map(shape, _scalar(shape))
            case _:
                return _scalar(shape)

    def _has_constraints(self, shape: Shape) -> bool:
        """Whether `shape` or anything within it has one."""
        seen: set[str] = set()
        left = [shape]
        while left:
            shape = left.pop()
            if _constraints(shape) or shape.required:
                return True
            if shape.type == "structure" and shape.name not in seen and shape.name not in self._free:
                seen.add(shape.name)
                left.extend(shape.members.values())
            elif shape.type == "list":
                left.append(shape.member)
            elif shape.type == "map":
                left += (shape.key, shape.value)
        self._free |= seen
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
            if constrained.isdisjoint(value):
                return found
            for name, path, check_member in checks:
                if name in value and (inner := check_member(value[name])):
                    found = (found or []) + [_below(path, violation) for violation in inner]
            return found

        constrained: Set[str] = frozenset()
        self._structures[shape.name] = check
        for name, member in shape.members.items():
            paths[name] = ("" if member.location else body_prefix) + lower_first(name)
            if check_member := self.check(member):
                checks.append((name, paths[name], check_member))
        required += [name for name in shape.members if name in shape.required]
        constrained = frozenset(name for name, _, _ in checks)
        return check

    def _within(self, shape: Shape) -> Check | None:
        """As `check`, of what is in a list, map or structure; of a scalar nothing is left."""
        match shape.type:
            case "list":
                return self._list(shape, None) if self._has_constraints(shape.member) else None
            case "map":
                inner = self._has_constraints(shape.key) or self._has_constraints(shape.value)
                return self._map(shape, None) if inner else None
            case "structure":
                return self.check(shape)
        return None

    def _list(self, shape: Shape, whole: Check | None) -> Check:
        """`whole` checks its size."""
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

    def _map(self, shape: Shape, whole: Check | None) -> Check:
        """`whole` checks its size. A bad value is reported with its map, what is bad within a value where it stands."""
        bad_key, bad_value = _predicate(shape.key), _predicate(shape.value)
        check_value = self._within(shape.value)

        def check(value: dict[str, Any]) -> list[Violation] | None:
            found = whole(value) if whole else None
            if bad_key is not None and any(map(bad_key, value)):
                found = [*(found or []), _elements(shape, shape.key, value, "keys", "Map keys")]
            if bad_value is not None and any(item is not None and bad_value(item) for item in value.values()):
                found = [*(found or []), _elements(shape, shape.value, value, "values", "Map value")]
            if check_value is None:
                return found
            for key, item in value.items():
                if item is not None and (inner := check_value(item)):
                    found = [*(found or []), *(_below(f"{key}.member", violation) for violation in inner)]
            return found

        return check


def lower_first(name: str) -> str:
    return name[:1].lower() + name[1:]


def _below(path: str, violation: Violation) -> Violation:
    return violation._replace(path=f"{path}.{violation.path}" if violation.path else path)


def _elements(container: Shape, element: Shape, value: Any, kind: str, subject: str) -> Violation:
    words = ", ".join(constraint.words for constraint in _constraints(element))
    return Violation("", kind, _quoted(container, value), f"{subject} must satisfy constraint: [{words}]")


class _Constraint(NamedTuple):
    kind: str
    broken: str  # an expression, of the value `v` and `limit`
    limit: Any
    words: str  # AWS's


def _predicate(shape: Shape) -> Callable[[Any], bool] | None:
    """A function that is true for values that break any of a shape's own constraints; None if it has none."""
    constraints = _constraints(shape)
    if not constraints:
        return None
    names = {f"limit{index}": constraint.limit for index, constraint in enumerate(constraints)}
    parts = (constraint.broken.replace("limit", f"limit{index}") for index, constraint in enumerate(constraints))
    predicate: Callable[[Any], bool] = eval(f"lambda v: {' or '.join(parts)}", names)
    return predicate


def _scalar(shape: Shape) -> Check | None:
    """The check of a shape's own constraints, which for lists and maps is their size."""
    broken = _predicate(shape)
    if broken is None:
        return None
    any_broken = broken

    def check(value: Any) -> list[Violation] | None:
        if not any_broken(value):
            return None
        own = [item for item in _constraints(shape) if eval(item.broken, {"v": value, "limit": item.limit})]
        return [Violation("", item.kind, _quoted(shape, value), item.words) for item in own]

    return check


def _constraints(shape: Shape) -> list[_Constraint]:
    """A shape's own constraints, in the order in which AWS lists them."""
    if shape.raw.get("streaming"):
        return []
    sized = shape.type in _SIZED
    measure, subject = ("len(v)", "length") if sized else ("v", "value")
    found = []
    if (most := shape.raw.get("max")) is not None:
        words = f"Member must have {subject} less than or equal to {_limit(shape, most)}"
        found.append(_Constraint("max", f"{measure} > limit", most, words))
    if (least := shape.raw.get("min")) is not None:
        words = f"Member must have {subject} greater than or equal to {_limit(shape, least)}"
        found.append(_Constraint("min", f"{measure} < limit", least, words))
    pattern = shape.raw.get("pattern")
    if pattern is not None and (matches := compile_pattern(pattern)) is not None:
        words = f"Member must satisfy regular expression pattern: {pattern}"
        found.append(_Constraint("pattern", "limit(v) is None", matches, words))
    if shape.enum is not None:
        words = f"Member must satisfy enum value set: [{', '.join(shape.enum)}]"
        found.append(_Constraint("enum", "v not in limit", frozenset(shape.enum), words))
    return found


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
