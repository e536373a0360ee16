"""Client tokens: a request that comes again gives what it has made; another one with the same token is refused."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from hodei.kernel.context import Context
from hodei.kernel.tables import Table
from hodei.services.fis import errors
from hodei.services.fis.state import AccountConfiguration, Experiment, Template

Made = TypeVar("Made", Template, AccountConfiguration, Experiment)


def digest_of(request: Mapping[str, Any]) -> bytes:
    return hashlib.sha256(msgspec.json.encode(request, order="deterministic")).digest()


def made(ctx: Context, table: Table[Made], token: str | None, digest: bytes) -> Made | None:
    """What this very request has made already. Raises: ConflictException."""
    if token is None or (before := next(table.by("token", ctx, token), None)) is None:
        return None
    if before.digest != digest:
        raise errors.ConflictException(
            reason="The client token has been used for a request with other parameters. Use another token."
        )
    return before
