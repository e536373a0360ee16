"""Where the keys of OpenID Connect providers come from: of accounts of this cloud from IAM, of those on this machine
from themselves, of others from the setting `jwks`, for no service asks anything of the internet.

https://openid.net/specs/openid-connect-discovery-1_0.html
"""

from __future__ import annotations

import json
import logging
from typing import Any
from urllib.parse import SplitResult, urlsplit

import hodei.services.iam.api as iam
from hodei.kernel.context import Context
from hodei.services.sts import errors, places
from hodei.services.sts.web_identity import discovery
from hodei.services.sts.web_identity.jwt import Jwk

log = logging.getLogger("hodei.sts")

THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
MOST_BYTES = 2**20
PATIENCE = 5.0  # seconds
NO_KEY = (
    "Couldn't retrieve verification key from your identity provider,  "
    "please reference AssumeRoleWithWebIdentity documentation for requirements"
)


async def keys_of(ctx: Context, issuer: str) -> list[Jwk]:
    """Raises: InvalidIdentityToken if there are none, IDPCommunicationError if nobody answers."""
    given = _given(ctx.setting("jwks")).get(issuer) or _own(ctx, issuer)
    if given is None and is_local(issuer):
        try:
            given = await ctx.offload(_fetched, issuer)
        except OSError:
            raise errors.IDPCommunicationError() from None
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            log.warning("%s does not say its keys: %s", issuer, error)
    elif given is None:
        log.warning("the keys of %s are not known: give them by the setting jwks of sts", issuer)
    keys = given.get("keys") if isinstance(given, dict) else None
    if not isinstance(keys, list):
        raise errors.InvalidIdentityToken(NO_KEY)
    return [key for key in keys if isinstance(key, dict)]


def _own(ctx: Context, issuer: str) -> dict[str, Any] | None:
    """Those of an account of this cloud that gives out tokens."""
    found = iam.token_issuer_of(places.iam(ctx, ctx.account), issuer.removeprefix("https://").partition(".")[0])
    return discovery.public_keys(found) if found and found.url == issuer else None


def is_local(url: str) -> bool:
    try:
        return urlsplit(url).hostname in THIS_MACHINE
    except ValueError:  # no address at all
        return False


def _given(setting: str) -> dict[str, Any]:
    try:
        found = json.loads(setting or "{}")
    except ValueError:
        log.warning("the setting jwks of sts is no JSON")
        return {}
    return found if isinstance(found, dict) else {}


def _fetched(issuer: str) -> Any:
    """Raises: OSError; ValueError, TypeError, KeyError, AttributeError for what is no answer of a provider."""
    configuration = _get(urlsplit(f"{issuer.rstrip('/')}/.well-known/openid-configuration"))
    if configuration["issuer"] != issuer:
        raise ValueError(f"it calls itself {configuration['issuer']}")
    return _get(urlsplit(configuration["jwks_uri"]))


def _get(url: SplitResult) -> Any:
    import ssl
    from http.client import HTTPConnection, HTTPException, HTTPSConnection

    if url.hostname not in THIS_MACHINE:
        raise ValueError(f"{url.geturl()} is not on this machine")
    if url.scheme == "https":  # whose certificate nobody has signed, on this machine
        context = ssl._create_unverified_context()
        connection: HTTPConnection = HTTPSConnection(url.hostname, url.port, timeout=PATIENCE, context=context)
    else:
        connection = HTTPConnection(url.hostname, url.port, timeout=PATIENCE)
    try:
        connection.request("GET", url.path + (f"?{url.query}" if url.query else ""))
        response = connection.getresponse()
        body = response.read(MOST_BYTES)
    except HTTPException as error:
        raise ValueError(f"no answer in HTTP: {error!r}") from None
    finally:
        connection.close()
    if response.status != 200:
        raise ValueError(f"{url.geturl()} answers {response.status}")
    return json.loads(body)
