"""Tables by name or ARN, with the words in which DynamoDB's planes say that there is none."""

from __future__ import annotations

import re

from hodei.kernel.context import Context
from hodei.services.dynamodb import errors
from hodei.services.dynamodb.encryption import keys
from hodei.services.dynamodb.state import Table, tables

NAME = re.compile(r"[a-zA-Z0-9_.-]+")
ARN = re.compile(
    r"arn:[a-z-]+:dynamodb:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):table/(?P<name>[a-zA-Z0-9_.-]{3,255})(?P<rest>(/.*)?)"
)
SHORTEST_NAME, LONGEST_NAME = 3, 255
READABLE = frozenset(("ACTIVE", "UPDATING"))


def check_name(name: str) -> None:
    """Raises: ValidationException for what can be no table's name."""
    check_length(name)
    if not NAME.fullmatch(name):
        raise errors.ValidationException(
            f"1 validation error detected: Value '{name}' at 'tableName' failed to satisfy constraint: "
            f"Member must satisfy regular expression pattern: {NAME.pattern}"
        )


def check_length(name: str) -> None:
    """Raises: ValidationException for a name that is too short or too long."""
    if not SHORTEST_NAME <= len(name) <= LONGEST_NAME:
        raise errors.ValidationException("TableName must be at least 3 characters long and at most 255 characters long")


def place_of(ctx: Context, name_or_arn: str) -> tuple[Context, str]:
    """Where a table is (or would be), and its name. Raises: ValidationException for what is neither name nor ARN."""
    if not name_or_arn.startswith("arn:"):
        check_name(name_or_arn)
        return ctx, name_or_arn
    match within(ctx, name_or_arn):
        case where, name, "":
            return where, name
    raise errors.ValidationException("Invalid TableArn: Invalid Table ARN")


def within(ctx: Context, arn: str) -> tuple[Context, str, str] | None:
    """Of an ARN of a table, or in one: where the table is, its name, what follows ("/stream/..."). None of another."""
    parts = ARN.fullmatch(arn)
    return (ctx.at(account=parts["account"], region=parts["region"]), parts["name"], parts["rest"]) if parts else None


def table_of(ctx: Context, name_or_arn: str) -> tuple[Context, Table]:
    """The table whose items an operation is about, and the place where it is.

    Raises: ValidationException for what is no name, ResourceNotFoundException also while it is made or deleted,
    ValidationException and AccessDeniedException with what KMS says of its key.
    """
    if (table := tables.get(ctx, name_or_arn)) is not None:  # the rule; a name that is taken is a good one
        where = ctx
    else:
        where, name = place_of(ctx, name_or_arn)
        table = tables.get(where, name)
    if table is None or table.status not in READABLE:
        raise errors.ResourceNotFoundException()
    if table.table_key:
        keys.cipher(where, table.table_key)
    return where, table


def described(ctx: Context, name_or_arn: str) -> tuple[Context, Table]:
    """As `table_of`, for the operations on tables themselves: in any status, and in their words."""
    where, name = place_of(ctx, name_or_arn)
    if (table := tables.get(where, name)) is None:
        raise errors.ResourceNotFoundException(f"Requested resource not found: Table: {name} not found")
    return where, table


def backed_up(ctx: Context, name_or_arn: str) -> tuple[Context, Table]:
    """As `described`, in the words of the operations on backups. Raises: TableNotFoundException."""
    where, name = place_of(ctx, name_or_arn)
    if (table := tables.get(where, name)) is None:
        raise errors.TableNotFoundException(name=name)
    return where, table
