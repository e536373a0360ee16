"""Whose credentials are whose."""

from __future__ import annotations

from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.iam.keys import keys
from hodei.services.sts import errors
from hodei.services.sts.service import sts


@sts.operation("GetCallerIdentity")
def get_caller_identity(ctx: Context) -> dict[str, Any]:
    """Needs no permission, but a signature."""
    return {"UserId": ctx.principal.id or ctx.principal.account, "Account": ctx.account, "Arn": ctx.principal.arn}


@sts.operation("GetAccessKeyInfo")
def get_access_key_info(ctx: Context, *, AccessKeyId: str) -> dict[str, Any]:
    """Whose key it is, whether it is in force or not. AWS's keys tell it by themselves; here they are looked up."""
    if (key := keys.get(ctx, AccessKeyId)) is None:
        raise errors.ValidationError(f"The access key {AccessKeyId} does not exist.")
    return {"Account": key.account}
