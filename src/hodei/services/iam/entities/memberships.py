"""Who is in which group."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.iam import find, pages, rules, views
from hodei.services.iam.service import iam
from hodei.services.iam.state import Member, groups, members, users


@iam.operation("AddUserToGroup")
def add_user_to_group(ctx: Context, *, GroupName: str, UserName: str) -> None:
    """To add a member again changes nothing."""
    group, user = find.group(ctx, GroupName), find.user(ctx, UserName)
    if group.id in user.groups:
        return
    rules.check_quota("GroupsPerUser", len(user.groups), ctx.quota("groups-per-user"))
    members.put(ctx, Member(group=group.id, user=user.id, at=ctx.now))
    users.put(ctx, replace(user, groups=(*user.groups, group.id)), old=user)


@iam.operation("RemoveUserFromGroup")
def remove_user_from_group(ctx: Context, *, GroupName: str, UserName: str) -> None:
    group, user = find.group(ctx, GroupName), find.user(ctx, UserName)
    members.delete(ctx, group.id, user.id)
    users.put(ctx, replace(user, groups=tuple(one for one in user.groups if one != group.id)), old=user)


@iam.operation("ListGroupsForUser")
def list_groups_for_user(
    ctx: Context, *, UserName: str, Marker: str = "", MaxItems: int = pages.MOST
) -> dict[str, Any]:
    found = {group.key: group for id in find.user(ctx, UserName).groups if (group := groups.get(ctx, id))}
    page, rest = pages.listed(ctx, found, Marker, MaxItems)
    return {"Groups": [views.group(ctx, found[key]) for key in page], **rest}
