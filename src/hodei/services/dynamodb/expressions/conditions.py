"""Condition and filter expressions: checked against a request's placeholders, then held against items."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from functools import cached_property, lru_cache

from hodei.services.dynamodb.expressions import paths
from hodei.services.dynamodb.expressions.nodes import Alias, Call, ConditionNode, Junction, Operand, Path, Test, Value
from hodei.services.dynamodb.expressions.operands import (
    SIZED,
    Item,
    Read,
    check_count,
    check_kinds,
    check_path,
    compile_operand,
    fail,
    resolve,
)
from hodei.services.dynamodb.expressions.parser import ConditionParser
from hodei.services.dynamodb.expressions.placeholders import Placeholders
from hodei.services.dynamodb.values import ORDERED, TYPES, AttributeValue, equal, order_of, shown

Holds = Callable[[Item, Placeholders], bool]

IN_OPERANDS = 100
PREFIXED = frozenset("SB")
COUNTS = {
    "attribute_exists": 1,
    "attribute_not_exists": 1,
    "attribute_type": 2,
    "begins_with": 2,
    "contains": 2,
    "size": 1,
}
PATH_FIRST = frozenset(("attribute_exists", "attribute_not_exists", "attribute_type"))
VALID_TYPES = "N,BS,L,B,NULL,M,S,SS,NS,BOOL"  # in the order in which AWS lists them


class Plan:
    """What is made of a text once: the condition, what to check against placeholders, the compiled test."""

    def __init__(self, node: ConditionNode) -> None:
        self.node = node
        self.checks = checkable(node)

    @cached_property
    def holds(self) -> Holds:
        """Compiled once the checks have passed for the first time: what they refuse cannot be compiled."""
        return compiled(self.node)

    @cached_property
    def nested(self) -> tuple[Path, ...]:
        """The document paths that reach into an attribute."""
        return tuple(path for test in tests(self.node) for path in paths_of(test.args) if len(path.elements) > 1)


@lru_cache(2048)
def plan(text: str, kind: str) -> Plan:
    return Plan(ConditionParser(text, kind).parse())


class Condition:
    """A condition with everything it refers to. `holds` may be asked of any number of items."""

    __slots__ = ("_given", "_holds", "_nested", "node")

    def __init__(self, plan: Plan, given: Placeholders) -> None:
        self.node = plan.node
        self._holds = plan.holds
        self._nested = plan.nested
        self._given = given

    def holds(self, item: Item | None) -> bool:
        """Whether the condition is true of an item; None is one that does not exist."""
        return self._holds(item or {}, self._given)

    @property
    def names(self) -> set[str]:
        """The top-level attributes that the condition looks at."""
        return {self._first(path) for test in tests(self.node) for path in paths_of(test.args)}

    @property
    def nested(self) -> set[str]:
        """The top-level attributes that the condition reaches into."""
        return {self._first(path) for path in self._nested}

    def _first(self, path: Path) -> str:
        first = path.elements[0]
        return self._given.names[first.name] if isinstance(first, Alias) else str(first)


def parse_condition(text: str, given: Placeholders, kind: str = "ConditionExpression") -> Condition:
    """A ConditionExpression or FilterExpression of a request. Raises: ValidationException with AWS's text."""
    planned = plan(text, kind)
    for test in planned.checks:
        check(test, given, kind)
    return Condition(planned, given)


def tests(node: ConditionNode) -> Iterator[Test | Call]:
    """The comparisons and functions of a condition, as they are written."""
    if isinstance(node, Junction):
        for part in node.parts:
            yield from tests(part)
    else:
        yield node


def paths_of(operands: tuple[Operand, ...]) -> Iterator[Path]:
    for operand in operands:
        if isinstance(operand, Path):
            yield operand
        elif isinstance(operand, Call):
            yield from paths_of(operand.args)


def checkable(node: ConditionNode) -> tuple[Test | Call, ...]:
    """What of a condition is to be checked against placeholders, in AWS's order: operands before what uses them."""
    found: list[Test | Call] = []

    def visit(test: Test | Call) -> None:
        for arg in test.args:
            if isinstance(arg, Call):
                visit(arg)
        found.append(test)

    for test in tests(node):
        visit(test)
    return tuple(found)


def check(test: Test | Call, given: Placeholders, kind: str) -> None:
    for arg in test.args:
        resolve(arg, given, kind)
    if isinstance(test, Call):
        check_call(test, given, kind)
        return
    if test.operator in ("<", "<=", ">", ">=", "BETWEEN"):
        check_kinds(test.operator, test.args, ORDERED, given, kind)
    check_distinct(test.operator, test.args, given, kind)
    if test.operator == "BETWEEN":
        check_between(test, given, kind)
    elif test.operator == "IN" and len(test.args) > IN_OPERANDS + 1:
        raise fail(
            kind, f"The IN operator is provided with too many operands; number of operands: {len(test.args) - 1}"
        )


def check_call(call: Call, given: Placeholders, kind: str) -> None:
    check_count(call, COUNTS[call.name], kind)
    check_distinct(call.name, call.args, given, kind)
    if call.name in PATH_FIRST:
        check_path(call, kind)
    if call.name == "size":
        check_kinds(call.name, call.args, SIZED, given, kind)
    elif call.name == "begins_with":
        check_kinds(call.name, call.args, PREFIXED, given, kind)
    elif call.name == "attribute_type":
        check_type_name(call, given, kind)


