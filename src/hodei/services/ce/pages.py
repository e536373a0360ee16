"""Pages of results, whose tokens hold for the same request only."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from hodei.kernel.context import Context
from hodei.services.ce import errors


def begin(ctx: Context, token: str, request: Any) -> int:
    """Where a page begins. Raises: InvalidNextTokenException, RequestChangedException."""
    if not token:
        return 0
    try:
        operation, digest, start = ctx.read_token(token)
    except ValueError:
        raise errors.InvalidNextTokenException() from None
    if operation != ctx.operation:
        raise errors.InvalidNextTokenException()
    if digest != _digest(request):
        raise errors.RequestChangedException()
    return int(start)


def more(ctx: Context, request: Any, start: int, total: int) -> dict[str, str]:
    """The token of a page that begins at `start`, if there is anything left."""
    return {"NextPageToken": ctx.token(ctx.operation, _digest(request), start)} if start < total else {}


def _digest(request: Any) -> str:
    return hashlib.sha256(msgspec.json.encode(request)).hexdigest()
