"""What every request meets before its operation, and what every answer carries: as with DynamoDB."""

from __future__ import annotations

from typing import Any

import hodei.services.dynamodb.api as api
from hodei.kernel.context import Context
from hodei.services.dynamodbstreams.service import dynamodbstreams


def amend(ctx: Context, params: dict[str, Any]) -> None:
    """Raises: MissingAuthenticationTokenException."""
    if ctx.principal.anonymous:
        raise api.MissingAuthenticationToken()


dynamodbstreams.amend = amend
dynamodbstreams.decorate = api.decorate
