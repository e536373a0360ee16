"""The code of an MFA device, shown by the user who calls."""

from __future__ import annotations

import hodei.services.iam.api as iam
from hodei.kernel.context import Context
from hodei.services.sts import errors, places


def shown(ctx: Context, serial: str, code: str) -> bool:
    """Whether a request shows one. Raises: AccessDenied if it is not that of a device of the user that calls."""
    if not serial and not code:
        return False
    if not serial or not code:
        raise errors.AccessDenied(
            "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code."
        )
    user, there = ctx.principal.id, places.iam(ctx, ctx.principal.account)
    if ctx.principal.kind != "user" or ctx.principal.session or not iam.owns_mfa(there, user, serial):
        raise errors.AccessDenied(
            "MultiFactorAuthentication failed, unable to validate MFA code.  "
            "Please verify your MFA serial number is valid and associated with this user."
        )
    if not iam.verify_mfa(there, user, serial, code):
        raise errors.AccessDenied("MultiFactorAuthentication failed with invalid MFA one time pass code. ")
    return True
