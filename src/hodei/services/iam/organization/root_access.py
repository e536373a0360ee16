"""Centralized root access: the management account looks after the roots of the members' accounts.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-enable-root-access.html
"""

from __future__ import annotations

from typing import Any, Literal

from hodei.kernel.context import Context
from hodei.kernel.iam.controls import Controls
from hodei.kernel.iam.controls import table as controls
from hodei.services.iam import errors
from hodei.services.iam.organization.state import RootAccess, root_accesses
from hodei.services.iam.service import iam

Feature = Literal["RootCredentialsManagement", "RootSessions"]
SERVICE = "iam.amazonaws.com"


@iam.operation("EnableOrganizationsRootCredentialsManagement")
def enable_organizations_root_credentials_management(ctx: Context) -> dict[str, Any]:
    return _with(ctx, _managed(ctx), "RootCredentialsManagement")


@iam.operation("EnableOrganizationsRootSessions")
def enable_organizations_root_sessions(ctx: Context) -> dict[str, Any]:
    return _with(ctx, _managed(ctx), "RootSessions")


@iam.operation("DisableOrganizationsRootCredentialsManagement")
def disable_organizations_root_credentials_management(ctx: Context) -> dict[str, Any]:
    return _without(ctx, _administered(ctx), "RootCredentialsManagement")


@iam.operation("DisableOrganizationsRootSessions")
def disable_organizations_root_sessions(ctx: Context) -> dict[str, Any]:
    return _without(ctx, _administered(ctx), "RootSessions")


@iam.operation("ListOrganizationsFeatures")
def list_organizations_features(ctx: Context) -> dict[str, Any]:
    own = _administered(ctx)
    return _view(own, _enabled(ctx, own))


def manages(ctx: Context, member: str, feature: Feature) -> bool:
    """Whether the account of the call has to do with the root of a member account, in what a feature is for."""
    own, other = controls.get(ctx, ctx.account), controls.get(ctx, member)
    if own is None or other is None or not own.administers(SERVICE):
        return False
    is_member = other.organization == own.organization and member != own.account and other.status == "ACTIVE"
    return is_member and feature in _enabled(ctx, own)


def _with(ctx: Context, own: Controls, feature: Feature) -> dict[str, Any]:
    return _set(ctx, own, tuple(sorted({*_enabled(ctx, own), feature})))


def _without(ctx: Context, own: Controls, feature: Feature) -> dict[str, Any]:
    return _set(ctx, own, tuple(one for one in _enabled(ctx, own) if one != feature))


def _enabled(ctx: Context, own: Controls) -> tuple[str, ...]:
    """The features that are on, in the order of their names; none without trusted access."""
    found = root_accesses.get(ctx.at(account=own.account), own.organization)
    return found.features if found and SERVICE in own.trusted else ()


def _set(ctx: Context, own: Controls, features: tuple[str, ...]) -> dict[str, Any]:
    root_accesses.put(ctx.at(account=own.account), RootAccess(organization=own.organization, features=features))
    return _view(own, features)


def _view(own: Controls, features: tuple[str, ...]) -> dict[str, Any]:
    return {"OrganizationId": own.organization, "EnabledFeatures": list(features)}


def _administered(ctx: Context) -> Controls:
    """What the organization says of the caller, who may manage its roots. Raises: why it may not."""
    own = controls.get(ctx, ctx.account)
    if own is None:
        raise errors.OrganizationNotFound()
    if own.features != "ALL":
        raise errors.OrganizationNotInAllFeaturesMode()
    if SERVICE not in own.trusted:
        raise errors.ServiceAccessNotEnabled()
    if not own.administers(SERVICE):
        raise errors.AccountNotManagementOrDelegatedAdministrator()
    return own


def _managed(ctx: Context) -> Controls:
    """The same, of the management account alone: others may not turn features on."""
    own = _administered(ctx)
    if ctx.account != own.account:
        raise errors.CallerIsNotManagementAccount()
    return own
