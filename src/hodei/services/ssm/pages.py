"""Pages of answers."""

from __future__ import annotations

from typing import Any

from hodei.kernel.context import Context
from hodei.services.ssm import errors


def read_page(ctx: Context, token: str | None) -> Any:
    """What the previous page's token carries, None without one. Raises: InvalidNextToken."""
    try:
        return ctx.read_token(token)[0] if token else None
    except ValueError:
        raise errors.InvalidNextToken() from None
