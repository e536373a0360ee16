"""Everything about who may do what, in one list."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from hodei.kernel.context import Context
from hodei.services.iam import managed_policies, pages, tags, views
from hodei.services.iam.managed_policies import AwsPolicy
from hodei.services.iam.policies import attachments
from hodei.services.iam.policies import views as policy_views
from hodei.services.iam.policies.attached import listed
from hodei.services.iam.service import iam
from hodei.services.iam.state import Entity, Group, Policy, Role, User, groups, policies, profiles, roles, users

Item = tuple[str, str, Callable[[], dict[str, Any]]]  # list, key, view
LISTS = {
    "User": "UserDetailList",
    "Group": "GroupDetailList",
    "Role": "RoleDetailList",
    "LocalManagedPolicy": "Policies",
    "AWSManagedPolicy": "Policies",
}


@iam.operation("GetAccountAuthorizationDetails")
def get_account_authorization_details(
    ctx: Context, *, Filter: Sequence[str] = (), Marker: str = "", MaxItems: int = pages.MOST
) -> dict[str, Any]:
    """Of AWS's policies those that are in use."""
    last = pages.after(ctx, Marker)
    wanted = (item for item in _items(ctx) if not Filter or item[0] in Filter)
    left = (item for item in wanted if last is None or _place(item) > tuple(last))
    page, rest = pages.cut(ctx, left, MaxItems, _place)
    answer: dict[str, Any] = {name: [] for name in LISTS.values()}
    for kind, _, view in page:
        answer[LISTS[kind]].append(view())
    return answer | rest


def _place(item: Item) -> tuple[Any, ...]:
    return list(LISTS).index(item[0]), item[1]


def _items(ctx: Context) -> Iterator[Item]:
    """In the order of their places."""
    for user in users.by("names", ctx):
        yield "User", user.key, partial(_user, ctx, user)
    for group in groups.by("names", ctx):
        yield "Group", group.key, partial(_group, ctx, group)
    for role in roles.by("names", ctx):
        yield "Role", role.key, partial(_role, ctx, role)
    for policy in policies.scan(ctx):
        yield "LocalManagedPolicy", policy.key, partial(_policy, ctx, policy)
    for key, policy_of_aws in managed_policies.all_policies().items():
        arn = policy_views.arn_of(ctx, policy_of_aws)
        if next(attachments.of(ctx, arn), None):
            yield "AWSManagedPolicy", key, partial(_policy, ctx, policy_of_aws)


def _inline(entity: Entity) -> list[dict[str, str]]:
    return [{"PolicyName": name, "PolicyDocument": views.document(text)} for name, text in entity.inline.items()]


def _user(ctx: Context, user: User) -> dict[str, Any]:
    view = views.user(ctx, user) | views.boundary(user)
    view.pop("PasswordLastUsed", None)
    names = [group.name for id in user.groups if (group := groups.get(ctx, id))]
    more = {"GroupList": names, "AttachedManagedPolicies": listed(user.attached), "Tags": tags.listed(user.tags)}
    return view | more | ({"UserPolicyList": _inline(user)} if user.inline else {})


def _group(ctx: Context, group: Group) -> dict[str, Any]:
    more = {"GroupPolicyList": _inline(group), "AttachedManagedPolicies": listed(group.attached)}
    return views.group(ctx, group) | more


def _role(ctx: Context, role: Role) -> dict[str, Any]:
    view = views.whole_role(ctx, role)
    for name in ("Description", "MaxSessionDuration"):
        view.pop(name, None)
    return view | {
        "InstanceProfileList": [views.profile(ctx, one) for one in profiles.by("roles", ctx, role.id)],
        "RolePolicyList": _inline(role),
        "AttachedManagedPolicies": listed(role.attached),
        "Tags": tags.listed(role.tags),
    }


def _policy(ctx: Context, policy: Policy | AwsPolicy) -> dict[str, Any]:
    found = [policy_views.version(policy, version, whole=True) for version in policy_views.versions(policy)]
    return policy_views.policy(ctx, policy) | {"PolicyVersionList": found}
