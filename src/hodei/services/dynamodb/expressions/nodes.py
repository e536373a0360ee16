"""What expressions parse into. References (#name, :value) stay references, so a parsed text serves every request."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Alias:
    """A name of a document path that ExpressionAttributeNames gives."""

    name: str  # with its "#"


Element = str | int | Alias  # an attribute's name, a list's index, a name given elsewhere


@dataclass(frozen=True, slots=True)
class Path:
    elements: tuple[Element, ...]


@dataclass(frozen=True, slots=True)
class Value:
    """A value that ExpressionAttributeValues gives."""

    name: str  # with its ":"


@dataclass(frozen=True, slots=True)
class Call:
    """A function, as an operand or (attribute_exists and others) as a condition; `+` and `-` of updates, too."""

    name: str
    args: tuple[Operand, ...]


Operand = Path | Value | Call


@dataclass(frozen=True, slots=True)
class Test:
    """A comparison, BETWEEN or IN: the operator and its operands."""

    operator: str
    args: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Junction:
    """AND or OR of two or more conditions, NOT of one."""

    operator: str
    parts: tuple[ConditionNode, ...]


ConditionNode = Test | Call | Junction


@dataclass(frozen=True, slots=True)
class Action:
    """One action of an update: SET, REMOVE, ADD or DELETE."""

    section: str
    path: Path
    operand: Operand | None = None
