"""Unique ids: a prefix that tells the kind, and base 32.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
"""

from __future__ import annotations

from hodei.kernel.context import Context

BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def unique(ctx: Context, prefix: str, length: int = 17) -> str:
    """`AIDA` a user, `AROA` a role, `AGPA` a group, `AIPA` an instance profile, `ANPA` a managed policy."""
    return prefix + "".join(ctx.ids.choices(BASE32, k=length))


def secret(ctx: Context, size: int = 30) -> str:
    """`size` random bytes in base64: 40 characters, as secret access keys have."""
    return ctx.ids.token(size)
