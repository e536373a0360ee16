"""Ids: "o-exampleorgid"."""

from __future__ import annotations

from hodei.kernel.context import Context

ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


def new(ctx: Context, prefix: str, length: int) -> str:
    return f"{prefix}-{''.join(ctx.ids.choices(ALPHABET, k=length))}"


def account(ctx: Context) -> str:
    """12 digits, of which the first is no zero."""
    return str(ctx.ids.randrange(10**11, 10**12))
