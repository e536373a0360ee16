"""What the claims of a verified token say of a session: its condition keys, its tags, its source identity.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from typing import Any

from hodei.kernel.iam.facts import as_values
from hodei.kernel.iam.needs import reference
from hodei.services.sts import errors

NAMESPACE = "https://aws.amazon.com"
TAGS, SOURCE_IDENTITY = f"{NAMESPACE}/tags", f"{NAMESPACE}/source_identity"
PLACE = re.compile(r"\\\$\\\{\w+\\\}")  # of a name in a condition key, escaped: ${OrgId}
IDENTITY = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)

Claims = Mapping[str, Any]


def check(claims: Claims, now: float) -> None:
    """Raises: InvalidIdentityToken, ExpiredTokenException."""
    for name in ("iss", "sub", "aud", "exp", "iat"):
        if name not in claims:
            raise errors.InvalidIdentityToken(f"Missing a required claim: {name}")
    for name in ("exp", "iat", "nbf"):
        if name in claims and type(claims[name]) is not int:
            raise errors.InvalidIdentityToken(f"The claim {name} must be an integer")
    if not isinstance(claims["sub"], str) or not audiences(claims):
        raise errors.InvalidIdentityToken("The claims sub and aud must be texts")
    if claims["exp"] <= now:
        raise errors.ExpiredToken(
            f"Token expired: current date/time {int(now)} must be before the expiration date/time {claims['exp']}"
        )
    if claims.get("nbf", 0) > now:
        raise errors.InvalidIdentityToken(
            f"Token not yet valid: current date/time {int(now)} must not be before {claims['nbf']}"
        )


def audiences(claims: Claims) -> list[str]:
    """Whom the token is for: the party that it was issued to, if it names that, else its audience."""
    given = claims.get("azp", claims["aud"])
    values = given if isinstance(given, list) else [given]
    return [value for value in values if isinstance(value, str)]


def context(claims: Claims, provider: str) -> dict[str, list[str]]:
    """The condition keys that trust policies can ask of; `provider` is its URL without scheme."""
    found = {"aud": audiences(claims), "sub": as_values(claims["sub"]), "amr": as_values(claims.get("amr"))}
    if "azp" in claims:
        found["oaud"] = as_values(claims["aud"])
    for name in _claims_of(provider):
        if name not in found and isinstance(claims.get(name), str | int | list):
            found[name] = as_values(claims[name])
    return {f"{provider}:{name}".lower(): values for name, values in found.items() if values}


@functools.cache
def _claims_of(provider: str) -> tuple[str, ...]:
    """The claims of a provider that AWS makes condition keys of, besides those of all."""
    keys = [key.rpartition(":") for key in reference("actions", "sts")["assumerolewithwebidentity"]["conditionKeys"]]
    return tuple(claim for pattern, _, claim in keys if re.fullmatch(PLACE.sub("[^:]+", re.escape(pattern)), provider))


def tags(claims: Claims) -> tuple[dict[str, str], list[str]]:
    """The session tags and the keys of transitive ones, nested or flat. Raises: InvalidIdentityToken."""
    nested = claims.get(TAGS, {})
    given = nested.get("principal_tags", {}) if isinstance(nested, dict) else None
    transitive = nested.get("transitive_tag_keys", []) if isinstance(nested, dict) else None
    flat = f"{TAGS}/principal_tags/"
    if isinstance(given, dict):
        given = given | {name.removeprefix(flat): value for name, value in claims.items() if name.startswith(flat)}
    transitive = claims.get(f"{TAGS}/transitive_tag_keys", transitive)
    if (
        not isinstance(given, dict)
        or not isinstance(transitive, list)
        or not all(isinstance(k, str) for k in transitive)
    ):
        raise errors.InvalidIdentityToken("The claims of session tags are malformed")
    return {key: _single(value) for key, value in given.items()}, transitive


def _single(value: str | Sequence[str]) -> str:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, str):
        raise errors.InvalidIdentityToken("A session tag must have one value")
    return value


def source_identity(claims: Claims) -> str:
    """Raises: InvalidIdentityToken."""
    given = claims.get(SOURCE_IDENTITY, "")
    if given and not (isinstance(given, str) and IDENTITY.fullmatch(given)):
        raise errors.InvalidIdentityToken(
            'Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with "aws:"'
        )
    return str(given)
