"""Key conditions of queries: one partition, and a range of its sort keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from hodei.kernel.errors import AwsError
from hodei.services.dynamodb import errors, values
from hodei.services.dynamodb.expressions.conditions import check, plan
from hodei.services.dynamodb.expressions.nodes import Call, ConditionNode, Junction, Path, Test, Value
from hodei.services.dynamodb.expressions.placeholders import Placeholders
from hodei.services.dynamodb.state import Key
from hodei.services.dynamodb.values import AttributeValue

KIND = "KeyConditionExpression"
MOST_TESTS = 8  # one for each attribute of the largest key
NOT_INDEXABLE = frozenset(("NE", "IN", "NULL", "NOT_NULL", "CONTAINS", "NOT_CONTAINS"))  # of KeyConditions
FLIPPED = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


class SortRange(NamedTuple):
    """Sort keys from `start` (inclusive) to `end` (exclusive; None: to the last), as `values.sort_bytes` has them."""

    start: bytes
    end: bytes | None


class KeyCondition(NamedTuple):
    """What a Query reads: the values of the partition key's attributes, and the range of sort keys (None: all)."""

    partition: tuple[AttributeValue, ...]
    sort: SortRange | None = None


class KeyTest(NamedTuple):
    """A condition on one attribute: =, <, <=, >, >=, BETWEEN or begins_with, with its value or two.

    KeyConditions may have an operator that is for no key: what is wrong with it is told with the key's other faults.
    """

    name: str
    operator: str
    values: tuple[AttributeValue, ...]


class KeyTests(NamedTuple):
    """The conditions of a query before it is known which table's (or index's) key they are about."""

    tests: tuple[KeyTest, ...]

    def on(self, key: Key) -> KeyCondition:
        """The range they are on this key. Raises: ValidationException where they do not fit it."""
        if not key.composed:
            check_count(self.tests)
        if len(self.tests) > len(key.names):
            raise not_supported()
        by_name = {test.name: test for test in self.tests}
        found: list[KeyTest] = []
        for name, kind in zip(key.names, key.types, strict=True):
            if len(found) == len(self.tests) and len(found) >= key.partitions:
                break
            found.append(fitting(by_name, name, kind))
            if len(found) <= key.partitions and found[-1].operator != "=":
                raise not_supported()
        partition = tuple(test.values[0] for test in found[: key.partitions])
        sort = found[key.partitions :]
        if any(test.operator != "=" for test in sort[:-1]):
            raise not_supported()
        if not sort:
            return KeyCondition(partition)
        several = len(key.names) - key.partitions > 1
        return KeyCondition(partition, composed_range(sort) if several else sort_range(sort[0]))


def fitting(tests: Mapping[str, KeyTest], name: str, kind: str) -> KeyTest:
    """The test of a key attribute. Raises: ValidationException where there is none or it has other values."""
    test = tests.get(name)
    if test is None:
        raise errors.ValidationException(f"Query condition missed key schema element: {name}")
    for value in test.values:
        if kind not in value:
            raise values.invalid("Condition parameter type does not match schema type")
        if kind != "N" and not value[kind]:
            what = "string" if kind == "S" else "binary"
            raise errors.ValidationException(
                "One or more parameter values are not valid. The AttributeValue for a key attribute "
                f"cannot contain an empty {what} value. Key: {name}"
            )
    if test.operator in NOT_INDEXABLE:
        raise errors.ValidationException("Attempted conditional constraint is not an indexable operation")
    return test


def composed_range(tests: Sequence[KeyTest]) -> SortRange:
    """The range of a sort key of several attributes: the first ones are equal to something, the last one is tested."""
    *equal, last = tests
    prefix = values.composed_bytes(part for test in equal for part in test.values[0].items())
    low, *rest = (prefix + values.composed_bytes(value.items()) for value in last.values)
    after = after_prefix(rest[0] if rest else low)
    match last.operator:
        case "=" | "BETWEEN":
            return SortRange(low, after)
        case "<":
            return SortRange(prefix, low)
        case "<=":
            return SortRange(prefix, after)
        case ">":
            assert after, "no part of a key ends with the last byte"
            return SortRange(after, after_prefix(prefix))
        case ">=":
            return SortRange(low, after_prefix(prefix))
    stem = low.removesuffix(values.END)
    return SortRange(stem, after_prefix(stem))


