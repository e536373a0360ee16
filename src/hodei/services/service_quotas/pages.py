"""Lists in pages."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from itertools import islice
from typing import Any, TypeVar

from hodei.kernel.context import Context
from hodei.services.service_quotas import errors

T = TypeVar("T")

MOST = 100


def page(ctx: Context, found: Iterable[T], token: str, most: int) -> tuple[list[T], dict[str, Any]]:
    """Up to `most` of what follows those that earlier pages had, and the token of the next page if there is one.

    Raises: InvalidPaginationTokenException.
    """
    start = _read(ctx, token)
    items = list(islice(found, start, start + most + 1))
    more = {"NextToken": _token(ctx, start + most)} if len(items) > most else {}
    return items[:most], more


def _token(ctx: Context, start: int) -> str:
    """Tokens are of the common base64 alphabet here."""
    return base64.b64encode(ctx.token(ctx.operation, start).encode()).decode()


def _read(ctx: Context, token: str) -> int:
    if not token:
        return 0
    try:
        operation, start = ctx.read_token(base64.b64decode(token, validate=True).decode())
    except (binascii.Error, ValueError):
        raise errors.InvalidPaginationToken() from None
    if operation != ctx.operation:
        raise errors.InvalidPaginationToken()
    return int(start)
