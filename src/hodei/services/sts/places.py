"""IAM, which has the users, roles, devices and providers that STS asks for."""

from __future__ import annotations

from hodei.kernel.context import Context


def iam(ctx: Context, account: str) -> Context:
    """The same call in IAM, in an account."""
    return ctx.world.context("iam", account=account, region=ctx.region, principal=ctx.principal)
