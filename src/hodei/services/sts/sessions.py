"""Temporary credentials, and the sessions that they stand for."""

from __future__ import annotations

from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.iam.keys import AccessKey, Session, keys, revoke
from hodei.kernel.iam.principals import PrincipalKind
from hodei.services.sts.service import sts

TOKEN_BYTES = 500
REMEMBERED = 30 * 86400.0  # seconds after its end for which a session is said to have expired, not to be unknown


def issue(
    ctx: Context, *, account: str, kind: PrincipalKind, arn: str, id: str, seconds: int, session: Session
) -> dict[str, Any]:
    """New credentials of a principal of an account, as the member Credentials of an answer."""
    key = AccessKey(
        access_key=f"ASIA{ctx.ids.upper(16)}",
        secret=ctx.ids.token(30),
        account=account,
        kind=kind,
        arn=arn,
        id=id,
        token=ctx.ids.token(TOKEN_BYTES),
        expires=float(int(ctx.now) + seconds),
        session=session,
    )
    keys.put(ctx, key)
    ctx.timers.set(ctx.at(account=account), "forget", key.expires + REMEMBERED, key.access_key)
    return {
        "AccessKeyId": key.access_key,
        "SecretAccessKey": key.secret,
        "SessionToken": key.token,
        "Expiration": key.expires,
    }


@sts.timer("forget")
def forget(ctx: Context, access_key: str) -> None:
    revoke(ctx, access_key)
