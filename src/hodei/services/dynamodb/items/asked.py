"""What a request asks for by its expressions, or by the parameters that were there before expressions.

AWS first looks which of the parameters are there (`check_exclusive`), then at the values of keys and items, which are
not in here, then at names and values of the expressions, then at the expressions themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hodei.services.dynamodb import errors
from hodei.services.dynamodb.expressions import legacy
from hodei.services.dynamodb.expressions.conditions import Condition, parse_condition
from hodei.services.dynamodb.expressions.keyconditions import KeyTests, check_key_condition, key_tests
from hodei.services.dynamodb.expressions.placeholders import Placeholders
from hodei.services.dynamodb.expressions.projections import Projection, parse_projection
from hodei.services.dynamodb.expressions.updates import Update, parse_update
from hodei.services.dynamodb.items import starts
from hodei.services.dynamodb.items.pages import Wanted, check_select
from hodei.services.dynamodb.items.segments import Segment, segment_of
from hodei.services.dynamodb.state import Item

Params = Mapping[str, Any]

check_exclusive = legacy.check_exclusive


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
    found = _expressed(params, given)
    given.check_used()
    return found or _attributes(params)


def scanned(params: Params, start: Item | None) -> tuple[Wanted, Item | None, Segment]:
    """What a Scan wants, its ExclusiveStartKey, and the part of the table that is read."""
    check_exclusive(params, "FilterExpression")
    attributes = _attributes(params)
    condition = _old_filter(params, "ScanFilter")
    start = starts.checked(start)
    segment = segment_of(params.get("Segment"), params.get("TotalSegments"))
    given = placeholders(params)
    check_select(params)
    wanted = _wanted(params, given, condition, attributes)
    given.check_used()
    return wanted, start, segment


def queried(params: Params, start: Item | None) -> tuple[Wanted, KeyTests, Item | None]:
    """What a Query wants, of which keys, and its ExclusiveStartKey."""
    check_exclusive(params, "FilterExpression", "KeyConditionExpression")
    condition = _old_filter(params, "QueryFilter")
    attributes = _attributes(params)
    start = starts.checked(start)
    given = placeholders(params)
    check_select(params)
    text, conditions = params.get("KeyConditionExpression"), params.get("KeyConditions")
    if text is not None:
        check_key_condition(text, given)
    elif conditions is None:
        raise errors.ValidationException(
            "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."
        )
    wanted = _wanted(params, given, condition, attributes)
    given.check_used()
    return wanted, legacy.key_condition_from(conditions or {}) if text is None else key_tests(text, given), start


def _old_filter(params: Params, name: str) -> Condition | None:
    """What QueryFilter or ScanFilter says."""
    if name in params or "ConditionalOperator" in params:
        return legacy.filter_from(params.get(name, {}), params.get("ConditionalOperator"))
    return None


def _wanted(params: Params, given: Placeholders, condition: Condition | None, attributes: Projection | None) -> Wanted:
    if (text := params.get("FilterExpression")) is not None:
        condition = parse_condition(text, given, "FilterExpression")
    return Wanted(
        params.get("Select", ""),
        condition,
        _expressed(params, given) or attributes,
        params.get("ConsistentRead", False),
        params.get("Limit"),
    )


def _expressed(params: Params, given: Placeholders) -> Projection | None:
    text = params.get("ProjectionExpression")
    return None if text is None else parse_projection(text, given)


def _attributes(params: Params) -> Projection | None:
    """What AttributesToGet says."""
    return legacy.projection_from(params["AttributesToGet"]) if params.get("AttributesToGet") else None
