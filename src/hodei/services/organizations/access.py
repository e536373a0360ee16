"""Who may ask what of an organization: the management account, and members that it has let in.

A delegated administrator may read; what more a member may do is in the organization's resource policy.
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_delegate_policies.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.kernel.iam import AccessRequest, Decision, wording
from hodei.kernel.iam.hooks import ResourcePolicy
from hodei.kernel.iam.needs import Need
from hodei.services.organizations import errors, find
from hodei.services.organizations.find import Home
from hodei.services.organizations.service import organizations
from hodei.services.organizations.state import delegations, handshakes, resource_policies

OF_ALL = (
    "AcceptHandshake", "CreateOrganization", "DeclineHandshake", "DescribeEffectivePolicy", "DescribeHandshake",
    "DescribeOrganization", "LeaveOrganization", "ListHandshakesForAccount",
)  # fmt: skip
NAMING = (
    "PolicyId", "TargetId", "AccountId", "OrganizationalUnitId", "ParentId", "ChildId", "ResourceId", "RootId",
    "HandshakeId", "SourceParentId", "DestinationParentId",
)  # fmt: skip
READING = ["organizations:Describe*", "organizations:List*"]


def arn_of(home: Home, id: str) -> str:
    """The ARN of anything that has an id, be it there or not."""
    kind = id.partition("-")[0]
    if kind == "h":
        found = handshakes.get(home.ctx, id)
        return home.arn("handshake", found.action.lower() if found else "*", id)
    if kind == "p":
        known = find.known_policy(home, id)
        return find.policy_arn(home, known) if known else home.arn("policy", "*", id)
    return home.arn({"r": "root", "ou": "ou", "rp": "resourcepolicy"}.get(kind, "account"), id)


def needs(operation: str) -> Callable[[Context, Mapping[str, Any]], Iterator[Need]]:
    def of(ctx: Context, params: Mapping[str, Any]) -> Iterator[Need]:
        home = find.home_of(ctx)
        owned = ResourcePolicy(ctx.account) if home is None or operation in OF_ALL else _owned(home)
        named = [params[name] for name in NAMING if name in params]
        for id in named or [""]:
            arn = arn_of(home, id) if home and id else "*"
            yield Need(f"organizations:{operation}", arn, owned=owned)

    return of


for name in organizations.model.operations:
    organizations.needs_of(name)(needs(name))


def _owned(home: Home) -> ResourcePolicy:
    written = next(resource_policies.scan(home.ctx), None)
    delegated = sorted({one.member for one in delegations.scan(home.ctx)})
    statement = {"Effect": "Allow", "Principal": {"AWS": delegated}, "Action": READING, "Resource": "*"}
    grants = json.dumps({"Version": "2012-10-17", "Statement": [statement]}) if delegated else ""
    return ResourcePolicy(home.ctx.account, written.content if written else "", grants)


@organizations.on_resource
def owner(ctx: Context, arn: str) -> ResourcePolicy | None:
    home = find.home_of(ctx)
    return _owned(home) if home else None


@organizations.on_denied
def access_denied(ctx: Context, request: AccessRequest, decision: Decision) -> AwsError:
    if request.crosses_accounts and decision.where == "resource":
        return errors.AccessDenied()
    return errors.AccessDenied(wording(decision, request))


@organizations.condition_key("organizations:PolicyType")
def policy_type(ctx: Context, params: Mapping[str, Any]) -> str | None:
    """That of a request, or of the policy that it names."""
    given = params.get("PolicyType") or params.get("Type") or params.get("Filter")
    if given is None and (home := find.home_of(ctx)) and (id := params.get("PolicyId") or params.get("ResourceId")):
        known = find.known_policy(home, id)
        given = known.type if known else None
    return given if isinstance(given, str) else None
