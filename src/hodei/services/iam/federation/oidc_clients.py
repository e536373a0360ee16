"""Client ids (audiences) that an OpenID Connect provider gives tokens for."""

from __future__ import annotations

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.iam.federation.oidc_providers import check_clients, lookup
from hodei.services.iam.federation.state import oidc_providers
from hodei.services.iam.service import iam


@iam.operation("AddClientIDToOpenIDConnectProvider")
def add_client_id_to_open_id_connect_provider(ctx: Context, *, OpenIDConnectProviderArn: str, ClientID: str) -> None:
    """To add it again changes nothing."""
    provider = lookup(ctx, OpenIDConnectProviderArn)
    clients = tuple(dict.fromkeys((*provider.clients, ClientID)))
    check_clients(len(clients))
    oidc_providers.put(ctx, replace(provider, clients=clients))


@iam.operation("RemoveClientIDFromOpenIDConnectProvider")
def remove_client_id_from_open_id_connect_provider(
    ctx: Context, *, OpenIDConnectProviderArn: str, ClientID: str
) -> None:
    """To remove one that is not there is no error."""
    provider = lookup(ctx, OpenIDConnectProviderArn)
    oidc_providers.put(ctx, replace(provider, clients=tuple(one for one in provider.clients if one != ClientID)))
