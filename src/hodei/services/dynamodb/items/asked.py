"""What a request asks for by its expressions, or by the parameters that were there before expressions.

AWS first looks which of the parameters are there (`check_exclusive`), then at the values of keys and items, which are
not in here, then at names and values of the expressions, then at the expressions themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hodei.kernel.errors import AwsError
from hodei.services.dynamodb import errors
from hodei.services.dynamodb.expressions import legacy
from hodei.services.dynamodb.expressions.conditions import Condition, parse_condition
from hodei.services.dynamodb.expressions.keyconditions import KeyTests, parse_key_condition
from hodei.services.dynamodb.expressions.placeholders import Placeholders
from hodei.services.dynamodb.expressions.projections import Projection, parse_projection
from hodei.services.dynamodb.expressions.updates import Update, parse_update
from hodei.services.dynamodb.items.pages import Wanted, check_select
from hodei.services.dynamodb.state import Item
from hodei.services.dynamodb.values import normalise_item

Params = Mapping[str, Any]

check_exclusive = legacy.check_exclusive
INVALID_START = "The provided starting key is invalid"


def placeholders(params: Params) -> Placeholders:
    """What the expressions may refer to. Raises: ValidationException."""
    return Placeholders(params.get("ExpressionAttributeNames"), params.get("ExpressionAttributeValues"))


def condition(params: Params) -> Condition | None:
    """The condition of a Put or Delete."""
    given = placeholders(params)
    found = _condition(params, given)
    given.check_used()
    return found


def update(params: Params) -> tuple[Update | None, Condition | None]:
    """What UpdateItem is to change (None if it names an item and nothing more), and its condition."""
    given = placeholders(params)
    change: Update | None
    if (text := params.get("UpdateExpression")) is not None:
        change = parse_update(text, given)
    else:
        change = legacy.update_from_attribute_updates(params.get("AttributeUpdates", {}))
    condition = _condition(params, given)
    given.check_used()
    return change, condition


def _condition(params: Params, given: Placeholders) -> Condition | None:
    if (text := params.get("ConditionExpression")) is not None:
        return parse_condition(text, given)
    if "Expected" in params or "ConditionalOperator" in params:
        return legacy.condition_from_expected(params.get("Expected", {}), params.get("ConditionalOperator"))
    return None


def projection(params: Params) -> Projection | None:
    """The attributes that a read by key wants; None for all."""
    given = placeholders(params)
    found = _projection(params, given)
    given.check_used()
    return found


def scanned(params: Params, start: Item | None) -> tuple[Wanted, Item | None]:
    """What a Scan wants, and its ExclusiveStartKey."""
    check_exclusive(params, "FilterExpression")
    condition = _old_filter(params, "ScanFilter")
    start = _start(start)
    given = placeholders(params)
    check_select(params)
    wanted = _wanted(params, given, condition)
    given.check_used()
    return wanted, start


def queried(params: Params, start: Item | None) -> tuple[Wanted, KeyTests, Item | None]:
    """What a Query wants, of which keys, and its ExclusiveStartKey."""
    check_exclusive(params, "FilterExpression", "KeyConditionExpression")
    condition = _old_filter(params, "QueryFilter")
    start = _start(start)
    given = placeholders(params)
    check_select(params)
    if (text := params.get("KeyConditionExpression")) is not None:
        tests = parse_key_condition(text, given)
    elif (conditions := params.get("KeyConditions")) is not None:
        tests = legacy.key_condition_from(conditions)
    else:
        raise errors.ValidationException(
            "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."
        )
    wanted = _wanted(params, given, condition)
    given.check_used()
    return wanted, tests, start


def _old_filter(params: Params, name: str) -> Condition | None:
    """What QueryFilter or ScanFilter says."""
    if name in params or "ConditionalOperator" in params:
        return legacy.filter_from(params.get(name, {}), params.get("ConditionalOperator"))
    return None


def _wanted(params: Params, given: Placeholders, condition: Condition | None) -> Wanted:
    if (text := params.get("FilterExpression")) is not None:
        condition = parse_condition(text, given, "FilterExpression")
    return Wanted(
        params.get("Select", ""),
        condition,
        _projection(params, given),
        params.get("ConsistentRead", False),
        params.get("Limit"),
    )


def _projection(params: Params, given: Placeholders) -> Projection | None:
    if (text := params.get("ProjectionExpression")) is not None:
        return parse_projection(text, given)
    return legacy.projection_from(params["AttributesToGet"]) if params.get("AttributesToGet") else None


def _start(key: Item | None) -> Item | None:
    """An ExclusiveStartKey with its values checked. Raises: ValidationException."""
    try:
        return None if key is None else normalise_item(key)
    except errors.ValidationException as error:
        raise invalid_start(error.message) from None


def invalid_start(reason: str) -> AwsError:
    return errors.ValidationException(f"{INVALID_START}: {reason}")
