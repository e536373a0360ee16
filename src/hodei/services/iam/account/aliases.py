"""The alias of an account, and its preferences for STS."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.iam import errors, pages
from hodei.services.iam.account.state import AliasOwner, Settings, alias_owners, settings
from hodei.services.iam.service import iam


@iam.operation("CreateAccountAlias")
def create_account_alias(ctx: Context, *, AccountAlias: str) -> None:
    """An account has one alias: a new one takes the place of the old."""
    owner = alias_owners.get(ctx, AccountAlias)
    if owner:
        raise errors.EntityAlreadyExists(what=f"The account alias {AccountAlias}")
    own = of(ctx)
    if own.alias:
        alias_owners.delete(ctx, own.alias)
    alias_owners.put(ctx, AliasOwner(alias=AccountAlias, account=ctx.account))
    settings.put(ctx, replace(own, alias=AccountAlias))


@iam.operation("ListAccountAliases")
def list_account_aliases(ctx: Context, *, Marker: str = "", MaxItems: int = pages.MOST) -> dict[str, Any]:
    pages.after(ctx, Marker)
    alias = of(ctx).alias
    return {"AccountAliases": [alias][:MaxItems] if alias else [], "IsTruncated": False}


@iam.operation("DeleteAccountAlias")
def delete_account_alias(ctx: Context, *, AccountAlias: str) -> None:
    own = of(ctx)
    if own.alias != AccountAlias:
        raise errors.NoSuchEntity(what=f"The account alias {AccountAlias}")
    alias_owners.delete(ctx, AccountAlias)
    settings.put(ctx, replace(own, alias=""))


@iam.operation("SetSecurityTokenServicePreferences")
def set_security_token_service_preferences(ctx: Context, *, GlobalEndpointTokenVersion: str) -> None:
    settings.put(ctx, replace(of(ctx), token_version=2 if GlobalEndpointTokenVersion == "v2Token" else 1))


def of(ctx: Context) -> Settings:
    return settings.get(ctx, ctx.account) or Settings(account=ctx.account)
