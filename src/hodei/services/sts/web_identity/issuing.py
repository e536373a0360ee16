"""GetWebIdentityToken: a token of who calls, for services outside of AWS.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_outbound_token_claims.html
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import hodei.services.iam.api as iam
from hodei.kernel.context import Context
from hodei.kernel.iam.controls import table as controls
from hodei.kernel.iam.facts import Facts, principal_tags
from hodei.kernel.iam.keys import keys
from hodei.kernel.iam.record import identity_of
from hodei.services.sts import errors, places
from hodei.services.sts.service import sts
from hodei.services.sts.tags import Tags, as_mapping
from hodei.services.sts.web_identity import jwt

DEFAULT_SECONDS = 300
CLAIMS = "https://sts.amazonaws.com/"


@sts.operation("GetWebIdentityToken")
def get_web_identity_token(
    ctx: Context,
    *,
    Audience: Sequence[str],
    SigningAlgorithm: str,
    DurationSeconds: int = DEFAULT_SECONDS,
    Tags: Tags = (),
) -> dict[str, Any]:
    there = places.iam(ctx, ctx.account)
    issuer = iam.token_issuer(there)
    if issuer is None:
        raise errors.OutboundWebIdentityFederationDisabled()
    if SigningAlgorithm not in issuer.keys:
        raise errors.ValidationError(f"SigningAlgorithm must be one of {', '.join(issuer.keys)}")
    session_ends = _session_ends(ctx)
    now = int(ctx.now)
    if session_ends and now + DurationSeconds > session_ends:
        raise errors.SessionDurationEscalation()
    claims = {
        "iss": issuer.url,
        "aud": Audience[0] if len(Audience) == 1 else list(Audience),
        "sub": identity_of(ctx.principal),
        "iat": now,
        "exp": now + DurationSeconds,
        "jti": ctx.ids.uuid(),
        CLAIMS: _of_aws(ctx, there, as_mapping(Tags), session_ends),
    }
    token = jwt.signed(claims, SigningAlgorithm, issuer.keys[SigningAlgorithm])
    return {"WebIdentityToken": token, "Expiration": float(now + DurationSeconds)}


def _session_ends(ctx: Context) -> float:
    """When the credentials of the caller end; 0: they do not."""
    key = keys.get(ctx, ctx.principal.access_key)
    return key.expires if key else 0.0


def _of_aws(ctx: Context, there: Context, tags: dict[str, str], session_ends: float) -> dict[str, Any]:
    """What the token says beyond the claims of all providers; what there is not of it is left out."""
    organization = controls.get(ctx, ctx.account)
    session = ctx.principal.session
    found = {
        "aws_account": ctx.account,
        "source_region": ctx.region,
        "principal_id": identity_of(ctx.principal),
        "org_id": organization.organization if organization else "",
        "ou_path": organization.path if organization else "",
        "principal_tags": dict(principal_tags(Facts(ctx, {}, "", "", iam.tags_of(there, ctx.principal)))),
        "request_tags": tags,
        "federated_provider": session.provider if session else "",
        "original_session_exp": datetime.fromtimestamp(session_ends, UTC).isoformat() if session_ends else "",
    }
    return {name: value for name, value in found.items() if value}
