"""What every request meets before its operation, and what every answer carries."""

from __future__ import annotations

import zlib
from functools import lru_cache
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.protocol.http import Request, Response
from hodei.protocol.model import OperationModel
from hodei.protocol.validate import Violation, aggregated_message
from hodei.services.dynamodb import errors
from hodei.services.dynamodb.find import LONGEST_NAME, NAME, SHORTEST_NAME, check_length
from hodei.services.dynamodb.service import dynamodb

MissingAuthenticationToken = dynamodb.error(
    "MissingAuthenticationTokenException", "Request is missing Authentication Token"
)
ENUMS = {  # whose values AWS lists in another order than its model does
    frozenset(values): values
    for values in (
        ("ADD", "DELETE", "PUT"),
        ("ALL", "INCLUDE", "KEYS_ONLY"),
        ("ALL_NEW", "UPDATED_OLD", "ALL_OLD", "NONE", "UPDATED_NEW"),
        ("B", "N", "S"),
        ("IN", "NULL", "BETWEEN", "LT", "NOT_CONTAINS", "EQ", "GT", "NOT_NULL", "NE", "LE", "BEGINS_WITH", "GE",
         "CONTAINS"),
        ("OR", "AND"),
        ("SPECIFIC_ATTRIBUTES", "COUNT", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES"),
    )
}  # fmt: skip
ON_TABLES = frozenset(("CreateTable", "DeleteTable", "DescribeTable", "UpdateTable"))


def amend(ctx: Context, params: dict[str, Any]) -> None:
    """Raises: MissingAuthenticationTokenException, ValidationException for what cannot be a table's name."""
    if ctx.principal.anonymous:
        raise MissingAuthenticationToken()
    name = params.get("TableName")
    if name is None:
        if ctx.operation in ON_TABLES:
            raise errors.ValidationException("The parameter 'TableName' is required but was not present in the request")
        return
    if (name or ctx.operation in ON_TABLES) and not is_name(name):
        check_length(name)
        raise refusal(ctx, name, params)


@lru_cache(4096)
def is_name(name: str) -> bool:
    """Whether a table may be called so; of ARNs this is not the place to judge."""
    return name.startswith("arn:") or (SHORTEST_NAME <= len(name) <= LONGEST_NAME and NAME.fullmatch(name) is not None)


def refusal(ctx: Context, name: str, params: dict[str, Any]) -> AwsError:
    """Of a name with characters that it may not have, together with all that breaks the model."""
    operation = dynamodb.find(ctx.operation)
    assert operation
    constraint = f"Member must satisfy regular expression pattern: {NAME.pattern}"
    found = [Violation("tableName", "pattern", f"'{name}'", constraint), *operation.validate(params)]
    return worded(operation.model, sorted(found, key=lambda violation: violation.kind != "required"))


@dynamodb.on_violation
def worded(operation: OperationModel, violations: list[Violation]) -> AwsError:
    return errors.ValidationException(aggregated_message(list(map(reordered, violations))))


def reordered(violation: Violation) -> Violation:
    """A violation with the values of an enum as AWS lists them."""
    words, _, values = violation.constraint.partition(" value set: ")
    known = ENUMS.get(frozenset(values.strip("[]").split(", ")))
    return violation._replace(constraint=f"{words} value set: [{', '.join(known)}]") if known else violation


def decorate(ctx: Context | None, request: Request, response: Response, request_id: str) -> None:
    """The checksum by which SDKs check answers."""
    if isinstance(response.body, bytes):
        response.headers.append(("x-amz-crc32", str(zlib.crc32(response.body))))


dynamodb.amend = amend
dynamodb.decorate = decorate
