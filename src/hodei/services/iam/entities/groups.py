"""Groups."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.iam import errors, find, ids, pages, rules, views
from hodei.services.iam.service import iam
from hodei.services.iam.state import Group, groups, members, users


@iam.operation("CreateGroup")
def create_group(ctx: Context, *, GroupName: str, Path: str = "/") -> dict[str, Any]:
    _check_free(ctx, GroupName)
    rules.check_quota("GroupsPerAccount", groups.count(ctx), ctx.quota("groups"))
    group = Group(id=ids.unique(ctx, "AGPA"), name=GroupName, key=GroupName.lower(), path=Path, created=ctx.now)
    groups.put(ctx, group, old=None)
    return {"Group": views.group(ctx, group)}


@iam.operation("GetGroup")
def get_group(ctx: Context, *, GroupName: str, Marker: str = "", MaxItems: int = pages.MOST) -> dict[str, Any]:
    group = find.group(ctx, GroupName)
    page, rest = pages.cut(
        ctx, members.scan(ctx, group.id, after=pages.after(ctx, Marker)), MaxItems, lambda member: (member.user,)
    )
    found = [user for member in page if (user := users.get(ctx, member.user))]
    return {"Group": views.group(ctx, group), "Users": [views.user(ctx, user) for user in found], **rest}


@iam.operation("ListGroups")
def list_groups(ctx: Context, *, PathPrefix: str = "/", Marker: str = "", MaxItems: int = pages.MOST) -> dict[str, Any]:
    found = pages.below(PathPrefix, groups.by("names", ctx, after=pages.after(ctx, Marker)))
    page, rest = pages.cut(ctx, found, MaxItems, lambda group: (group.key,))
    return {"Groups": [views.group(ctx, group) for group in page], **rest}


@iam.operation("UpdateGroup")
def update_group(ctx: Context, *, GroupName: str, NewPath: str = "", NewGroupName: str = "") -> None:
    group = find.group(ctx, GroupName)
    name = NewGroupName or group.name
    if name.lower() != group.key:
        _check_free(ctx, name)
    groups.put(ctx, replace(group, name=name, key=name.lower(), path=NewPath or group.path))


@iam.operation("DeleteGroup")
def delete_group(ctx: Context, *, GroupName: str) -> None:
    group = find.group(ctx, GroupName)
    if group.attached:
        raise errors.DeleteConflict(what="detach all policies")
    if group.inline:
        raise errors.DeleteConflict(what="delete policies")
    if members.count(ctx, group.id):
        raise errors.DeleteConflict(what="remove users from group")
    groups.delete(ctx, group.id)


def _check_free(ctx: Context, name: str) -> None:
    if next(groups.by("names", ctx, name.lower()), None):
        raise errors.EntityAlreadyExists(what=f"Group with name {name}")
