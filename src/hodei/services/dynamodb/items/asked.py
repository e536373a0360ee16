"""What a request asks for by its expressions, or by the parameters that were there before expressions."""

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

INVALID_START = "The provided starting key is invalid"


def placeholders(params: Params, *valued: str) -> Placeholders:
    """What the expressions may refer to; `valued` are those that may have values. Raises: ValidationException."""
    legacy.check_exclusive(params, *valued)
    return Placeholders(params.get("ExpressionAttributeNames"), params.get("ExpressionAttributeValues"))


def condition(params: Params, given: Placeholders) -> Condition | None:
    """The condition of a write, whose last expression it is."""
    found: Condition | None = None
    if (text := params.get("ConditionExpression")) is not None:
        found = parse_condition(text, given)
    elif "Expected" in params or "ConditionalOperator" in params:
        found = legacy.condition_from_expected(params.get("Expected", {}), params.get("ConditionalOperator"))
    given.check_used()
    return found


def update(params: Params, given: Placeholders) -> Update | None:
    """What UpdateItem is to change; None if it names an item and nothing more."""
    if (text := params.get("UpdateExpression")) is not None:
        return parse_update(text, given)
    return legacy.update_from_attribute_updates(params.get("AttributeUpdates", {}))


def projection(params: Params) -> Projection | None:
    """The attributes that a read by key wants; None for all."""
    given = placeholders(params)
    found = _projection(params, given)
    given.check_used()
    return found


def scanned(params: Params) -> Wanted:
    given = placeholders(params, "FilterExpression")
    check_select(params)
    wanted = _wanted(params, given, "ScanFilter")
    given.check_used()
    return wanted


def queried(params: Params) -> tuple[Wanted, KeyTests]:
    given = placeholders(params, "FilterExpression", "KeyConditionExpression")
    check_select(params)
    if (text := params.get("KeyConditionExpression")) is not None:
        tests = parse_key_condition(text, given)
    elif (conditions := params.get("KeyConditions")) is not None:
        tests = legacy.key_condition_from(conditions)
    else:
        raise errors.ValidationException(
            "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."
        )
    wanted = _wanted(params, given, "QueryFilter")
    given.check_used()
    return wanted, tests


def _wanted(params: Params, given: Placeholders, old_filter: str) -> Wanted:
    condition: Condition | None = None
    if (text := params.get("FilterExpression")) is not None:
        condition = parse_condition(text, given, "FilterExpression")
    elif old_filter in params or "ConditionalOperator" in params:
        condition = legacy.filter_from(params.get(old_filter, {}), params.get("ConditionalOperator"))
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


def start(key: Item | None) -> Item | None:
    """An ExclusiveStartKey with its values checked. Raises: ValidationException."""
    try:
        return None if key is None else normalise_item(key)
    except errors.ValidationException as error:
        raise invalid_start(error.message) from None


def invalid_start(reason: str) -> AwsError:
    return errors.ValidationException(f"{INVALID_START}: {reason}")
