"""Expressions: condition, filter, update, projection and key condition, and the parameters they replaced.

Every text is parsed and compiled once (texts come again and again) and bound to the placeholders of each request.
Pure: values in, values out.
"""

from hodei.services.dynamodb.expressions.conditions import Condition, parse_condition
from hodei.services.dynamodb.expressions.keyconditions import (
    KeyCondition,
    KeyTests,
    SortRange,
    check_key_condition,
    key_tests,
)
from hodei.services.dynamodb.expressions.placeholders import Placeholders
from hodei.services.dynamodb.expressions.projections import Projection, parse_projection
from hodei.services.dynamodb.expressions.updates import Update, parse_update

__all__ = [
    "Condition",
    "KeyCondition",
    "KeyTests",
    "Placeholders",
    "Projection",
    "SortRange",
    "Update",
    "check_key_condition",
    "key_tests",
    "parse_condition",
    "parse_projection",
    "parse_update",
]
