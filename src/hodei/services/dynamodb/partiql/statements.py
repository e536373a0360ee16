"""What statements parse into: their table, and the nodes of expressions for the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from hodei.services.dynamodb.expressions.nodes import ConditionNode, Path, Value
from hodei.services.dynamodb.expressions.updates import Plan
from hodei.services.dynamodb.values import AttributeValue

Literal = Callable[[Sequence[AttributeValue]], AttributeValue]  # of a statement's parameters


@dataclass(frozen=True, slots=True)
class Order:
    """A key of ORDER BY."""

    name: str
    descending: bool


@dataclass(frozen=True, slots=True)
class Select:
    """`paths` are empty for *, `index` for the table itself."""

    table: str
    index: str
    paths: tuple[Path, ...]
    where: ConditionNode | None
    order: tuple[Order, ...]


@dataclass(frozen=True, slots=True)
class Exists:
    """EXISTS(SELECT ...), the condition check of transactions."""

    select: Select

    @property
    def table(self) -> str:
        return self.select.table


@dataclass(frozen=True, slots=True)
class Insert:
    table: str
    item: Value


@dataclass(frozen=True, slots=True)
class Update:
    """`returning`: as ReturnValues has it."""

    table: str
    plan: Plan
    where: ConditionNode | None
    returning: str


@dataclass(frozen=True, slots=True)
class Delete:
    table: str
    where: ConditionNode | None
    returning: str


Statement = Select | Exists | Insert | Update | Delete


class Parsed(NamedTuple):
    """A statement, what its `Value`s stand for (":0" and so on), and how many parameters it has."""

    statement: Statement
    literals: tuple[Literal, ...]
    parameters: int
