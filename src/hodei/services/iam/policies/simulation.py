"""One simulation: its policies, its caller, and the answer for each action."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from hodei.kernel.iam import (
    AccessRequest,
    Decision,
    Kind,
    Named,
    Policies,
    Principal,
    context_keys,
    evaluate,
    matches,
)
from hodei.services.iam.policies import spans

DECISIONS = {"allow": "allowed", "explicit-deny": "explicitDeny", "implicit-deny": "implicitDeny"}
SEVERITY = ("allow", "implicit-deny", "explicit-deny")
EFFECTS = {"allow": "Allow", "explicit-deny": "Deny"}
TYPES: Mapping[Kind, str] = {
    "identity": "IAM Policy",
    "boundary": "Permissions Boundary Policy",
    "scp": "Organizations Policy",
    "resource": "Resource Policy",
}


class Document(NamedTuple):
    """A policy as it is simulated; `id` is what the answer calls it."""

    id: str
    text: str
    kind: Kind
    named: Named


@dataclass(frozen=True, slots=True)
class Simulation:
    identity: list[Document]
    boundary: list[Document]
    organization: list[list[Document]]
    resource: list[Document]
    caller: str  # an ARN, or "": anybody of the account
    account: str
    owner: str  # the ARN of the root of the account that resources without account belong to
    context: Mapping[str, list[str]]
    of_organization: bool  # whether the answer tells of the organization

    def result(self, action: str, resources: Sequence[str]) -> dict[str, Any]:
        """An EvaluationResult. With several resources it says the worst, and of each its own."""
        found = [(resource, *self._decide(action, resource)) for resource in resources]
        resource, decision, matched = max(found, key=lambda one: SEVERITY.index(one[1].kind))
        view: dict[str, Any] = {
            "EvalActionName": action,
            "EvalResourceName": resource,
            **self._outcome("EvalDecision", decision, matched),
            "EvalDecisionDetails": {},
        }
        if self.of_organization:
            allowed = "scp" not in decision.verdicts or decision.verdicts["scp"].outcome == "allow"
            view["OrganizationsDecisionDetail"] = {"AllowedByOrganizations": allowed}
        if list(resources) != ["*"]:
            view["ResourceSpecificResults"] = [
                {"EvalResourceName": name, **self._outcome("EvalResourceDecision", one, statements)}
                for name, one, statements in found
            ]
        return view

    def _outcome(self, member: str, decision: Decision, matched: list[dict[str, Any]]) -> dict[str, Any]:
        view: dict[str, Any] = {
            member: DECISIONS[decision.kind],
            "MatchedStatements": matched,
            "MissingContextValues": self._missing(),
        }
        if "boundary" in decision.verdicts:
            allowed = decision.verdicts["boundary"].outcome == "allow"
            view["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": allowed}
        return view

    def _decide(self, action: str, resource: str) -> tuple[Decision, list[dict[str, Any]]]:
        request = AccessRequest(
            action=action,
            resource=resource,
            context=self.context,
            principal=self._principal(),
            resource_account=self._account_of(resource),
        )
        policies = Policies(
            identity=[one.named for one in self.identity],
            boundary=[one.named for one in self.boundary],
            scp=[[one.named for one in level] for level in self.organization],
            resource=[one.named for one in self.resource],
        )
        decision = evaluate(request, policies)
        effect = EFFECTS.get(decision.kind)
        documents = {id(one.named): one for one in self._documents()}
        matched = [
            _statement(documents[id(match.policy)], match.statement.index)
            for match in matches(request, policies)
            if match.statement.effect == effect and match.where != "scp"
        ]
        return decision, matched

    def _documents(self) -> list[Document]:
        return [*self.identity, *self.boundary, *self.resource, *(one for level in self.organization for one in level)]

    def _principal(self) -> Principal:
        account = self.caller.split(":")[4] if self.caller else self.account
        if ":role/" in self.caller:
            return Principal("role-session", self.caller, account, entity=self.caller)
        return Principal("user", self.caller, account)

    def _account_of(self, resource: str) -> str:
        parts = resource.split(":")
        own = parts[4] if len(parts) > 5 else ""
        return own or (self.owner.split(":")[4] if self.owner.count(":") >= 5 else "")

    def _missing(self) -> list[str]:
        keys = {key for one in self._documents() for key in context_keys(one.text, one.kind)}
        return sorted(key for key in keys if key.lower() not in self.context)


def _statement(document: Document, index: int) -> dict[str, Any]:
    start, end = list(spans.statements(document.text))[index]
    return {
        "SourcePolicyId": document.id,
        "SourcePolicyType": TYPES[document.kind],
        "StartPosition": spans.position(document.text, start),
        "EndPosition": spans.position(document.text, end - 1),
    }