def check_type_name(call: Call, given: Placeholders, kind: str) -> None:
    operand = call.args[1]
    check_kinds(call.name, (operand,), frozenset("S"), given, kind)
    if not isinstance(operand, Value):
        raise fail(
            kind,
            "Incorrect operand type for operator or function; operator or function: attribute_type, "
            "operand type: {NS,SS,L,BS,N,M,B,BOOL,NULL,S}",
        )
    name = given.values[operand.name]["S"]
    if name not in TYPES:
        raise fail(kind, f"Invalid attribute type name found; type: {name}, valid types: {{{VALID_TYPES}}}")


def check_distinct(name: str, args: tuple[Operand, ...], given: Placeholders, kind: str) -> None:
    first = args[0]
    if not isinstance(first, Path) or len(args) == 1:
        return
    if not any(isinstance(arg, Path) for arg in args[1:]):
        return
    steps = given.resolved(first, kind)
    if any(isinstance(arg, Path) and given.resolved(arg, kind) == steps for arg in args[1:]):
        raise fail(
            kind,
            "The first operand must be distinct from the remaining operands for this operator or function; "
            f"operator: {name}, first operand: {paths.shown(steps)}",
        )


def check_between(test: Test, given: Placeholders, kind: str) -> None:
    lower, upper = test.args[1:]
    if not isinstance(lower, Value) or not isinstance(upper, Value):
        return
    low, high = given.values[lower.name], given.values[upper.name]
    if low.keys() != high.keys():
        fault = "The BETWEEN operator requires same data type for lower and upper bounds"
    elif order_of(low) > order_of(high):
        fault = "The BETWEEN operator requires upper bound to be greater than or equal to lower bound"
    else:
        return
    raise fail(
        kind,
        f"{fault}; lower bound operand: AttributeValue: {shown(low)}, "
        f"upper bound operand: AttributeValue: {shown(high)}",
    )


def compiled(node: ConditionNode) -> Holds:
    """A function of an item and placeholders that says whether the condition holds."""
    if isinstance(node, Test):
        return compile_test(node)
    if isinstance(node, Call):
        return compile_call(node)
    parts = list(map(compiled, node.parts))
    if node.operator == "NOT":
        inner = parts[0]
        return lambda item, given: not inner(item, given)
    stops = node.operator == "OR"

    def junction(item: Item, given: Placeholders) -> bool:
        for part in parts:
            if part(item, given) is stops:
                return stops
        return not stops

    return junction


def compile_test(test: Test) -> Holds:
    reads = list(map(compile_operand, test.args))
    if test.operator == "BETWEEN":
        return compile_between(*reads)
    left, right = reads[:2]
    if test.operator == "=":
        return lambda item, given: same(left(item, given), right(item, given))
    if test.operator == "<>":
        return lambda item, given: not same(left(item, given), right(item, given))
    if test.operator == "IN":
        options = reads[1:]
        return lambda item, given: is_among(left(item, given), [option(item, given) for option in options])
    compare = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}[test.operator]

    def ordered(item: Item, given: Placeholders) -> bool:
        ours, theirs = left(item, given), right(item, given)
        if ours is None or theirs is None or not comparable(ours, theirs):
            return False
        return bool(compare(order_of(ours), order_of(theirs)))

    return ordered


def compile_between(value: Read, lower: Read, upper: Read) -> Holds:
    def between(item: Item, given: Placeholders) -> bool:
        found, low, high = value(item, given), lower(item, given), upper(item, given)
        if found is None or low is None or high is None:
            return False
        if not comparable(found, low) or not comparable(found, high):
            return False
        return bool(order_of(low) <= order_of(found) <= order_of(high))

    return between


def same(left: AttributeValue | None, right: AttributeValue | None) -> bool:
    return left is not None and right is not None and equal(left, right)


def is_among(value: AttributeValue | None, options: list[AttributeValue | None]) -> bool:
    return value is not None and any(option is not None and equal(value, option) for option in options)


def comparable(left: AttributeValue, right: AttributeValue) -> bool:
    return left.keys() == right.keys() and next(iter(left)) in ORDERED


def compile_call(call: Call) -> Holds:
    reads = list(map(compile_operand, call.args))
    first = reads[0]
    if call.name == "attribute_exists":
        return lambda item, given: first(item, given) is not None
    if call.name == "attribute_not_exists":
        return lambda item, given: first(item, given) is None
    relation = {"attribute_type": is_of_type, "begins_with": begins_with, "contains": contains}[call.name]
    second = reads[1]

    def related(item: Item, given: Placeholders) -> bool:
        ours, theirs = first(item, given), second(item, given)
        return ours is not None and theirs is not None and relation(ours, theirs)

    return related


def is_of_type(value: AttributeValue, name: AttributeValue) -> bool:
    return name.get("S") in value


def begins_with(value: AttributeValue, prefix: AttributeValue) -> bool:
    [(kind, content)] = value.items()
    return kind in PREFIXED and kind in prefix and bool(content.startswith(prefix[kind]))


def contains(value: AttributeValue, part: AttributeValue) -> bool:
    """A substring, a member of a set or an element of a list."""
    [(kind, content)] = value.items()
    if kind == "L":
        return any(equal(element, part) for element in content)
    [(part_kind, member)] = part.items()
    return part_kind in ORDERED and kind in (part_kind, part_kind + "S") and kind != "N" and member in content
