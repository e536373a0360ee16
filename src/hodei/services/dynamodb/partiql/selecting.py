"""SELECT: one read of an item, ranges of some partitions, or a scan."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import msgspec

from hodei.kernel.context import Context
from hodei.services.dynamodb import errors, keys
from hodei.services.dynamodb.expressions import paths
from hodei.services.dynamodb.expressions.keyconditions import KeyCondition, KeyTest, KeyTests
from hodei.services.dynamodb.expressions.nodes import ConditionNode, Junction, Test, Value
from hodei.services.dynamodb.expressions.projections import Projection
from hodei.services.dynamodb.find import table_of
from hodei.services.dynamodb.items import pages, queries, starts
from hodei.services.dynamodb.items.pages import Row, Source, Wanted
from hodei.services.dynamodb.partiql.bound import Bound, Request, steps
from hodei.services.dynamodb.partiql.statements import Order, Select
from hodei.services.dynamodb.state import Item, Key
from hodei.services.dynamodb.values import AttributeValue, order_of

MOST_PARTITIONS = 50
PAGE_OF_MANY = 10  # items in a page of several partitions


@dataclass(frozen=True, slots=True)
class Ranges:
    """What of a table or index is read: the ranges, in this order (None: all of it), and what is left to filter by."""

    conditions: Sequence[KeyCondition] | None
    rest: list[ConditionNode]
    forward: bool = True

    def rows(self, source: Source, start: Item | None) -> Iterator[Row]:
        """The rows after the end of the page before."""
        position = None if start is None else starts.position(source, start)
        if self.conditions is None:
            yield from source.rows(after=position)
            return
        partitions = [keys.partition(source.key, condition.partition) for condition in self.conditions]
        first = 0 if position is None else partitions.index(position[0])
        for at in range(first, len(partitions)):
            after = position if at == first else None
            yield from queries.rows(source, partitions[at], self.conditions[at], after, forward=self.forward)


def select(ctx: Context, bound: Bound, request: Request) -> dict[str, Any]:
    """The answer to a SELECT. Raises: ValidationException, ResourceNotFoundException."""
    statement = bound.statement
    assert isinstance(statement, Select)
    there, table = table_of(ctx, statement.table)
    consistent = request.get("ConsistentRead", False)
    options: pages.ReadOptions = {"ConsistentRead": consistent}
    if statement.index:
        options["IndexName"] = statement.index
    source = pages.source_of(there, table, options)
    ranges = ranges_of(bound, source.key, statement.order)
    limit = request.get("Limit")
    if ranges.conditions and len(ranges.conditions) > 1:
        limit = min(limit or PAGE_OF_MANY, PAGE_OF_MANY)
    wanted = Wanted("", bound.condition(ranges.rest, "FilterExpression"), projection(statement), consistent, limit)
    pages.check_wanted(source, wanted)
    start = _start(ctx, request)
    page, units = pages.read_page(source, wanted, ranges.rows(source, start))
    answer: dict[str, Any] = {"Items": page["Items"]}
    if last := page.get("LastEvaluatedKey"):
        answer["LastEvaluatedKey"] = last
        answer["NextToken"] = ctx.token(_digest(request), last)
    mode = request.get("ReturnConsumedCapacity", "NONE")
    return pages.with_capacity(answer, mode, statement.table, table, units)


class Columns(Projection):
    """What a SELECT lists: each path gives an attribute with the last name in it ("b" of a.b, "b[0]" of a.b[0])."""

    __slots__ = ()

    def of(self, item: Mapping[str, AttributeValue]) -> Item:
        found = ((_column(path), paths.at(item, path)) for path in self.paths)
        return {name: value for name, value in found if value is not None}


def _column(path: paths.Steps) -> str:
    last = max(at for at, step in enumerate(path) if isinstance(step, str))
    return f"{path[last]}{''.join(f'[{index}]' for index in path[last + 1 :])}"


def projection(statement: Select) -> Columns | None:
    return Columns(map(steps, statement.paths)) if statement.paths else None


def _start(ctx: Context, request: Request) -> Item | None:
    """Where the page before ended. Raises: ValidationException for a token of another request."""
    if (token := request.get("NextToken")) is None:
        return None
    try:
        digest, start = ctx.read_token(token)
    except ValueError:
        raise errors.ValidationException("Invalid NextToken") from None
    if digest != _digest(request):
        raise errors.ValidationException("NextToken does not match request")
    return dict(start)


def _digest(request: Request) -> bytes:
    what = (request["Statement"], request.get("Parameters"))
    return hashlib.sha256(msgspec.json.encode(what, order="deterministic")).digest()


def ranges_of(bound: Bound, key: Key, order: Sequence[Order]) -> Ranges:
    """Raises: ValidationException for conditions that do not fit the key, or another order than that of keys."""
    rest = list(bound.where)
    if order and not rest:
        raise errors.ValidationException("Must have WHERE clause in the statement when using ORDER BY clause.")
    hashed, sorting = key.names[: key.partitions], key.names[key.partitions :]
    options = [_options(bound, name, rest) for name in hashed]
    if any(values is None for values in options):
        if order:
            raise errors.ValidationException(
                "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause."
            )
        return Ranges(None, list(bound.where))
    many = list(product(*filter(None, options)))
    if len(many) > MOST_PARTITIONS:
        raise errors.ValidationException(f"Too many hash attribute values: at most {MOST_PARTITIONS} are allowed")
    sort = _sort(bound, sorting, rest)
    equal = [[KeyTest(name, "=", (value,)) for name, value in zip(hashed, values, strict=True)] for values in many]
    return _ordered(Ranges([KeyTests((*tests, *sort)).on(key) for tests in equal], rest), key, order)


def _options(bound: Bound, name: str, rest: list[ConditionNode]) -> list[AttributeValue] | None:
    """The values that an attribute may have, taken from the conditions; None if it may have any."""
    for node in rest:
        if (values := _values(bound, name, node)) is not None:
            rest.remove(node)
            return [value for at, value in enumerate(values) if value not in values[:at]]
    return None


def _values(bound: Bound, name: str, node: ConditionNode) -> list[AttributeValue] | None:
    """The values of an attribute that a condition allows: of =, IN, or these joined by OR."""
    if isinstance(node, Junction):
        options = [_values(bound, name, part) for part in node.parts] if node.operator == "OR" else [None]
        return None if None in options else [value for option in options if option for value in option]
    if isinstance(node, Test) and node.operator == "IN":
        path, *operands = node.args
        named = getattr(path, "elements", None) == (name,)
        found = [bound.given.values[one.name] for one in operands if isinstance(one, Value)]
        return found if named and len(found) == len(operands) else None
    test = bound.test(node)
    return list(test.values) if test and test.name == name and test.operator == "=" else None


def _sort(bound: Bound, names: Sequence[str], rest: list[ConditionNode]) -> list[KeyTest]:
    """The range of the sort key, taken from the conditions: what attributes are equal to, and one range behind that."""
    found: list[KeyTest] = []
    for name in names:
        tests = ((node, test) for node in rest if (test := bound.test(node)) and test.name == name)
        if (first := next(tests, None)) is None:
            break
        node, test = first
        rest.remove(node)
        found.append(test)
        if test.operator != "=":
            break
    return found


def _ordered(ranges: Ranges, key: Key, order: Sequence[Order]) -> Ranges:
    """Partitions and the items in them in the order that is asked for."""
    descending = {one.name: one.descending for one in order}
    if unknown := next((name for name in descending if name not in key.names), None):
        raise errors.ValidationException(
            f"Variable reference {unknown} in ORDER BY clause must be part of the primary key"
        )
    conditions = list(ranges.conditions or ())
    if order and len(conditions) > 1:
        first = key.names[0]
        if first not in descending:
            raise errors.ValidationException(
                "Must have hash key in ORDER BY clause when more than one hash key condition specified in WHERE clause."
            )
        conditions.sort(key=lambda condition: list(map(order_of, condition.partition)), reverse=descending[first])
    backward = any(descending.get(name, False) for name in key.names[key.partitions :])
    return Ranges(conditions, ranges.rest, not backward)
