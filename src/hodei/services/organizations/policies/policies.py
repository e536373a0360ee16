"""The policies themselves."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.organizations import errors, find, ids, managed, pages, rules, tagging, tree, views
from hodei.services.organizations.find import Home
from hodei.services.organizations.policies import checks
from hodei.services.organizations.service import organizations
from hodei.services.organizations.state import Policy, attachments, policies


@organizations.operation("CreatePolicy")
def create_policy(
    ctx: Context, *, Content: str, Description: str, Name: str, Type: str, Tags: tagging.Given = ()
) -> dict[str, Any]:
    home = find.home(ctx)
    if home.organization.features != "ALL":
        raise errors.PolicyTypeNotAvailable()
    checks.check(Type, Content)
    _check_name(home, Type, Name)
    quota = "service-control-policies" if Type == managed.SCP else "policies-of-a-type"
    if policies.count(home.ctx, Type, index="types") >= ctx.quota(quota):
        rules.exceeded(
            "POLICY_NUMBER_LIMIT_EXCEEDED",
            "You attempted to exceed the number of policies that you can have in an organization.",
        )
    id = ids.new(ctx, "p", 8)
    policy = Policy(id=id, name=Name, type=Type, description=Description, content=Content, updated=ctx.now)
    policies.put(home.ctx, policy, old=None)
    tagging.add(home, id, tagging.checked(Tags))
    return {"Policy": views.policy(home, policy)}


def _check_name(home: Home, type: str, name: str) -> None:
    if any(one.name == name for one in _of_type(home, type)):
        raise errors.DuplicatePolicy()


def _of_type(home: Home, type: str) -> list[Policy]:
    own = [managed.FULL_ACCESS[type]] if type in managed.FULL_ACCESS and home.organization.features == "ALL" else []
    return [*own, *policies.by("types", home.ctx, type)]


@organizations.operation("DescribePolicy")
def describe_policy(ctx: Context, *, PolicyId: str) -> dict[str, Any]:
    home = find.home(ctx)
    return {"Policy": views.policy(home, find.policy(home, PolicyId))}


@organizations.operation("UpdatePolicy")
def update_policy(
    ctx: Context, *, PolicyId: str, Name: str | None = None, Description: str | None = None, Content: str | None = None
) -> dict[str, Any]:
    """It holds at once wherever it is attached."""
    home = find.home(ctx)
    policy = _own(home, PolicyId)
    if Name is not None and Name != policy.name:
        _check_name(home, policy.type, Name)
        policy = replace(policy, name=Name)
    if Description is not None:
        policy = replace(policy, description=Description)
    if Content is not None:
        checks.check(policy.type, Content)
        policy = replace(policy, content=Content)
    policy = replace(policy, updated=ctx.now)
    policies.put(home.ctx, policy)
    tree.publish(home)
    return {"Policy": views.policy(home, policy)}


@organizations.operation("DeletePolicy")
def delete_policy(ctx: Context, *, PolicyId: str) -> None:
    home = find.home(ctx)
    policy = _own(home, PolicyId)
    if next(attachments.by("policies", home.ctx, policy.id), None):
        raise errors.PolicyInUse()
    tagging.forget(home, policy.id)
    policies.delete(home.ctx, policy.id)


def _own(home: Home, id: str) -> Policy:
    """Raises: InvalidInputException for a policy of AWS's."""
    policy = find.policy(home, id)
    if policy.managed:
        raise errors.InvalidInput(
            "You specified a policy that is managed by AWS and can't be modified.", Reason="IMMUTABLE_POLICY"
        )
    return policy


@organizations.operation("ListPolicies")
def list_policies(ctx: Context, *, Filter: str, NextToken: str = "", MaxResults: int = pages.MOST) -> dict[str, Any]:
    home = find.home(ctx)
    page, rest = pages.cut(ctx, _of_type(home, Filter), lambda one: one.id, NextToken, MaxResults)
    return {"Policies": [views.policy_summary(home, one) for one in page], **rest}
