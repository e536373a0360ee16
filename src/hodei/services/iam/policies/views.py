"""What AWS shows of managed policies."""

from __future__ import annotations

from typing import Any

from hodei.kernel.arns import partition_of
from hodei.kernel.context import Context
from hodei.services.iam import tags
from hodei.services.iam.managed_policies import AwsPolicy
from hodei.services.iam.policies import attachments
from hodei.services.iam.state import Policy, Version
from hodei.services.iam.views import document


def arn_of(ctx: Context, policy: Policy | AwsPolicy) -> str:
    if isinstance(policy, Policy):
        return policy.arn(ctx)
    return f"arn:{partition_of(ctx.region)}:iam::aws:policy{policy.path}{policy.name}"


def policy(ctx: Context, one: Policy | AwsPolicy) -> dict[str, Any]:
    """As lists have it: without description and tags."""
    arn = arn_of(ctx, one)
    return {
        "PolicyName": one.name,
        "PolicyId": one.id,
        "Arn": arn,
        "Path": one.path,
        "DefaultVersionId": one.default if isinstance(one, Policy) else one.version,
        "AttachmentCount": attachments.count(ctx, arn),
        "PermissionsBoundaryUsageCount": attachments.count(ctx, arn, attachments.BOUNDARY),
        "IsAttachable": True,
        "CreateDate": one.created,
        "UpdateDate": one.updated,
    }


def whole_policy(ctx: Context, one: Policy | AwsPolicy) -> dict[str, Any]:
    if isinstance(one, AwsPolicy):
        return policy(ctx, one) | {"Tags": []}
    described = {"Description": one.description} if one.description is not None else {}
    return policy(ctx, one) | described | {"Tags": tags.listed(one.tags)}


def versions(one: Policy | AwsPolicy) -> list[Version]:
    """The newest first. Of AWS's policies only the one in force is known here."""
    if isinstance(one, AwsPolicy):
        return [Version(id=one.version, document=one.document, created=one.updated)]
    return list(reversed(one.versions))


def version(one: Policy | AwsPolicy, version: Version, *, whole: bool = False) -> dict[str, Any]:
    default = one.default if isinstance(one, Policy) else one.version
    view: dict[str, Any] = {"Document": document(version.document)} if whole else {}
    return view | {
        "VersionId": version.id,
        "IsDefaultVersion": version.id == default,
        "CreateDate": version.created,
    }
