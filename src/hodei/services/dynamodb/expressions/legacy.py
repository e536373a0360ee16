"""The parameters that expressions replaced, turned into what expressions parse into.

Expected, QueryFilter, ScanFilter and KeyConditions all map an attribute to a ComparisonOperator and its values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hodei.services.dynamodb import errors
from hodei.services.dynamodb.expressions.conditions import Condition
from hodei.services.dynamodb.expressions.conditions import Plan as ConditionPlan
from hodei.services.dynamodb.expressions.keyconditions import KeyTest, KeyTests, check_count
from hodei.services.dynamodb.expressions.nodes import Action, Call, ConditionNode, Junction, Operand, Path, Test, Value
from hodei.services.dynamodb.expressions.parser import joined
from hodei.services.dynamodb.expressions.placeholders import Placeholders
from hodei.services.dynamodb.expressions.projections import Projection
from hodei.services.dynamodb.expressions.updates import Plan as UpdatePlan
from hodei.services.dynamodb.expressions.updates import Update
from hodei.services.dynamodb.values import AttributeValue, invalid, kind_of, normalise, order_of

Given = Mapping[str, Any]

LEGACY = (
    "AttributesToGet", "AttributeUpdates", "QueryFilter", "ScanFilter", "Expected", "ConditionalOperator",
    "KeyConditions",
)  # fmt: skip
EXPRESSIONS = (
    "ProjectionExpression", "FilterExpression", "KeyConditionExpression", "UpdateExpression", "ConditionExpression",
)  # fmt: skip
COMPARISONS = {"EQ": "=", "NE": "<>", "LE": "<=", "LT": "<", "GE": ">=", "GT": ">", "BETWEEN": "BETWEEN", "IN": "IN"}
KEY_OPERATORS = {"EQ": "=", "LE": "<=", "LT": "<", "GE": ">=", "GT": ">", "BEGINS_WITH": "begins_with"}
COUNTS = {"NULL": 0, "NOT_NULL": 0, "BETWEEN": 2}
SCALARS = frozenset("SNB")
KINDS = {
    "LE": SCALARS, "LT": SCALARS, "GE": SCALARS, "GT": SCALARS, "BETWEEN": SCALARS, "IN": SCALARS,
    "CONTAINS": SCALARS, "NOT_CONTAINS": SCALARS, "BEGINS_WITH": frozenset("SB"),
}  # fmt: skip
DELETABLE = frozenset(("SS", "NS", "BS"))
ADDABLE = DELETABLE | {"N", "L"}


def check_exclusive(params: Given, *valued: str) -> None:
    """Raises: ValidationException for old parameters beside expressions, and for placeholders without expressions.

    `valued` are the operation's expressions that may refer to values, in the order in which AWS names them.
    """
    expressions = [name for name in EXPRESSIONS if params.get(name) is not None]
    legacy = [name for name in LEGACY if params.get(name) is not None]
    if "KeyConditionExpression" not in expressions and "KeyConditions" in legacy:
        legacy.remove("KeyConditions")  # a query may have these with a FilterExpression
    if expressions and legacy:
        raise errors.ValidationException(
            "Can not use both expression and non-expression parameters in the same request: "
            f"Non-expression parameters: {{{', '.join(legacy)}}} Expression parameters: {{{', '.join(expressions)}}}"
        )
    if params.get("ExpressionAttributeNames") is not None and not expressions:
        raise errors.ValidationException("ExpressionAttributeNames can only be specified when using expressions")
    if params.get("ExpressionAttributeValues") is not None and not any(name in expressions for name in valued):
        verb = "are" if len(valued) > 1 else "is"
        raise errors.ValidationException(
            "ExpressionAttributeValues can only be specified when using expressions: "
            f"{' and '.join(valued)} {verb} null"
        )


def check_operator(operator: str | None, conditions: Given | None) -> None:
    """Of ConditionalOperator and what it joins. Raises: ValidationException."""
    if operator is not None and not conditions:
        raise errors.ValidationException("ConditionalOperator cannot be used without Filter or Expected")
    if operator is not None and conditions and len(conditions) < 2:
        raise errors.ValidationException(
            "ConditionalOperator can only be used when Filter or Expected has two or more elements"
        )


def projection_from(attributes: Sequence[str]) -> Projection:
    """AttributesToGet. Raises: ValidationException for a name given twice."""
    for at, name in enumerate(attributes):
        if name in attributes[:at]:
            raise invalid(f"Duplicate value in attribute name: {name}")
    return Projection((name,) for name in attributes)


def condition_from_expected(expected: Mapping[str, Given], operator: str | None = None) -> Condition | None:
    """Expected and ConditionalOperator; None if nothing is expected. Raises: ValidationException."""
    check_operator(operator, expected)
    wanted = [(name, *_expectation(name, entry)) for name, entry in expected.items()]
    return _condition(wanted, operator)


def filter_from(conditions: Mapping[str, Given], operator: str | None = None) -> Condition | None:
    """QueryFilter or ScanFilter, and ConditionalOperator; None if empty. Raises: ValidationException."""
    check_operator(operator, conditions)
    return _condition(list(_checked(conditions)), operator)


def key_condition_from(conditions: Mapping[str, Given]) -> KeyTests:
    """KeyConditions. Raises: ValidationException."""
    wanted = list(_checked(conditions))
    check_count(wanted)
    tests = [KeyTest(name, KEY_OPERATORS.get(operator, operator), values) for name, operator, values in wanted]
    return KeyTests(tuple(tests))


Comparison = tuple[str, str, tuple[AttributeValue, ...]]  # attribute, ComparisonOperator, values


def _checked(conditions: Mapping[str, Given]) -> Iterator[Comparison]:
    for name, entry in conditions.items():
        values = tuple(map(normalise, entry.get("AttributeValueList") or ()))
        _check_values(entry["ComparisonOperator"], values)
        yield name, entry["ComparisonOperator"], values


def _check_values(operator: str, values: Sequence[AttributeValue]) -> None:
    right = len(values) > 0 if operator == "IN" else len(values) == COUNTS.get(operator, 1)
    if not right:
        raise invalid(f"Invalid number of argument(s) for the {operator} ComparisonOperator")
    for value in values:
        if kind_of(value) not in KINDS.get(operator, (kind_of(value),)):
            raise invalid(f"ComparisonOperator {operator} is not valid for {kind_of(value)} AttributeValue type")
    if len({kind_of(value) for value in values}) > 1:
        raise invalid("AttributeValues inside AttributeValueList must be of same type")
    if operator == "BETWEEN" and order_of(values[0]) > order_of(values[1]):
        raise errors.ValidationException(
            "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"
        )


def _expectation(name: str, entry: Given) -> tuple[str, tuple[AttributeValue, ...]]:
    """The ComparisonOperator and the values that an entry of Expected stands for."""
    operator, listed = entry.get("ComparisonOperator"), entry.get("AttributeValueList")
    value, exists = entry.get("Value"), entry.get("Exists")
    if listed is not None and value is not None:
        raise invalid(f"Value and AttributeValueList cannot be used together for Attribute: {name}")
    if operator is not None:
        if exists is not None:
            raise invalid(f"Exists and ComparisonOperator cannot be used together for Attribute: {name}")
        if operator not in ("NULL", "NOT_NULL") and listed is None and value is None:
            raise invalid(
                f"Value or AttributeValueList must be used with ComparisonOperator: {operator} for Attribute: {name}"
            )
        values = tuple(map(normalise, [value] if value is not None else listed or ()))
        _check_values(operator, values)
        return operator, values
    if listed is not None:
        raise invalid(f"AttributeValueList can only be used with a ComparisonOperator for Attribute: {name}")
    if exists is False:
        if value is not None:
            raise invalid(f"Value cannot be used when Exists is false for Attribute: {name}")
        return "NULL", ()
    if value is None:
        shown = "null" if exists is None else "true"
        raise invalid(f"Value must be provided when Exists is {shown} for Attribute: {name}")
    return "EQ", (normalise(value),)


def _condition(wanted: Sequence[Comparison], operator: str | None) -> Condition | None:
    if not wanted:
        return None
    given = Placeholders(None, None)
    values: dict[str, AttributeValue] = {}
    nodes: list[ConditionNode] = []
    for name, comparison, operands in wanted:
        args: list[Operand] = [Path((name,))]
        for operand in operands:
            args.append(Value(f":{len(values)}"))
            values[f":{len(values)}"] = operand
        nodes.append(_node(comparison, tuple(args)))
    given.values = values
    return Condition(ConditionPlan(joined(operator or "AND", nodes)), given)


def _node(operator: str, args: tuple[Operand, ...]) -> ConditionNode:
    match operator:
        case "NULL":
            return Call("attribute_not_exists", args)
        case "NOT_NULL":
            return Call("attribute_exists", args)
        case "CONTAINS":
            return Call("contains", args)
        case "NOT_CONTAINS":
            there = Call("attribute_exists", args[:1])
            return Junction("AND", (there, Junction("NOT", (Call("contains", args),))))
        case "BEGINS_WITH":
            return Call("begins_with", args)
    return Test(COMPARISONS[operator], args)


def update_from_attribute_updates(updates: Mapping[str, Given]) -> Update | None:
    """AttributeUpdates; None if empty. Raises: ValidationException."""
    given = Placeholders(None, None)
    values: dict[str, AttributeValue] = {}
    actions = []
    for name, entry in updates.items():
        action, value = entry.get("Action", "PUT"), entry.get("Value")
        if value is not None:
            values[f":{len(values)}"] = value = normalise(value)
        _check_action(action, value)
        operand = None if value is None else Value(f":{len(values) - 1}")
        section = "SET" if action == "PUT" else action if operand else "REMOVE"
        actions.append(Action(section, Path((name,)), operand))
    given.values = values
    plan = UpdatePlan(tuple(actions), mismatch="Type mismatch for attribute to update")
    return Update(plan, given, tuple((name,) for name in updates)) if actions else None


def _check_action(action: str, value: AttributeValue | None) -> None:
    if value is None:
        if action != "DELETE":
            raise invalid("Only DELETE action is allowed when no attribute value is specified")
    elif action == "DELETE" and kind_of(value) not in DELETABLE:
        raise invalid(f"DELETE action with value is not supported for the type {kind_of(value)}")
    elif action == "ADD" and kind_of(value) not in ADDABLE:
        raise invalid(f"ADD action is not supported for the type {kind_of(value)}")
