"""Instance profiles: how a role gets to an EC2 instance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.iam import errors, find, ids, pages, rules, tags, views
from hodei.services.iam.service import iam
from hodei.services.iam.state import InstanceProfile, profiles


@iam.operation("CreateInstanceProfile")
def create_instance_profile(
    ctx: Context, *, InstanceProfileName: str, Path: str = "/", Tags: tags.Tags = ()
) -> dict[str, Any]:
    key = InstanceProfileName.lower()
    if next(profiles.by("names", ctx, key), None):
        raise errors.EntityAlreadyExists(what=f"Instance Profile {InstanceProfileName}")
    rules.check_quota("InstanceProfilesPerAccount", profiles.count(ctx), ctx.quota("instance-profiles"))
    profile = InstanceProfile(
        id=ids.unique(ctx, "AIPA"),
        name=InstanceProfileName,
        key=key,
        path=Path,
        created=ctx.now,
        tags=tags.merged("InstanceProfile", {}, Tags),
    )
    profiles.put(ctx, profile, old=None)
    return {"InstanceProfile": _whole(ctx, profile)}


@iam.operation("GetInstanceProfile")
def get_instance_profile(ctx: Context, *, InstanceProfileName: str) -> dict[str, Any]:
    return {"InstanceProfile": _whole(ctx, find.profile(ctx, InstanceProfileName))}


def _whole(ctx: Context, profile: InstanceProfile) -> dict[str, Any]:
    return views.profile(ctx, profile) | tags.shown(profile.tags)


@iam.operation("ListInstanceProfiles")
def list_instance_profiles(
    ctx: Context, *, PathPrefix: str = "/", Marker: str = "", MaxItems: int = pages.MOST
) -> dict[str, Any]:
    found = pages.below(PathPrefix, profiles.by("names", ctx, after=pages.after(ctx, Marker)))
    page, rest = pages.cut(ctx, found, MaxItems, lambda profile: (profile.key,))
    return {"InstanceProfiles": [views.profile(ctx, profile) for profile in page], **rest}


@iam.operation("ListInstanceProfilesForRole")
def list_instance_profiles_for_role(
    ctx: Context, *, RoleName: str, Marker: str = "", MaxItems: int = pages.MOST
) -> dict[str, Any]:
    found = profiles.by("roles", ctx, find.role(ctx, RoleName).id, after=pages.after(ctx, Marker))
    page, rest = pages.cut(ctx, found, MaxItems, lambda profile: (profile.id,))
    return {"InstanceProfiles": [views.profile(ctx, profile) for profile in page], **rest}


@iam.operation("AddRoleToInstanceProfile")
def add_role_to_instance_profile(ctx: Context, *, InstanceProfileName: str, RoleName: str) -> None:
    profile, role = find.profile(ctx, InstanceProfileName), find.own_role(ctx, RoleName)
    if profile.role:
        raise errors.LimitExceeded(what="InstanceSessionsPerInstanceProfile", limit=1)
    profiles.put(ctx, replace(profile, role=role.id), old=profile)


@iam.operation("RemoveRoleFromInstanceProfile")
def remove_role_from_instance_profile(ctx: Context, *, InstanceProfileName: str, RoleName: str) -> None:
    profile, role = find.profile(ctx, InstanceProfileName), find.own_role(ctx, RoleName)
    if profile.role != role.id:
        raise errors.NoSuchEntity(what=f"The role with name {RoleName}")
    profiles.put(ctx, replace(profile, role=None), old=profile)


@iam.operation("DeleteInstanceProfile")
def delete_instance_profile(ctx: Context, *, InstanceProfileName: str) -> None:
    profile = find.profile(ctx, InstanceProfileName)
    if profile.role:
        raise errors.DeleteConflict(what="remove roles from instance profile")
    profiles.delete(ctx, profile.id)


@iam.operation("TagInstanceProfile")
def tag_instance_profile(ctx: Context, *, InstanceProfileName: str, Tags: tags.Tags) -> None:
    profile = find.profile(ctx, InstanceProfileName)
    profiles.put(ctx, replace(profile, tags=tags.merged("InstanceProfile", profile.tags, Tags)), old=profile)


@iam.operation("UntagInstanceProfile")
def untag_instance_profile(ctx: Context, *, InstanceProfileName: str, TagKeys: Sequence[str]) -> None:
    profile = find.profile(ctx, InstanceProfileName)
    profiles.put(ctx, replace(profile, tags=tags.without(profile.tags, TagKeys)), old=profile)


@iam.operation("ListInstanceProfileTags")
def list_instance_profile_tags(
    ctx: Context, *, InstanceProfileName: str, Marker: str = "", MaxItems: int = pages.MOST
) -> dict[str, Any]:
    return tags.page(ctx, find.profile(ctx, InstanceProfileName).tags, Marker, MaxItems)
