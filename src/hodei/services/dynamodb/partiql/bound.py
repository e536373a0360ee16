"""Statements with their parameters: what of them are keys, what is left as a condition."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from hodei.kernel.errors import AwsError
from hodei.services.dynamodb import errors
from hodei.services.dynamodb.expressions.conditions import Condition, Plan, check
from hodei.services.dynamodb.expressions.keyconditions import KeyTest, shape
from hodei.services.dynamodb.expressions.nodes import ConditionNode, Junction, Path
from hodei.services.dynamodb.expressions.parser import joined
from hodei.services.dynamodb.expressions.placeholders import Placeholders
from hodei.services.dynamodb.partiql.parser import parse
from hodei.services.dynamodb.partiql.statements import Exists, Select, Statement
from hodei.services.dynamodb.state import Item
from hodei.services.dynamodb.values import normalise

Request = Mapping[str, Any]  # a Statement with its Parameters and ReturnValuesOnConditionCheckFailure


class Bound(NamedTuple):
    """A statement of a request, and the values of its literals and parameters. `show`: as of a `Write`."""

    statement: Statement
    given: Placeholders
    show: bool

    @property
    def reads(self) -> bool:
        return isinstance(self.statement, Select)

    @property
    def table(self) -> str:
        return self.statement.table

    @property
    def where(self) -> tuple[ConditionNode, ...]:
        """The conditions that a statement joins by AND."""
        statement = self.statement.select if isinstance(self.statement, Exists) else self.statement
        return tuple(conjuncts(getattr(statement, "where", None)))

    def condition(self, nodes: Sequence[ConditionNode], kind: str = "ConditionExpression") -> Condition | None:
        """These conditions joined; None if there are none. Raises: ValidationException."""
        if not nodes:
            return None
        planned = plan(joined("AND", list(nodes)))
        for test in planned.checks:
            check(test, self.given, kind)
        return Condition(planned, self.given)

    def test(self, node: ConditionNode) -> KeyTest | None:
        """A condition as one on a single attribute, if it is such as keys may have."""
        if isinstance(node, Junction):
            return None
        try:
            path, operator, names = shape(node)
        except AwsError:
            return None
        return KeyTest(str(path.elements[0]), operator, tuple([self.given.values[name] for name in names]))

    def key(self, names: Collection[str]) -> tuple[Item, list[ConditionNode]]:
        """The values that attributes have by equality, and the conditions that are left."""
        key: Item = {}
        rest: list[ConditionNode] = []
        for node in self.where:
            test = self.test(node)
            if test and test.operator == "=" and test.name in names and test.name not in key:
                key[test.name] = test.values[0]
            else:
                rest.append(node)
        return key, rest


@lru_cache(2048)
def plan(node: ConditionNode) -> Plan:
    return Plan(node)


def conjuncts(node: ConditionNode | None) -> Iterator[ConditionNode]:
    if isinstance(node, Junction) and node.operator == "AND":
        for part in node.parts:
            yield from conjuncts(part)
    elif node:
        yield node


def bind(request: Request) -> Bound:
    """Raises: ValidationException for a statement that is not well formed, or has not these parameters."""
    parsed = parse(request["Statement"])
    parameters = request.get("Parameters") or ()
    if len(parameters) != parsed.parameters:
        raise errors.ValidationException("Number of parameters in request and statement don't match.")
    given = Placeholders(None, None)
    given.values = {f":{n}": normalise(literal(parameters)) for n, literal in enumerate(parsed.literals)}
    return Bound(parsed.statement, given, request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD")


def steps(path: Path) -> tuple[str | int, ...]:
    """A path, which has no aliases here."""
    return path.elements  # type: ignore[return-value]
