"""What the accounts that give out tokens tell the world: their configurations and public keys, at the hosts
`<id>.tokens.sts.global.api.aws`, and as well `<id>.tokens.sts.localhost`, which every machine resolves to itself.

https://openid.net/specs/openid-connect-discovery-1_0.html
"""

from __future__ import annotations

import json
from typing import Any

import hodei.services.iam.api as iam
from hodei.kernel.context import Context
from hodei.protocol.http import Request, Response
from hodei.services.sts import places
from hodei.services.sts.service import sts
from hodei.services.sts.web_identity import jwt

CONFIGURATION, KEYS = "/.well-known/openid-configuration", "/.well-known/jwks.json"


@sts.endpoint(lambda request: ".tokens.sts." in request.host)
def tell(ctx: Context, request: Request) -> Response:
    issuer = iam.token_issuer_of(places.iam(ctx, ctx.account), request.host.partition(".")[0])
    if issuer is None or request.path not in (CONFIGURATION, KEYS):
        return Response(404)
    if request.method not in ("GET", "HEAD"):
        return Response(405, [("allow", "GET, HEAD")])
    told = public_keys(issuer) if request.path == KEYS else _configuration(issuer)
    return Response(200, [("content-type", "application/json")], json.dumps(told).encode())


def public_keys(issuer: iam.TokenIssuer) -> dict[str, Any]:
    """Its JSON Web Key Set."""
    return {"keys": [jwt.public(algorithm, pem) for algorithm, pem in issuer.keys.items()]}


def _configuration(issuer: iam.TokenIssuer) -> dict[str, Any]:
    return {
        "issuer": issuer.url,
        "jwks_uri": issuer.url + KEYS,
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": list(issuer.keys),
        "claims_supported": ["iss", "sub", "aud", "exp", "iat", "jti"],
    }
