"""Outbound identity federation: an account as an OpenID Connect provider; STS gives out tokens of its users and roles.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_outbound.html
"""

from __future__ import annotations

from typing import Any, NamedTuple

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.iam import errors
from hodei.services.iam.federation.state import Issuer, issuers
from hodei.services.iam.service import iam

DOMAIN = "tokens.sts.global.api.aws"
RSA_BITS = 2048


class SigningKeys(NamedTuple):
    """Private keys in PEM, by the algorithms of tokens."""

    rs256: bytes
    es384: bytes


@iam.operation("EnableOutboundWebIdentityFederation")
async def enable_outbound_web_identity_federation(ctx: Context) -> dict[str, Any]:
    """Once it was enabled, an account keeps its address and its keys."""
    if (found := of(ctx)) and found.enabled:
        raise errors.FeatureEnabled()
    if found is None:
        keys = await ctx.offload(_new_keys)
        id = ctx.ids.uuid()
        rs256, es384 = (ctx.world.vault.seal("iam", pem, id.encode()) for pem in keys)
        found = Issuer(id=id, account=ctx.account, rs256=rs256, es384=es384)
    issuers.put(ctx, replace(found, enabled=True))
    return {"IssuerIdentifier": url(found)}


@iam.operation("DisableOutboundWebIdentityFederation")
def disable_outbound_web_identity_federation(ctx: Context) -> None:
    """Tokens that were given out stay valid."""
    issuers.put(ctx, replace(_enabled(ctx), enabled=False))


@iam.operation("GetOutboundWebIdentityFederationInfo")
def get_outbound_web_identity_federation_info(ctx: Context) -> dict[str, Any]:
    return {"IssuerIdentifier": url(_enabled(ctx)), "JwtVendingEnabled": True}


def _enabled(ctx: Context) -> Issuer:
    found = of(ctx)
    if found is None or not found.enabled:
        raise errors.FeatureDisabled()
    return found


def of(ctx: Context) -> Issuer | None:
    """The issuer that the account of the call is, or was."""
    return next(issuers.by("accounts", ctx, ctx.account), None)


def url(issuer: Issuer) -> str:
    return f"https://{issuer.id}.{DOMAIN}"


def signing_keys(ctx: Context, issuer: Issuer) -> SigningKeys:
    sealed = (issuer.rs256, issuer.es384)
    return SigningKeys(*(ctx.world.vault.open("iam", one, issuer.id.encode()) for one in sealed))


def _new_keys() -> SigningKeys:
    """Takes a while: RSA."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    made = rsa.generate_private_key(65537, RSA_BITS), ec.generate_private_key(ec.SECP384R1())
    return SigningKeys(*(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) for key in made))
