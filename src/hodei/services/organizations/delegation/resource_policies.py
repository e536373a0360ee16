"""The policy of the organization, by which members may do what else only the management account may."""

from __future__ import annotations

from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.iam import MalformedPolicy, check
from hodei.services.organizations import errors, find, ids, tagging
from hodei.services.organizations.find import Home
from hodei.services.organizations.service import organizations
from hodei.services.organizations.state import ResourcePolicy, resource_policies


@organizations.operation("PutResourcePolicy")
def put_resource_policy(ctx: Context, *, Content: str, Tags: tagging.Given = ()) -> dict[str, Any]:
    home = find.with_all_features(ctx)
    try:
        check(Content, "resource")
    except MalformedPolicy as error:
        if error.problem in ("principal", "missing-principal"):
            raise errors.InvalidInput(
                "You specified an invalid principal element in the policy.", Reason="INVALID_PRINCIPAL"
            ) from None
        raise errors.InvalidInput(error.message, Reason="INVALID_RESOURCE_POLICY_JSON") from None
    before = next(resource_policies.scan(home.ctx), None)
    policy = ResourcePolicy(id=before.id if before else ids.new(ctx, "rp", 8), content=Content)
    resource_policies.put(home.ctx, policy)
    tagging.add(home, policy.id, tagging.checked(Tags))
    return {"ResourcePolicy": _view(home, policy)}


@organizations.operation("DescribeResourcePolicy")
def describe_resource_policy(ctx: Context) -> dict[str, Any]:
    home = find.with_all_features(ctx)
    return {"ResourcePolicy": _view(home, _found(home))}


@organizations.operation("DeleteResourcePolicy")
def delete_resource_policy(ctx: Context) -> None:
    home = find.with_all_features(ctx)
    policy = _found(home)
    tagging.forget(home, policy.id)
    resource_policies.delete(home.ctx, policy.id)


def _found(home: Home) -> ResourcePolicy:
    if (found := next(resource_policies.scan(home.ctx), None)) is None:
        raise errors.ResourcePolicyNotFound()
    return found


def _view(home: Home, policy: ResourcePolicy) -> dict[str, Any]:
    summary = {"Id": policy.id, "Arn": home.arn("resourcepolicy", policy.id)}
    return {"ResourcePolicySummary": summary, "Content": policy.content}
