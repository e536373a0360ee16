"""Client request tokens: a transaction that comes again within ten minutes has happened already."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from hodei.kernel.context import Context
from hodei.services.dynamodb import errors
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import Token, tokens

SECONDS = 600.0
SWEEP = "transaction-tokens"


def spent(ctx: Context, token: str, request: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the request has been made with this token; if not, it now has.

    Raises: IdempotentParameterMismatchException if another one has.
    """
    digest = hashlib.sha256(msgspec.json.encode(request, order="deterministic")).digest()
    if (before := tokens.get(ctx, token)) and before.expires > ctx.now:
        if before.digest != digest:
            raise errors.IdempotentParameterMismatchException()
        return True
    tokens.put(ctx, Token(token=token, digest=digest, expires=ctx.now + SECONDS))
    if ctx.timers.due(ctx, SWEEP) is None:
        ctx.timers.set(ctx, SWEEP, ctx.now + SECONDS)
    return False


@dynamodb.timer(SWEEP)
def sweep(ctx: Context) -> None:
    """Forgets the tokens that have expired, and comes back for the others."""
    for token in tokens.by("expires", ctx):
        if token.expires > ctx.now:
            ctx.timers.set(ctx, SWEEP, token.expires)
            return
        tokens.delete(ctx, token.token)
