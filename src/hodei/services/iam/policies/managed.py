"""Managed policies."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.iam import errors, find, ids, managed_policies, pages, rules, tags
from hodei.services.iam.managed_policies import AwsPolicy
from hodei.services.iam.policies import attachments, documents, lookup, views
from hodei.services.iam.service import iam
from hodei.services.iam.state import Policy, Version, policies


@iam.operation("CreatePolicy")
def create_policy(
    ctx: Context,
    *,
    PolicyName: str,
    PolicyDocument: str,
    Path: str = "/",
    Description: str | None = None,
    Tags: tags.Tags = (),
) -> dict[str, Any]:
    if policies.get(ctx, PolicyName.lower()):
        raise errors.EntityAlreadyExists(
            f"A policy called {PolicyName} already exists. Duplicate names are not allowed."
        )
    rules.check_quota("PoliciesPerAccount", policies.count(ctx), ctx.quota("managed-policies"))
    policy = Policy(
        id=ids.unique(ctx, "ANPA"),
        name=PolicyName,
        key=PolicyName.lower(),
        path=Path,
        created=ctx.now,
        updated=ctx.now,
        versions=(Version(id="v1", document=documents.checked_managed(ctx, PolicyDocument), created=ctx.now),),
        description=Description,
        tags=tags.merged("Policy", {}, Tags),
    )
    policies.put(ctx, policy, old=None)
    return {"Policy": views.policy(ctx, policy) | tags.shown(policy.tags)}


@iam.operation("GetPolicy")
def get_policy(ctx: Context, *, PolicyArn: str) -> dict[str, Any]:
    return {"Policy": views.whole_policy(ctx, lookup.known(ctx, PolicyArn))}


@iam.operation("DeletePolicy")
def delete_policy(ctx: Context, *, PolicyArn: str) -> None:
    policy = lookup.own(ctx, PolicyArn)
    if next(attachments.of(ctx, PolicyArn), None):
        raise errors.DeleteConflict("Cannot delete a policy attached to entities.")
    if len(policy.versions) > 1:
        raise errors.DeleteConflict(
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. "
            "The default version is deleted with the policy."
        )
    policies.delete(ctx, policy.key)


@iam.operation("ListPolicies")
def list_policies(
    ctx: Context,
    *,
    Scope: str = "All",
    OnlyAttached: bool = False,
    PathPrefix: str = "/",
    PolicyUsageFilter: str = "",
    Marker: str = "",
    MaxItems: int = pages.MOST,
) -> dict[str, Any]:
    usages = (PolicyUsageFilter,) if PolicyUsageFilter else (attachments.PERMISSIONS, attachments.BOUNDARY)
    last = pages.after(ctx, Marker)
    own = policies.scan(ctx, start=last[:1] if last else None) if Scope != "AWS" else ()
    aws = managed_policies.all_policies().values() if Scope != "Local" else ()
    left = (policy for policy in _merged(own, aws) if last is None or _place(policy) > last)
    found = pages.below(PathPrefix, left)
    if OnlyAttached or PolicyUsageFilter:
        found = (p for p in found if any(attachments.count(ctx, views.arn_of(ctx, p), usage) for usage in usages))
    page, rest = pages.cut(ctx, found, MaxItems, _place)
    return {"Policies": [views.policy(ctx, policy) for policy in page], **rest}


def _merged(own: Iterable[Policy], aws: Iterable[AwsPolicy]) -> Iterator[Policy | AwsPolicy]:
    return heapq.merge(own, aws, key=_place)


def _place(policy: Policy | AwsPolicy) -> tuple[str, bool]:
    """By name; an own policy may have the name of one of AWS's."""
    return policy.name.lower(), isinstance(policy, AwsPolicy)


@iam.operation("ListEntitiesForPolicy")
def list_entities_for_policy(
    ctx: Context,
    *,
    PolicyArn: str,
    EntityFilter: str = "",
    PathPrefix: str = "/",
    PolicyUsageFilter: str = "",
    Marker: str = "",
    MaxItems: int = pages.MOST,
) -> dict[str, Any]:
    """Those that have it as boundary count among the rest; one that has it twice is listed once."""
    lookup.known(ctx, PolicyArn)
    found: dict[str, tuple[str, dict[str, str]]] = {}
    for one in attachments.of(ctx, PolicyArn):
        if PolicyUsageFilter in ("", one.usage) and EntityFilter in ("", one.kind.capitalize()):
            entity = find.entity(ctx, one.kind, one.entity)
            if entity and entity.path.startswith(PathPrefix):
                noun = one.kind.capitalize()
                view = {f"{noun}Name": entity.name, f"{noun}Id": entity.id}
                found[f"{one.kind}:{entity.key}"] = (noun, view)
    page, rest = pages.listed(ctx, found, Marker, MaxItems)
    answer: dict[str, Any] = {"PolicyGroups": [], "PolicyUsers": [], "PolicyRoles": [], **rest}
    for noun, view in (found[key] for key in page):
        answer[f"Policy{noun}s"].append(view)
    return answer


@iam.operation("TagPolicy")
def tag_policy(ctx: Context, *, PolicyArn: str, Tags: tags.Tags) -> None:
    policy = lookup.own(ctx, PolicyArn)
    policies.put(ctx, replace(policy, tags=tags.merged("Policy", policy.tags, Tags)), old=policy)


@iam.operation("UntagPolicy")
def untag_policy(ctx: Context, *, PolicyArn: str, TagKeys: Sequence[str]) -> None:
    policy = lookup.own(ctx, PolicyArn)
    policies.put(ctx, replace(policy, tags=tags.without(policy.tags, TagKeys)), old=policy)


@iam.operation("ListPolicyTags")
def list_policy_tags(ctx: Context, *, PolicyArn: str, Marker: str = "", MaxItems: int = pages.MOST) -> dict[str, Any]:
    policy = lookup.known(ctx, PolicyArn)
    return tags.page(ctx, policy.tags if isinstance(policy, Policy) else {}, Marker, MaxItems)
