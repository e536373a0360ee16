"""What other services ask of IAM: STS of roles, devices and providers, all of the roles that they are to act as."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple

from hodei.kernel.arns import partition_of
from hodei.kernel.context import Context, Principal
from hodei.services.iam.credentials import mfa_devices
from hodei.services.iam.credentials.state import mfa_devices as devices
from hodei.services.iam.entities import roles as entities
from hodei.services.iam.entities import service_linked_roles
from hodei.services.iam.federation import metadata, outbound
from hodei.services.iam.federation.metadata import Metadata
from hodei.services.iam.federation.state import (
    Issuer,
    OidcProvider,
    SamlProvider,
    issuers,
    oidc_providers,
    saml_providers,
)
from hodei.services.iam.identities import identity_of
from hodei.services.iam.organization import root_access
from hodei.services.iam.organization.root_access import Feature as RootFeature
from hodei.services.iam.policies import attached, lookup
from hodei.services.iam.state import Role, User, roles, users

__all__ = [
    "Metadata",
    "OidcProvider",
    "Role",
    "RootFeature",
    "SamlProvider",
    "TokenIssuer",
    "User",
    "link_role",
    "make_administrator",
    "manages_root",
    "oidc_provider",
    "owns_mfa",
    "policy_document",
    "role",
    "saml_metadata",
    "saml_provider",
    "tags_of",
    "token_issuer",
    "token_issuer_of",
    "user",
    "verify_mfa",
]


class TokenIssuer(NamedTuple):
    """An account that gives out tokens, by its address; `keys` are private ones (PEM) by the algorithms of tokens."""

    url: str
    keys: Mapping[str, bytes]


def token_issuer(ctx: Context) -> TokenIssuer | None:
    """The account of the call, if it gives out tokens."""
    found = outbound.of(ctx)
    return _token_issuer(ctx, found) if found and found.enabled else None


def token_issuer_of(ctx: Context, id: str) -> TokenIssuer | None:
    """The account whose address begins with an id, be it that it gives out tokens no more."""
    found = issuers.get(ctx, id)
    return _token_issuer(ctx, found) if found else None


def _token_issuer(ctx: Context, found: Issuer) -> TokenIssuer:
    keys = outbound.signing_keys(ctx, found)
    return TokenIssuer(outbound.url(found), {"RS256": keys.rs256, "ES384": keys.es384})


def tags_of(ctx: Context, principal: Principal) -> Mapping[str, str]:
    """Those of the user that calls, or of the role of its session."""
    return identity_of(ctx, principal).tags


def role(ctx: Context, arn: str) -> Role | None:
    """The role of an ARN, in whichever account it is."""
    account, _, resource = arn.partition(":iam::")[2].partition(":")
    if not resource.startswith("role/"):
        return None
    there = ctx.at(account=account)
    found = next(roles.by("names", there, arn.rpartition("/")[2].lower()), None)
    return found if found and found.arn(there) == arn else None


def make_administrator(ctx: Context, name: str, trusted: str) -> None:
    """A new role of the account of the call that may do everything, for `trusted`, an ARN, to assume.

    Raises: EntityAlreadyExists.
    """
    iam = ctx.world.context("iam", account=ctx.account, region=ctx.region)
    statement = {"Effect": "Allow", "Principal": {"AWS": trusted}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    entities.create_role(iam, RoleName=name, AssumeRolePolicyDocument=trust)
    everything = f"arn:{partition_of(ctx.region)}:iam::aws:policy/AdministratorAccess"
    attached.attach_role_policy(iam, RoleName=name, PolicyArn=everything)


def link_role(ctx: Context, service: str) -> None:
    """See that the account of the call has the service-linked role of a service ("organizations.amazonaws.com")."""
    iam = ctx.world.context("iam", account=ctx.account, region=ctx.region)
    name = service_linked_roles.services()[service].role
    if not next(roles.by("names", iam, name.lower()), None):
        service_linked_roles.create_service_linked_role(iam, AWSServiceName=service)


def manages_root(ctx: Context, member: str, feature: RootFeature) -> bool:
    """Whether the account of the call looks after the root of a member of its organization, in what a feature lets."""
    return root_access.manages(ctx, member, feature)


def user(ctx: Context, id: str) -> User | None:
    """The user with a unique id (AIDA...) in the account of the call."""
    return users.get(ctx, id)


def policy_document(ctx: Context, arn: str) -> str | None:
    """The text in force of a managed policy, AWS's or of this account. Raises: ValidationError if it is no such ARN."""
    return lookup.document(ctx, arn)


def owns_mfa(ctx: Context, user_id: str, serial: str) -> bool:
    """Whether that is a device of the user."""
    device = devices.get(ctx, serial)
    return device is not None and device.owner == user_id


def verify_mfa(ctx: Context, user_id: str, serial: str, code: str) -> bool:
    """Whether a device of the user shows this code now; it counts once."""
    return mfa_devices.verify(ctx, user_id, serial, code)


def oidc_provider(ctx: Context, arn: str) -> OidcProvider | None:
    return oidc_providers.get(ctx, arn)


def saml_provider(ctx: Context, arn: str) -> SamlProvider | None:
    return saml_providers.get(ctx, arn)


def saml_metadata(provider: SamlProvider) -> Metadata:
    """Its entity id, and the certificates by which its signatures are checked."""
    return metadata.read(provider.metadata)
