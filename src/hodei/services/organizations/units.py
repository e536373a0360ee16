"""Organizational units, and the tree that they make."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.organizations import errors, find, ids, pages, rules, tagging, tree, views
from hodei.services.organizations.find import Home
from hodei.services.organizations.service import organizations
from hodei.services.organizations.state import Unit, accounts, attachments, units

DEEPEST = 5


@organizations.operation("CreateOrganizationalUnit")
def create_organizational_unit(ctx: Context, *, ParentId: str, Name: str, Tags: tagging.Given = ()) -> dict[str, Any]:
    home = find.home(ctx)
    find.parent(home, ParentId)
    _check_name(home, ParentId, Name)
    if len(tree.way(home, ParentId)) >= DEEPEST:
        rules.exceeded("OU_DEPTH_LIMIT_EXCEEDED", "You attempted to create an OU tree that is too many levels deep.")
    if units.count(home.ctx) >= ctx.quota("units"):
        rules.exceeded(
            "OU_NUMBER_LIMIT_EXCEEDED",
            "You attempted to exceed the number of OUs that you can have in an organization.",
        )
    id = ids.new(ctx, f"ou-{home.organization.root.removeprefix('r-')}", 8)
    unit = Unit(id=id, name=Name, parent=ParentId)
    units.put(home.ctx, unit, old=None)
    tree.take_in(home, id)
    tagging.add(home, id, tagging.checked(Tags))
    return {"OrganizationalUnit": views.unit(home, unit)}


def _check_name(home: Home, parent: str, name: str) -> None:
    if any(one.name == name for one in units.by("parents", home.ctx, parent)):
        raise errors.DuplicateOrganizationalUnit()


@organizations.operation("DescribeOrganizationalUnit")
def describe_organizational_unit(ctx: Context, *, OrganizationalUnitId: str) -> dict[str, Any]:
    home = find.home(ctx)
    return {"OrganizationalUnit": views.unit(home, find.unit(home, OrganizationalUnitId))}


@organizations.operation("UpdateOrganizationalUnit")
def update_organizational_unit(ctx: Context, *, OrganizationalUnitId: str, Name: str = "") -> dict[str, Any]:
    home = find.home(ctx)
    unit = find.unit(home, OrganizationalUnitId)
    if Name and Name != unit.name:
        _check_name(home, unit.parent, Name)
        unit = replace(unit, name=Name)
        units.put(home.ctx, unit)
    return {"OrganizationalUnit": views.unit(home, unit)}


@organizations.operation("DeleteOrganizationalUnit")
def delete_organizational_unit(ctx: Context, *, OrganizationalUnitId: str) -> None:
    home = find.home(ctx)
    unit = find.unit(home, OrganizationalUnitId)
    if any(next(table.by("parents", home.ctx, unit.id), None) for table in (accounts, units)):
        raise errors.OrganizationalUnitNotEmpty()
    attachments.delete_all(home.ctx, unit.id)
    tagging.forget(home, unit.id)
    units.delete(home.ctx, unit.id)


@organizations.operation("ListOrganizationalUnitsForParent")
def list_organizational_units_for_parent(
    ctx: Context, *, ParentId: str, NextToken: str = "", MaxResults: int = pages.MOST
) -> dict[str, Any]:
    home = find.home(ctx)
    find.parent(home, ParentId)
    found = units.by("parents", home.ctx, ParentId)
    page, rest = pages.cut(ctx, found, lambda one: one.id, NextToken, MaxResults)
    return {"OrganizationalUnits": [views.unit(home, one) for one in page], **rest}


@organizations.operation("ListChildren")
def list_children(
    ctx: Context, *, ParentId: str, ChildType: str, NextToken: str = "", MaxResults: int = pages.MOST
) -> dict[str, Any]:
    home = find.home(ctx)
    find.parent(home, ParentId)
    table = accounts if ChildType == "ACCOUNT" else units
    found: Iterable[str] = (str(id) for _, id in table.index_keys("parents", home.ctx, ParentId))
    page, rest = pages.cut(ctx, found, str, NextToken, MaxResults)
    return {"Children": [{"Id": id, "Type": ChildType} for id in page], **rest}


@organizations.operation("ListParents")
def list_parents(ctx: Context, *, ChildId: str, NextToken: str = "", MaxResults: int = pages.MOST) -> dict[str, Any]:
    """A child has one parent, so far."""
    home = find.home(ctx)
    child = find.target(home, ChildId, errors.ChildNotFound)
    parents = [child.parent] if child else []
    page, rest = pages.cut(ctx, parents, str, NextToken, MaxResults)
    return {"Parents": [{"Id": id, "Type": _kind(home, id)} for id in page], **rest}


def _kind(home: Home, id: str) -> str:
    return "ROOT" if id == home.organization.root else "ORGANIZATIONAL_UNIT"
