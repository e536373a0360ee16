"""Where policies are attached: to the root, to units, to accounts."""

from __future__ import annotations

from typing import Any

from hodei.kernel.context import Context
from hodei.services.organizations import errors, find, managed, pages, rules, tree, views
from hodei.services.organizations.policies import checks
from hodei.services.organizations.service import organizations
from hodei.services.organizations.state import Attachment, attachments


@organizations.operation("AttachPolicy")
def attach_policy(ctx: Context, *, PolicyId: str, TargetId: str) -> None:
    home = find.home(ctx)
    policy = find.policy(home, PolicyId)
    find.target(home, TargetId)
    if policy.type not in home.organization.enabled:
        raise errors.PolicyTypeNotEnabled()
    if attachments.get(home.ctx, TargetId, policy.type, policy.id):
        raise errors.DuplicatePolicyAttachment()
    if attachments.count(home.ctx, TargetId, policy.type) >= checks.limits(policy.type).attached:
        rules.exceeded(
            "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
            "You have attached the maximum number of policies to the specified target.",
        )
    attachments.put(home.ctx, Attachment(target=TargetId, type=policy.type, policy=policy.id, at=ctx.now))
    tree.publish(home)


@organizations.operation("DetachPolicy")
def detach_policy(ctx: Context, *, PolicyId: str, TargetId: str) -> None:
    """Of service control policies one has to stay; AWS's own resource control policy always does."""
    home = find.home(ctx)
    policy = find.policy(home, PolicyId)
    find.target(home, TargetId)
    if attachments.get(home.ctx, TargetId, policy.type, policy.id) is None:
        raise errors.PolicyNotAttached()
    if policy is managed.FULL_ACCESS[managed.RCP]:
        raise errors.InvalidInput("You can't detach this AWS Managed Policy.", Reason="NON_DETACHABLE_POLICY")
    if policy.type == managed.SCP and attachments.count(home.ctx, TargetId, policy.type) == 1:
        rules.exceeded(
            "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
            "You cannot remove the last policy attached to the specified target. "
            "You must have at least one attached at all times.",
        )
    attachments.delete(home.ctx, TargetId, policy.type, policy.id)
    tree.publish(home)


@organizations.operation("ListPoliciesForTarget")
def list_policies_for_target(
    ctx: Context, *, TargetId: str, Filter: str, NextToken: str = "", MaxResults: int = pages.MOST
) -> dict[str, Any]:
    """Those attached to it, not those that it inherits."""
    home = find.home(ctx)
    find.target(home, TargetId)
    page, rest = pages.cut(ctx, tree.attached(home, TargetId, Filter), lambda one: one.id, NextToken, MaxResults)
    return {"Policies": [views.policy_summary(home, one) for one in page], **rest}


@organizations.operation("ListTargetsForPolicy")
def list_targets_for_policy(
    ctx: Context, *, PolicyId: str, NextToken: str = "", MaxResults: int = pages.MOST
) -> dict[str, Any]:
    home = find.home(ctx)
    policy = find.policy(home, PolicyId)
    found = [one.target for one in attachments.by("policies", home.ctx, policy.id)]
    page, rest = pages.cut(ctx, found, str, NextToken, MaxResults)
    return {"Targets": [views.target(home, id, find.target(home, id)) for id in page], **rest}
