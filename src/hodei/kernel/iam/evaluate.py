"""Whether a request is allowed: AWS's evaluation logic over all kinds of policies, with the reason.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from hodei.kernel.iam.documents import Policy, Statement, about
from hodei.kernel.iam.principals import Grant, Principal
from hodei.kernel.iam.variables import Context

PolicyKind = Literal["rcp", "scp", "endpoint", "resource", "identity", "boundary", "session"]
Outcome = Literal["allow", "explicit-deny", "implicit-deny"]


class Named(Struct, frozen=True):
    """A policy, the name it goes by (the ARN of a managed one) and what it is attached to, as explanations say it."""

    policy: Policy
    name: str
    source: str = ""


class AccessRequest(Struct, frozen=True):
    """`principal` asks to do `action` ("s3:GetObject") with `resource` (an ARN; "*" if the action is on none).

    `context` holds the condition keys in lower case. `resource_account` owns the resource; "": the principal's account.
    With `resource_must_allow` nothing is allowed that the resource's policy does not grant, if only to the account:
    KMS keys and roles are so.
    """

    action: str
    resource: str
    context: Context
    principal: Principal
    resource_account: str = ""
    resource_must_allow: bool = False

    @property
    def crosses_accounts(self) -> bool:
        return bool(self.resource_account) and self.principal.account != self.resource_account


class Policies(Struct, frozen=True):
    """All that has a say. Empty: there are none of the kind, which never limits but for `identity`.

    `scp` has the policies of every level from the root of the principal's organization to its account, `rcp` those of
    the resource's. The caller leaves them out where they do not apply: in the management account, and `rcp` for
    services that do not take part.
    """

    identity: Sequence[Named] = ()
    boundary: Sequence[Named] = ()
    session: Sequence[Named] = ()
    resource: Sequence[Named] = ()
    scp: Sequence[Sequence[Named]] = ()
    rcp: Sequence[Sequence[Named]] = ()
    endpoint: Sequence[Named] = ()


class Match(Struct, frozen=True):
    """A statement that applies to the request."""

    where: PolicyKind
    policy: Named
    statement: Statement


class Verdict(Struct, frozen=True):
    """What the policies of one kind say: by `match`, unless they say nothing."""

    outcome: Outcome
    match: Match | None = None
    grant: Grant = Grant.NONE


class Decision(Struct, frozen=True):
    """`where` is the kind of policies that decided, None if none did: the root of an account needs no permission, and
    in an account that is closed nobody has any."""

    kind: Outcome
    where: PolicyKind | None
    match: Match | None
    verdicts: Mapping[PolicyKind, Verdict]

    @property
    def allowed(self) -> bool:
        return self.kind == "allow"

    @property
    def lacking(self) -> list[PolicyKind]:
        """The kinds of policies that were asked and did not allow it."""
        return [where for where, verdict in self.verdicts.items() if verdict.outcome == "implicit-deny"]


def evaluate(request: AccessRequest, policies: Policies) -> Decision:
    """AWS's decision. Pure; takes some microseconds."""
    verdicts = _verdicts(request, policies)
    for where, verdict in verdicts.items():
        if verdict.outcome == "explicit-deny":
            return Decision("explicit-deny", where, verdict.match, verdicts)
    for guard in _GUARDS:
        if guard in verdicts and verdicts[guard].outcome != "allow":
            return Decision("implicit-deny", guard, None, verdicts)
    return _granted(request, verdicts)


def matches(request: AccessRequest, policies: Policies) -> Iterator[Match]:
    """Every statement that applies to the request, allowing or denying, in the order in which policies are asked."""
    for where, groups in _groups(request.principal, policies).items():
        for group in groups:
            yield from (match for match, grant in _applying(where, group, request, bool(policies.boundary)))


_GUARDS: tuple[PolicyKind, ...] = ("rcp", "scp", "endpoint")


def _groups(principal: Principal, policies: Policies) -> dict[PolicyKind, Sequence[Sequence[Named]]]:
    """The policies by kind, in AWS's order; of a kind each group has to allow. Kinds that do not apply are left out."""
    groups: dict[PolicyKind, Sequence[Sequence[Named]]] = {}
    if policies.rcp and not principal.service_linked:
        groups["rcp"] = policies.rcp
    # Control policies on principals bind those of member accounts, not AWS's services.
    if policies.scp and principal.has_identity and not principal.service_linked:
        groups["scp"] = policies.scp
    if policies.endpoint:
        groups["endpoint"] = (policies.endpoint,)
    groups["resource"] = (policies.resource,)
    if principal.has_identity and principal.kind != "root":
        groups["identity"] = (policies.identity,)
        if policies.boundary:
            groups["boundary"] = (policies.boundary,)
    # A federated user without session policy may do nothing by its user's policies.
    if policies.session or principal.kind == "federated-user":
        groups["session"] = (policies.session,)
    return groups


def _verdicts(request: AccessRequest, policies: Policies) -> dict[PolicyKind, Verdict]:
    bounded = bool(policies.boundary)
    return {
        where: _verdict(where, groups, request, bounded)
        for where, groups in _groups(request.principal, policies).items()
    }


def _verdict(where: PolicyKind, groups: Sequence[Sequence[Named]], request: AccessRequest, bounded: bool) -> Verdict:
    allow, grant, everywhere = None, Grant.NONE, True
    for group in groups:
        found = Grant.NONE
        for match, given in _applying(where, group, request, bounded):
            if match.statement.effect == "Deny":
                return Verdict("explicit-deny", match)
            if given > found:
                allow, found = match, given
        everywhere = everywhere and found is not Grant.NONE
        grant = found
    return Verdict("allow", allow, grant) if everywhere else Verdict("implicit-deny")


def _applying(
    where: PolicyKind, group: Sequence[Named], request: AccessRequest, bounded: bool
) -> Iterator[tuple[Match, Grant]]:
    action, resource, context = request.action.lower(), request.resource, request.context
    for named in group:
        for statement in about(named.policy, action):
            if statement.holds(resource, context):
                grant = _grant(statement, request.principal, bounded)
                if grant is not Grant.NONE:
                    yield Match(where, named, statement), grant


def _grant(statement: Statement, principal: Principal, bounded: bool) -> Grant:
    if statement.principals is None:
        return Grant.DIRECT
    if statement.effect == "Deny":
        return Grant.DIRECT if statement.principals.denies(principal, bounded=bounded) else Grant.NONE
    return statement.principals.grant(principal)


def _granted(request: AccessRequest, verdicts: Mapping[PolicyKind, Verdict]) -> Decision:
    """Nothing denies: whether what has to allow does."""
    resource, principal = verdicts["resource"], request.principal
    needs_resource = request.crosses_accounts or request.resource_must_allow or not principal.has_identity
    if needs_resource and resource.grant is Grant.NONE:
        return Decision("implicit-deny", "resource", None, verdicts)
    required: tuple[PolicyKind, ...] = ("identity", "boundary", "session")
    if principal.kind == "root":
        required = ()  # it needs nobody's permission: the policies of tasks, its session policies, only deny
    elif not request.crosses_accounts and resource.grant >= Grant.ENTITY:
        # Limits of the role hold for what its role was granted, not for what the session itself was.
        required = required[1:] if resource.grant is Grant.ENTITY else ()
    for where in required:
        if where in verdicts and verdicts[where].outcome != "allow":
            return Decision("implicit-deny", where, None, verdicts)
    if "identity" in required and "identity" in verdicts:
        return Decision("allow", "identity", verdicts["identity"].match, verdicts)
    return Decision("allow", "resource" if resource.grant else None, resource.match, verdicts)
