"""What management policies come to for one account."""

from __future__ import annotations

import json
from typing import Any

from hodei.kernel.context import Context
from hodei.services.organizations import errors, find, tree
from hodei.services.organizations.find import Home
from hodei.services.organizations.merging import merged
from hodei.services.organizations.service import organizations
from hodei.services.organizations.state import Policy, attachments


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
    places = (*tree.way(home, account), account)
    found = {place: tree.attached(home, place, type) for place in places}
    changes = [max(policy.updated, _since(home, place, policy)) for place in places for policy in found[place]]
    if not changes:
        raise errors.EffectivePolicyNotFound()
    return merged([policy.content for policy in found[place]] for place in places), max(changes)


def _since(home: Home, place: str, policy: Policy) -> float:
    attached = attachments.get(home.ctx, place, policy.type, policy.id)
    return attached.at if attached else 0.0
