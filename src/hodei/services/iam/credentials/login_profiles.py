"""Passwords of users for the console."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.iam import errors, find
from hodei.services.iam.credentials import passwords
from hodei.services.iam.credentials.state import Hash, LoginProfile, login_profiles, password_policies
from hodei.services.iam.service import iam

NOBODYS = Hash(salt=b"", digest=b"")  # of a password that is yet to be set
LONGEST_MEMORY = 24  # passwords: the most that a policy can ask to remember


@iam.operation("CreateLoginProfile")
async def create_login_profile(
    ctx: Context, *, UserName: str = "", Password: str = "", PasswordResetRequired: bool = False
) -> dict[str, Any]:
    """Of a root, in a session for that task, there is no password yet: its owner sets one by mail."""
    for_root = not UserName and ctx.principal.session is not None and ctx.principal.session.task
    if not Password and not for_root:
        raise errors.ValidationError("Must specify a password")
    password = NOBODYS if for_root else await _new(ctx, Password)
    owner = find.owner(ctx, UserName)
    if login_profiles.get(ctx, owner.id):
        raise errors.EntityAlreadyExists(what=f"Login Profile for user {owner.name or find.ROOT}")
    profile = LoginProfile(
        owner=owner.id, created=ctx.now, changed=ctx.now, password=password, reset=PasswordResetRequired
    )
    login_profiles.put(ctx, profile)
    return {"LoginProfile": _view(owner.name, profile)}


@iam.operation("GetLoginProfile")
def get_login_profile(ctx: Context, *, UserName: str = "") -> dict[str, Any]:
    owner = find.owner(ctx, UserName)
    return {"LoginProfile": _view(owner.name, _find(ctx, owner.id, owner.name))}


@iam.operation("UpdateLoginProfile")
async def update_login_profile(
    ctx: Context, *, UserName: str, Password: str = "", PasswordResetRequired: bool | None = None
) -> None:
    user = find.user(ctx, UserName)
    profile = _find(ctx, user.id, user.name)
    if Password:
        passwords.check(ctx, Password)
        password = await _not_again(ctx, Password, profile)
        profile = _changed(ctx, _find(ctx, user.id, user.name), password)
    if PasswordResetRequired is not None:
        profile = replace(profile, reset=PasswordResetRequired)
    login_profiles.put(ctx, profile)


@iam.operation("DeleteLoginProfile")
def delete_login_profile(ctx: Context, *, UserName: str = "") -> None:
    owner = find.owner(ctx, UserName)
    _find(ctx, owner.id, owner.name)
    login_profiles.delete(ctx, owner.id)


@iam.operation("ChangePassword")
async def change_password(ctx: Context, *, OldPassword: str, NewPassword: str) -> None:
    if ctx.principal.kind != "user" or ctx.principal.anonymous:
        raise errors.InvalidUserType()
    user = find.user_or_caller(ctx, "")
    profile = _find(ctx, user.id, user.name)
    if not await ctx.offload(passwords.is_it, OldPassword, profile.password):
        raise errors.AccessDenied("The old password was incorrect.")
    passwords.check(ctx, NewPassword)
    password = await _not_again(ctx, NewPassword, profile)
    if _find(ctx, user.id, user.name) != profile:
        raise errors.EntityTemporarilyUnmodifiable(name=user.name)
    login_profiles.put(ctx, replace(_changed(ctx, profile, password), reset=False))


async def _new(ctx: Context, password: str) -> Hash:
    """Raises: PasswordPolicyViolation."""
    passwords.check(ctx, password)
    return await ctx.offload(passwords.hashed, password, ctx.ids.randbytes(16))


async def _not_again(ctx: Context, password: str, profile: LoginProfile) -> Hash:
    """The hash of a password that the user did not have lately. Raises: PasswordPolicyViolation."""
    policy = password_policies.get(ctx, ctx.account)
    reuse = policy.reuse if policy and policy.reuse else 0
    for old in (profile.password, *profile.earlier)[:reuse]:
        if await ctx.offload(passwords.is_it, password, old):
            raise errors.PasswordPolicyViolation(lacking=f"not be one of the last {reuse} passwords")
    return await ctx.offload(passwords.hashed, password, ctx.ids.randbytes(16))


def _changed(ctx: Context, profile: LoginProfile, password: Hash) -> LoginProfile:
    earlier = (profile.password, *profile.earlier)[: LONGEST_MEMORY - 1]
    return replace(profile, password=password, earlier=earlier, changed=ctx.now)


def _find(ctx: Context, owner: str, name: str) -> LoginProfile:
    if (profile := login_profiles.get(ctx, owner)) is None:
        raise errors.NoSuchEntity(what=f"Login Profile for User {name or find.ROOT}")
    return profile


def _view(name: str, profile: LoginProfile) -> dict[str, Any]:
    return {"UserName": name or find.ROOT, "CreateDate": profile.created, "PasswordResetRequired": profile.reset}
