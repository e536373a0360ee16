"""Operands of conditions and updates: how they are read from an item, and what is known of them beforehand.

A compiled operand is called with the item and the request's placeholders; it gives None where there is no value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hodei.kernel.errors import AwsError
from hodei.services.dynamodb import errors
from hodei.services.dynamodb.expressions import paths
from hodei.services.dynamodb.expressions.nodes import Alias, Call, Operand, Path, Value
from hodei.services.dynamodb.expressions.placeholders import Placeholders
from hodei.services.dynamodb.values import AttributeValue, kind_of

Item = Mapping[str, AttributeValue]
Read = Callable[[Item, Placeholders], AttributeValue | None]

SIZED = frozenset(("S", "B", "SS", "NS", "BS", "L", "M"))


def compile_path(path: Path) -> Read:
    first, rest = path.elements[0], path.elements[1:]
    if isinstance(first, Alias):
        alias = first.name
        top: Read = lambda item, given: item.get(given.names[alias])  # noqa: E731  # one call less for each item
    else:
        top = lambda item, given: item.get(first)  # type: ignore[arg-type]  # noqa: E731  # a path begins with a name
    if not rest:
        return top

    def deep(item: Item, given: Placeholders) -> AttributeValue | None:
        value = top(item, given)
        for step in rest:
            if value is None:
                return None
            value = paths.below(value, given.names[step.name] if isinstance(step, Alias) else step)
        return value

    return deep


def compile_value(value: Value) -> Read:
    name = value.name
    return lambda item, given: given.values[name]


def compile_size(call: Call) -> Read:
    read = compile_operand(call.args[0])

    def size(item: Item, given: Placeholders) -> AttributeValue | None:
        value = read(item, given)
        if value is None:
            return None
        [(kind, content)] = value.items()
        if kind == "S" and not content.isascii():
            return {"N": str(len(content.encode("utf-16-le")) // 2)}  # Java's length of a string
        return {"N": str(len(content))} if kind in SIZED else None

    return size


def compile_operand(operand: Operand) -> Read:
    """An operand of a condition: a path, a value or size(...)."""
    if isinstance(operand, Path):
        return compile_path(operand)
    return compile_value(operand) if isinstance(operand, Value) else compile_size(operand)


RESULTS: Mapping[str, str] = {"size": "N", "list_append": "L", "+": "N", "-": "N"}


def kind_before(operand: Operand, given: Placeholders) -> str | None:
    """The type of an operand as far as it is known without an item."""
    if isinstance(operand, Value):
        return kind_of(given.values[operand.name])
    return RESULTS.get(operand.name) if isinstance(operand, Call) else None


def resolve(operand: Operand, given: Placeholders, kind: str) -> None:
    """Marks what an operand itself refers to as used. Raises: ValidationException for what is not defined."""
    if isinstance(operand, Path):
        for part in operand.elements:
            if isinstance(part, Alias):
                given.name(part.name, kind)
    elif isinstance(operand, Value):
        given.value(operand.name, kind)


def fail(kind: str, reason: str) -> AwsError:
    return errors.ValidationException(f"Invalid {kind}: {reason}")


def check_count(call: Call, count: int, kind: str) -> None:
    if len(call.args) != count:
        raise fail(
            kind,
            "Incorrect number of operands for operator or function; "
            f"operator or function: {call.name}, number of operands: {len(call.args)}",
        )


def check_path(call: Call, kind: str) -> None:
    if not isinstance(call.args[0], Path):
        raise fail(kind, f"Operator or function requires a document path; operator or function: {call.name}")


def check_kinds(name: str, args: tuple[Operand, ...], allowed: frozenset[str], given: Placeholders, kind: str) -> None:
    """Refuses operands known to be of a type that an operator or function does not take."""
    for arg in args:
        found = kind_before(arg, given)
        if found is not None and found not in allowed:
            raise fail(
                kind,
                f"Incorrect operand type for operator or function; operator or function: {name}, operand type: {found}",
            )
