"""OpenID Connect providers.

AWS finds the thumbprint of a provider's certificate by itself where none is given, and no longer goes by it for
providers with a certificate of a public authority. Here the list stays empty then: nothing is fetched at creation.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.iam import errors, pages, rules, tags
from hodei.services.iam.federation.state import OidcProvider, oidc_providers
from hodei.services.iam.service import iam
from hodei.services.iam.state import arn_of

MOST_CLIENTS = 100
MOST_THUMBPRINTS = 5
SCHEME = "https://"
URL = re.compile(r"https://[A-Za-z0-9.-]+(:[0-9]+)?(/[^?#\s]*)?")
THUMBPRINT = re.compile(r"[0-9A-Fa-f]{40}")


@iam.operation("CreateOpenIDConnectProvider")
def create_open_id_connect_provider(
    ctx: Context,
    *,
    Url: str,
    ClientIDList: Sequence[str] = (),
    ThumbprintList: Sequence[str] = (),
    Tags: tags.Tags = (),
) -> dict[str, Any]:
    if not URL.fullmatch(Url):
        raise errors.ValidationError("Invalid Open ID Connect Provider URL")
    arn = arn_of(ctx, f"oidc-provider/{Url.removeprefix(SCHEME).rstrip('/')}")
    if oidc_providers.get(ctx, arn):
        raise errors.EntityAlreadyExists(what=f"Provider with url {Url}")
    rules.check_quota("OpenIdConnectProvidersPerAccount", oidc_providers.count(ctx), ctx.quota("oidc-providers"))
    check_clients(len(ClientIDList))
    provider = OidcProvider(
        arn=arn,
        url=Url.removeprefix(SCHEME).rstrip("/"),
        created=ctx.now,
        clients=tuple(dict.fromkeys(ClientIDList)),
        thumbprints=_checked(ThumbprintList),
        tags=tags.merged("OpenIdConnectProvider", {}, Tags),
    )
    oidc_providers.put(ctx, provider)
    return {"OpenIDConnectProviderArn": arn} | tags.shown(provider.tags)


@iam.operation("GetOpenIDConnectProvider")
def get_open_id_connect_provider(ctx: Context, *, OpenIDConnectProviderArn: str) -> dict[str, Any]:
    provider = lookup(ctx, OpenIDConnectProviderArn)
    return {
        "Url": provider.url,
        "ClientIDList": list(provider.clients),
        "ThumbprintList": list(provider.thumbprints),
        "CreateDate": provider.created,
        "Tags": tags.listed(provider.tags),
    }


@iam.operation("ListOpenIDConnectProviders")
def list_open_id_connect_providers(ctx: Context) -> dict[str, Any]:
    return {"OpenIDConnectProviderList": [{"Arn": provider.arn} for provider in oidc_providers.scan(ctx)]}


@iam.operation("UpdateOpenIDConnectProviderThumbprint")
def update_open_id_connect_provider_thumbprint(
    ctx: Context, *, OpenIDConnectProviderArn: str, ThumbprintList: Sequence[str]
) -> None:
    provider = lookup(ctx, OpenIDConnectProviderArn)
    oidc_providers.put(ctx, replace(provider, thumbprints=_checked(ThumbprintList)))


@iam.operation("DeleteOpenIDConnectProvider")
def delete_open_id_connect_provider(ctx: Context, *, OpenIDConnectProviderArn: str) -> None:
    """To delete one that is not there is no error."""
    _check_arn(OpenIDConnectProviderArn)
    oidc_providers.delete(ctx, OpenIDConnectProviderArn)


@iam.operation("TagOpenIDConnectProvider")
def tag_open_id_connect_provider(ctx: Context, *, OpenIDConnectProviderArn: str, Tags: tags.Tags) -> None:
    provider = lookup(ctx, OpenIDConnectProviderArn)
    merged = tags.merged("OpenIdConnectProvider", provider.tags, Tags)
    oidc_providers.put(ctx, replace(provider, tags=merged))


@iam.operation("UntagOpenIDConnectProvider")
def untag_open_id_connect_provider(ctx: Context, *, OpenIDConnectProviderArn: str, TagKeys: Sequence[str]) -> None:
    provider = lookup(ctx, OpenIDConnectProviderArn)
    oidc_providers.put(ctx, replace(provider, tags=tags.without(provider.tags, TagKeys)))


@iam.operation("ListOpenIDConnectProviderTags")
def list_open_id_connect_provider_tags(
    ctx: Context, *, OpenIDConnectProviderArn: str, Marker: str = "", MaxItems: int = pages.MOST
) -> dict[str, Any]:
    return tags.page(ctx, lookup(ctx, OpenIDConnectProviderArn).tags, Marker, MaxItems)


def lookup(ctx: Context, arn: str) -> OidcProvider:
    _check_arn(arn)
    if (found := oidc_providers.get(ctx, arn)) is None:
        raise errors.NoSuchEntity(f"OpenIDConnect Provider not found for arn {arn}")
    return found


def check_clients(count: int) -> None:
    if count > MOST_CLIENTS:
        raise errors.LimitExceeded(what="ClientIdsPerOpenIdConnectProvider", limit=MOST_CLIENTS)


def _check_arn(arn: str) -> None:
    if ":oidc-provider/" not in arn:
        raise errors.InvalidInput(f"Invalid ARN: {arn}")


def _checked(thumbprints: Sequence[str]) -> tuple[str, ...]:
    if len(thumbprints) > MOST_THUMBPRINTS:
        raise errors.InvalidInput("Thumbprint list must contain fewer than 5 entries.")
    for thumbprint in thumbprints:
        if not THUMBPRINT.fullmatch(thumbprint):
            raise errors.InvalidInput(f"Invalid thumbprint: {thumbprint}")
    return tuple(thumbprints)
