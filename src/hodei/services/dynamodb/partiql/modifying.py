"""INSERT, UPDATE, DELETE and EXISTS as writes of one item."""

from __future__ import annotations

from hodei.services.dynamodb import errors
from hodei.services.dynamodb.expressions import updates
from hodei.services.dynamodb.expressions.nodes import Call, ConditionNode, Junction, Path
from hodei.services.dynamodb.items import writes
from hodei.services.dynamodb.items.writes import Write
from hodei.services.dynamodb.partiql.bound import Bound
from hodei.services.dynamodb.partiql.statements import Delete, Exists, Insert, Update
from hodei.services.dynamodb.state import Item, Key, Table
from hodei.services.dynamodb.values import invalid

INCOMPLETE = "Where clause does not contain a mandatory equality on all key attributes"


def write_of(bound: Bound, table: Table) -> Write:
    """What a statement writes. Raises: ValidationException."""
    statement = bound.statement
    if isinstance(statement, Insert):
        return _insert(bound, statement, table.key)
    key, rest = keyed(bound, table.key)
    if isinstance(statement, Update):
        rest.append(_there("attribute_exists", table.key))
        planned = statement.plan
        update = updates.Update(planned, bound.given, updates.targets(planned, ()))
        for action in planned.actions:
            if action.operand:  # ADD is of set_add, which takes what DELETE takes
                updates.check("SET" if action.section == "SET" else "DELETE", action.operand, bound.given)
        return Write("Update", key, condition=bound.condition(rest), update=update, show=bound.show)
    if isinstance(statement, Exists):
        if not rest:
            raise errors.ValidationException("EXISTS must specify a full primary key and one other condition")
        return Write("ConditionCheck", key, condition=bound.condition(rest), show=bound.show)
    assert isinstance(statement, Delete)
    if rest:  # the item that is not there is deleted all the same
        missing = _there("attribute_not_exists", table.key)
        rest = [Junction("OR", (missing, Junction("AND", tuple(rest)) if len(rest) > 1 else rest[0]))]
    return Write("Delete", key, condition=bound.condition(rest), show=bound.show)


def keyed(bound: Bound, key: Key) -> tuple[Item, list[ConditionNode]]:
    """The key that a statement names, and its other conditions. Raises: ValidationException if it names none."""
    found, rest = bound.key(key.names)
    if len(found) < len(key.names):
        raise errors.ValidationException(INCOMPLETE)
    return found, rest


def _insert(bound: Bound, statement: Insert, key: Key) -> Write:
    value = bound.given.values[statement.item.name]
    if "M" not in value:
        raise invalid("The value of an INSERT must be a tuple")
    item, size = writes.sized(dict(value["M"]))
    condition = bound.condition([_there("attribute_not_exists", key)])
    return Write("Put", item, size, condition, show=bound.show, refusal=errors.DuplicateItemException)


def _there(function: str, key: Key) -> ConditionNode:
    return Call(function, (Path((key.names[0],)),))
