"""The caller's identity."""

from __future__ import annotations

from typing import Any

from hodei.kernel.context import Context
from hodei.services.sts import errors
from hodei.services.sts.service import sts


@sts.operation("GetCallerIdentity")
def get_caller_identity(ctx: Context) -> dict[str, Any]:
    """Needs no permission, but a signature."""
    if ctx.principal.anonymous:
        raise errors.MissingAuthenticationToken()
    return {"UserId": ctx.principal.id or ctx.principal.account, "Account": ctx.account, "Arn": ctx.principal.arn}