def sort_range(test: KeyTest) -> SortRange:
    low, *rest = (values.sort_bytes(*next(iter(value.items()))) for value in test.values)
    after = (rest[0] if rest else low) + b"\0"  # what follows the value next in order
    match test.operator:
        case "=" | "BETWEEN":
            return SortRange(low, after)
        case "<":
            return SortRange(b"", low)
        case "<=":
            return SortRange(b"", after)
        case ">":
            return SortRange(after, None)
        case ">=":
            return SortRange(low, None)
    return SortRange(low, after_prefix(low))


def after_prefix(prefix: bytes) -> bytes | None:
    """What comes after everything that begins with the prefix; None if nothing does."""
    stem = prefix.rstrip(b"\xff")
    return stem[:-1] + bytes((stem[-1] + 1,)) if stem else None


def check_key_condition(text: str, given: Placeholders) -> None:
    """That a KeyConditionExpression is a condition: AWS looks at all expressions before it asks what this one means.

    Raises: ValidationException with AWS's text.
    """
    for test in plan(text, KIND).checks:
        check(test, given, KIND)


def key_tests(text: str, given: Placeholders) -> KeyTests:
    """What a KeyConditionExpression, which is checked, says of keys. Raises: ValidationException with AWS's text."""
    tests = [
        KeyTest(str(given.resolved(path, KIND)[0]), operator, tuple([given.values[name] for name in names]))
        for path, operator, names in shapes(text)
    ]
    if len({test.name for test in tests}) < len(tests):
        raise errors.ValidationException("KeyConditionExpressions must only contain one condition per key")
    check_count(tests, MOST_TESTS)
    return KeyTests(tuple(tests))


def check_count(tests: Sequence[object], most: int = 2) -> None:
    if not 1 <= len(tests) <= most:
        raise errors.ValidationException("Conditions can be of length 1 or 2 only")


def conjunction(node: ConditionNode) -> Iterator[Test | Call]:
    """The tests joined by AND. Raises: ValidationException for other operators."""
    if isinstance(node, Junction):
        if node.operator != "AND":
            raise wrong_operator(node.operator)
        for part in node.parts:
            yield from conjunction(part)
    else:
        yield node


def not_supported() -> AwsError:
    return errors.ValidationException("Query key condition not supported")


def wrong_operator(operator: str) -> AwsError:
    return errors.ValidationException(f"Invalid operator used in KeyConditionExpression: {operator}")


def wrong_condition(reason: str) -> AwsError:
    return errors.ValidationException(f"Invalid condition in KeyConditionExpression: {reason}")


Shape = tuple[Path, str, tuple[str, ...]]  # the attribute, the operator, the names of the values


@lru_cache(2048)
def shapes(text: str) -> tuple[Shape, ...]:
    """What a KeyConditionExpression says, but for names and values. Raises: ValidationException."""
    return tuple(map(shape, conjunction(plan(text, KIND).node)))


def shape(test: Test | Call) -> Shape:
    operator = test.name if isinstance(test, Call) else test.operator
    if operator not in FLIPPED and operator not in ("BETWEEN", "begins_with"):
        raise wrong_operator(operator)
    if any(isinstance(arg, Call) for arg in test.args):
        raise errors.ValidationException("KeyConditionExpressions cannot contain nested operations")
    found = [arg for arg in test.args if isinstance(arg, Path)]
    if len(found) > 1:
        raise wrong_condition("Multiple attribute names used in one condition")
    if not found:
        raise wrong_condition("No key attribute specified")
    if len(found[0].elements) > 1:
        raise errors.ValidationException("KeyConditionExpressions cannot have conditions on nested attributes")
    if test.args[0] is not found[0]:
        if operator not in FLIPPED:
            raise wrong_condition(f"{operator} operator must have the key attribute as its first operand")
        operator = FLIPPED[operator]
    return found[0], operator, tuple(arg.name for arg in test.args if isinstance(arg, Value))
