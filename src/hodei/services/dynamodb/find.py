"""Tables by name or ARN, with the words in which DynamoDB's planes say that there is none."""

from __future__ import annotations

import re

from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.services.dynamodb import errors
from hodei.services.dynamodb.state import Table, tables

NAME = re.compile(r"[a-zA-Z0-9_.-]+")
SHORTEST_NAME, LONGEST_NAME = 3, 255
READABLE = frozenset(("ACTIVE", "UPDATING"))


def check_name(name: str) -> None:
    """Raises: ValidationException for what can be no table's name."""
    if not SHORTEST_NAME <= len(name) <= LONGEST_NAME:
        raise errors.ValidationException("TableName must be at least 3 characters long and at most 255 characters long")
    if not NAME.fullmatch(name):
        raise errors.ValidationException(
            f"1 validation error detected: Value '{name}' at 'tableName' failed to satisfy constraint: "
            f"Member must satisfy regular expression pattern: {NAME.pattern}"
        )


def place_of(ctx: Context, name_or_arn: str) -> tuple[Context, str]:
    """Where a table is (or would be), and its name. Raises: ValidationException for what is neither name nor ARN."""
    if not name_or_arn.startswith("arn:"):
        check_name(name_or_arn)
        return ctx, name_or_arn
    try:
        arn = Arn.parse(name_or_arn)
    except ValueError:
        raise errors.ValidationException("Invalid TableArn: Invalid Table ARN") from None
    kind, _, name = arn.resource.partition("/")
    if arn.service != "dynamodb" or kind != "table":
        raise errors.ValidationException("Invalid TableArn: Invalid Table ARN")
    check_name(name)
    return ctx.at(account=arn.account, region=arn.region), name


def table_of(ctx: Context, name_or_arn: str) -> tuple[Context, Table]:
    """The table whose items an operation is about, and the place where it is.

    Raises: ValidationException for what is no name, ResourceNotFoundException also while it is made or deleted.
    """
    if (table := tables.get(ctx, name_or_arn)) is not None:  # the rule; a name that is taken is a good one
        where = ctx
    else:
        where, name = place_of(ctx, name_or_arn)
        table = tables.get(where, name)
    if table is None or table.status not in READABLE:
        raise errors.ResourceNotFoundException()
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


def active(table: Table) -> bool:
    """Whether the table can be changed now."""
    return table.status == "ACTIVE"
