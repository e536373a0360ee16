"""What management policies come to for one account."""

from __future__ import annotations

import json
from typing import Any

from hodei.kernel.context import Context
from hodei.services.organizations import errors, find, tree
from hodei.services.organizations.find import Home
from hodei.services.organizations.policies.merging import Node
from hodei.services.organizations.service import organizations
from hodei.services.organizations.state import attachments


@organizations.operation("DescribeEffectivePolicy")
def describe_effective_policy(ctx: Context, *, PolicyType: str, TargetId: str = "") -> dict[str, Any]:
    """Of the caller's account, unless the management account asks for another one."""
    home = find.home(ctx)
    id = TargetId or ctx.account
    if not id.isdigit():
        raise errors.InvalidInput(
            "You can't perform the specified operation on that target entity.", Reason="TARGET_NOT_SUPPORTED"
        )
    if id != ctx.account and ctx.account != home.ctx.account:
        raise errors.AccessDenied()
    find.target(home, id)
    content, updated = effective(home, PolicyType, id)
    policy = {"PolicyContent": json.dumps(content, separators=(",", ":")), "LastUpdatedTimestamp": updated}
    return {"EffectivePolicy": {**policy, "TargetId": id, "PolicyType": PolicyType}}


def effective(home: Home, type: str, account: str) -> tuple[Any, float]:
    """The policy, and when it last changed. Raises: EffectivePolicyNotFoundException if nothing is attached."""
    merged, updated = Node(), 0.0
    for place in (*tree.way(home, account), account):
        for policy in tree.attached(home, place, type):
            merged.merge(json.loads(policy.content))
            attached = attachments.get(home.ctx, place, type, policy.id)
            updated = max(updated, policy.updated, attached.at if attached else 0.0)
        merged.descend()
    if not updated:
        raise errors.EffectivePolicyNotFound()
    return merged.result() or {}, updated
