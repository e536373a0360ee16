"""The organization itself, and its root."""

from __future__ import annotations

from typing import Any

from hodei.kernel.arns import GLOBAL_REGION
from hodei.kernel.context import Context
from hodei.kernel.iam.controls import table as controls
from hodei.services.organizations import errors, find, ids, membership, pages, tagging, views
from hodei.services.organizations.find import Home
from hodei.services.organizations.service import organizations as service
from hodei.services.organizations.state import (
    Organization,
    accounts,
    attachments,
    delegations,
    organizations,
    policies,
    requests,
    resource_policies,
    service_accesses,
    units,
)

OWNED = (
    accounts, attachments, delegations, organizations, policies, requests, resource_policies, service_accesses, units,
)  # fmt: skip


@service.operation("CreateOrganization")
def create_organization(ctx: Context, *, FeatureSet: str = "ALL") -> dict[str, Any]:
    if find.home_of(ctx):
        raise errors.AlreadyInOrganization()
    there = ctx.at(region=GLOBAL_REGION)
    organization = Organization(
        id=ids.new(ctx, "o", 10), features=FeatureSet, root=ids.new(ctx, "r", 4), created=ctx.now
    )
    organizations.put(there, organization)
    home = Home(there, organization)
    membership.join(home, ctx.account, "INVITED")
    return {"Organization": views.organization(home)}


@service.operation("DescribeOrganization")
def describe_organization(ctx: Context) -> dict[str, Any]:
    return {"Organization": views.organization(find.home(ctx))}


@service.operation("DeleteOrganization")
def delete_organization(ctx: Context) -> None:
    home = find.home(ctx)
    if accounts.count(home.ctx) > 1:
        raise errors.OrganizationNotEmpty()
    things = [one.id for table in (units, policies, resource_policies) for one in table.scan(home.ctx)]
    for id in (home.organization.root, ctx.account, *things):
        tagging.forget(home, id)
    for table in OWNED:
        table.delete_all(home.ctx)
    controls.delete(home.ctx, ctx.account)


@service.operation("ListRoots")
def list_roots(ctx: Context, *, NextToken: str = "", MaxResults: int = pages.MOST) -> dict[str, Any]:
    home = find.home(ctx)
    roots, rest = pages.cut(ctx, [home.organization], lambda one: one.root, NextToken, MaxResults)
    return {"Roots": [views.root(home, one) for one in roots], **rest}
