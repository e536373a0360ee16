"""Versions of managed policies: five at most, one of them in force."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.iam import errors, pages
from hodei.services.iam.managed_policies import AwsPolicy
from hodei.services.iam.policies import documents, lookup, views
from hodei.services.iam.service import iam
from hodei.services.iam.state import Policy, Version, policies

MOST = 5


@iam.operation("CreatePolicyVersion")
def create_policy_version(
    ctx: Context, *, PolicyArn: str, PolicyDocument: str, SetAsDefault: bool = False
) -> dict[str, Any]:
    policy = lookup.own(ctx, PolicyArn)
    documents.checked_managed(ctx, PolicyDocument)
    if len(policy.versions) >= MOST:
        raise errors.LimitExceeded(
            f"A managed policy can have up to {MOST} versions. Before you create a new version, "
            "you must delete an existing version."
        )
    version = Version(id=f"v{policy.last + 1}", document=PolicyDocument, created=ctx.now)
    policy = replace(
        policy,
        versions=(*policy.versions, version),
        last=policy.last + 1,
        default=version.id if SetAsDefault else policy.default,
        updated=ctx.now,
    )
    policies.put(ctx, policy)
    return {"PolicyVersion": views.version(policy, version)}


@iam.operation("GetPolicyVersion")
def get_policy_version(ctx: Context, *, PolicyArn: str, VersionId: str) -> dict[str, Any]:
    policy = lookup.known(ctx, PolicyArn)
    return {"PolicyVersion": views.version(policy, _find(policy, PolicyArn, VersionId), whole=True)}


@iam.operation("ListPolicyVersions")
def list_policy_versions(
    ctx: Context, *, PolicyArn: str, Marker: str = "", MaxItems: int = pages.MOST
) -> dict[str, Any]:
    policy = lookup.known(ctx, PolicyArn)
    last = pages.after(ctx, Marker)
    found = [version for version in views.versions(policy) if last is None or _number(version) < last[0]]
    page, rest = pages.cut(ctx, found, MaxItems, lambda version: (_number(version),))
    return {"Versions": [views.version(policy, version) for version in page], **rest}


@iam.operation("SetDefaultPolicyVersion")
def set_default_policy_version(ctx: Context, *, PolicyArn: str, VersionId: str) -> None:
    policy = lookup.own(ctx, PolicyArn)
    _find(policy, PolicyArn, VersionId)
    policies.put(ctx, replace(policy, default=VersionId, updated=ctx.now))


@iam.operation("DeletePolicyVersion")
def delete_policy_version(ctx: Context, *, PolicyArn: str, VersionId: str) -> None:
    policy = lookup.own(ctx, PolicyArn)
    gone = _find(policy, PolicyArn, VersionId)
    if gone.id == policy.default:
        raise errors.DeleteConflict("Cannot delete the default version of a policy.")
    policies.put(ctx, replace(policy, versions=tuple(one for one in policy.versions if one.id != gone.id)))


def _find(policy: Policy | AwsPolicy, arn: str, id: str) -> Version:
    for version in views.versions(policy):
        if version.id == id:
            return version
    raise errors.NoSuchEntity(f"Policy {arn} version {id} does not exist or is not attachable.")


def _number(version: Version) -> int:
    return int(version.id[1:].partition(".")[0])
