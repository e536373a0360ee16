"""What other services ask of Organizations."""

from __future__ import annotations

from hodei.kernel.context import Context
from hodei.services.organizations.find import home_of
from hodei.services.organizations.state import accounts


def account_name(ctx: Context, account: str) -> str:
    """The name that an account has in its organization; "" if it is in none."""
    there = home_of(ctx.at(account=account))
    found = accounts.get(there.ctx, account) if there else None
    return found.name if found else ""
