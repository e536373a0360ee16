"""AssumeRoleWithWebIdentity: a role for whom an OpenID Connect provider vouches."""

from __future__ import annotations

from typing import Any, NamedTuple

import hodei.services.iam.api as iam
from hodei.kernel.arns import Arn
from hodei.kernel.context import Context, Principal
from hodei.kernel.errors import NotImplementedByHodei
from hodei.kernel.iam.keys import Session
from hodei.services.sts import errors, places, roles, rules
from hodei.services.sts.policies import Descriptors
from hodei.services.sts.service import sts
from hodei.services.sts.web_identity import claims, jwt
from hodei.services.sts.web_identity.jwt import Token
from hodei.services.sts.web_identity.keys import NO_KEY, is_local, keys_of

BUILT_IN = ("accounts.google.com", "cognito-identity.amazonaws.com")  # that AWS knows without a provider in the account
NOT_VALID = (
    "The web identity token that was passed could not be validated by AWS. "
    "Get a new identity token from the identity provider and then retry the request."
)


class Provider(NamedTuple):
    """`principal` is what trust policies call it, `url` what condition keys do. `clients` None: it is for anyone."""

    principal: str
    url: str
    clients: tuple[str, ...] | None


@sts.operation("AssumeRoleWithWebIdentity")
async def assume_role_with_web_identity(
    ctx: Context,
    *,
    RoleArn: str,
    RoleSessionName: str,
    WebIdentityToken: str,
    ProviderId: str = "",
    PolicyArns: Descriptors = (),
    Policy: str = "",
    DurationSeconds: int = roles.DEFAULT_SECONDS,
) -> dict[str, Any]:
    rules.check_arn(RoleArn)
    if ProviderId:
        raise NotImplementedByHodei(
            service="sts", operation=f"AssumeRoleWithWebIdentity with access tokens of {ProviderId}"
        )
    token = _read(WebIdentityToken)
    provider = _provider(ctx, Arn.parse(RoleArn), token.claims["iss"])
    _verify(token, await keys_of(ctx, token.claims["iss"]))
    claims.check(token.claims, ctx.now)
    audiences = claims.audiences(token.claims)
    if provider.clients is not None and not set(audiences) & set(provider.clients):
        raise errors.InvalidIdentityToken("Incorrect token audience")
    known = claims.context(token.claims, provider.url)
    tags, transitive = claims.tags(token.claims)
    wish = roles.Wish(
        action="sts:AssumeRoleWithWebIdentity",
        role=RoleArn,
        name=RoleSessionName,
        policy=Policy,
        policies=PolicyArns,
        seconds=DurationSeconds,
        tags=tags,
        transitive=transitive,
        source_identity=claims.source_identity(token.claims),
    )
    proof = Session(name="", issuer="", provider=provider.principal, context=known)
    caller = Principal(account="", arn=provider.principal, kind="web-identity", session=proof)
    return roles.assume(ctx.by(caller), wish) | {
        "SubjectFromWebIdentityToken": token.claims["sub"],
        "Provider": provider.principal,
        "Audience": audiences[0],
    }


def _read(text: str) -> Token:
    try:
        token = jwt.read(text)
    except jwt.NotAToken:
        raise errors.InvalidIdentityToken(
            "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
        ) from None
    if not isinstance(token.claims.get("iss"), str):
        raise errors.InvalidIdentityToken("Missing a required claim: iss")
    return token


def _provider(ctx: Context, role: Arn, issuer: str) -> Provider:
    """That of the role's account. Raises: InvalidIdentityToken if the account does not know the issuer."""
    scheme, found, url = issuer.rpartition("://")
    url = url.rstrip("/")
    if url in BUILT_IN:
        return Provider(url, url, None)
    arn = str(role._replace(resource=f"oidc-provider/{url}"))
    trusted = scheme == "https" or (scheme == "http" and is_local(issuer))
    provider = iam.oidc_provider(places.iam(ctx, role.account), arn) if found and trusted else None
    if provider is None:
        raise errors.InvalidIdentityToken(f"No OpenIDConnect provider found in your account for {issuer}")
    return Provider(provider.arn, provider.url, provider.clients)


def _verify(token: Token, keys: list[jwt.Jwk]) -> None:
    """Raises: InvalidIdentityToken."""
    if token.header.get("alg") not in (*jwt.RSA, *jwt.CURVES) or "crit" in token.header:
        raise errors.InvalidIdentityToken(NOT_VALID)
    candidates = jwt.candidates(token, keys)
    if not candidates:
        raise errors.InvalidIdentityToken(NO_KEY)
    if not any(jwt.is_signed_with(token, key) for key in candidates):
        raise errors.InvalidIdentityToken(NOT_VALID)
