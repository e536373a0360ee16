"""The types of policies, which are in force once they are enabled at the root."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.organizations import errors, find, tree, views
from hodei.services.organizations.find import Home
from hodei.services.organizations.service import organizations
from hodei.services.organizations.state import accounts, attachments, units
from hodei.services.organizations.state import organizations as table


@organizations.operation("EnablePolicyType")
def enable_policy_type(ctx: Context, *, RootId: str, PolicyType: str) -> dict[str, Any]:
    """AWS's own policy is attached everywhere, so nothing changes yet."""
    home = _rooted(ctx, RootId)
    if home.organization.features != "ALL":
        raise errors.PolicyTypeNotAvailable()
    if PolicyType in home.organization.enabled:
        raise errors.PolicyTypeAlreadyEnabled()
    home = _changed(home, (*home.organization.enabled, PolicyType))
    for place in _places(home):
        tree.take_in(home, place, PolicyType)
    tree.publish(home)
    return {"Root": views.root(home, home.organization)}


@organizations.operation("DisablePolicyType")
def disable_policy_type(ctx: Context, *, RootId: str, PolicyType: str) -> dict[str, Any]:
    """All policies of the type are detached, and stay so."""
    home = _rooted(ctx, RootId)
    if PolicyType not in home.organization.enabled:
        raise errors.PolicyTypeNotEnabled()
    home = _changed(home, tuple(one for one in home.organization.enabled if one != PolicyType))
    for place in _places(home):
        attachments.delete_all(home.ctx, place, PolicyType)
    tree.publish(home)
    return {"Root": views.root(home, home.organization)}


def _rooted(ctx: Context, root: str) -> Home:
    home = find.home(ctx)
    if home.organization.root != root:
        raise errors.RootNotFound()
    return home


def _changed(home: Home, enabled: tuple[str, ...]) -> Home:
    organization = replace(home.organization, enabled=enabled)
    table.put(home.ctx, organization)
    return home._replace(organization=organization)


def _places(home: Home) -> list[str]:
    return [home.organization.root, *(one.id for known in (units, accounts) for one in known.scan(home.ctx))]
