"""The policy matrix: situations taken from AWS's documentation, each under the page that says what AWS decides (matrix/*.toml).

A page has `conditions`, rows of (operator, values in the policy, values in the request, whether it holds), and cases: a request (`as`, `action`, `on`,
`context`), the policies that have a say by their names, and the decision: "allow|explicit-deny|implicit-deny" and the kind of policy that decides.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hodei.kernel.iam import AccessRequest, Kind, Named, Policies, Policy, Principal, evaluate, parse, wording
from hodei.kernel.iam.controls import resources_bound

OWN, OTHER = "111122223333", "444455556666"
ROLE, SESSION = f"arn:aws:iam::{OWN}:role/team/Dev", f"arn:aws:sts::{OWN}:assumed-role/Dev/s1"
LINKED = f"arn:aws:iam::{OWN}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
PRINCIPALS = {
    "root": Principal("root", f"arn:aws:iam::{OWN}:root", OWN),
    "bob": Principal("user", f"arn:aws:iam::{OWN}:user/bob", OWN, ids=frozenset(["AIDABOB3EXAMPLE0000000"])),
    "session": Principal("role-session", SESSION, OWN, ROLE, frozenset(["AROADEV3EXAMPLE0000000"])),
    "federated": Principal(
        "federated-user", f"arn:aws:sts::{OWN}:federated-user/bob", OWN, f"arn:aws:iam::{OWN}:user/bob"
    ),
    "linked": Principal(
        "role-session", f"arn:aws:sts::{OWN}:assumed-role/AWSServiceRoleForECS/s", OWN, LINKED, service_linked=True
    ),
    "stranger": Principal(
        "user", f"arn:aws:iam::{OTHER}:user/stranger", OTHER, ids=frozenset(["79a59df900b949e55d96a1e698fbaced"])
    ),
    "strange-session": Principal(
        "role-session", f"arn:aws:sts::{OTHER}:assumed-role/R/s", OTHER, f"arn:aws:iam::{OTHER}:role/R"
    ),
    "strange-root": Principal("root", f"arn:aws:iam::{OTHER}:root", OTHER),
    "sns": Principal("service", "sns.amazonaws.com"),
    "cloudtrail": Principal("service", "cloudtrail.amazonaws.com"),
    "oidc": Principal("web-identity", f"arn:aws:iam::{OWN}:oidc-provider/token.actions.githubusercontent.com"),
    "google": Principal("web-identity", "accounts.google.com"),
    "saml": Principal("web-identity", f"arn:aws:iam::{OWN}:saml-provider/Corp"),
    "anonymous": Principal("anonymous"),
}
COMMON = {
    "none": '{"Effect": "Allow", "Action": "nothing:AtAll", "Resource": "*"}',
    "all": '{"Effect": "Allow", "Action": "*", "Resource": "*"}',
    "full-rcp": '{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}',
    "deny": '{"Effect": "Deny", "Action": "*", "Resource": "*"}',
}
BOBS = {
    "aws:username": ["bob"],
    "aws:PrincipalTag/team": ["Platform"],
    "test:star": ["*"],
    "test:ten": ["10"],
    "test:many": ["one", "two"],
}
KINDS: dict[str, Kind] = {
    "identity": "identity",
    "boundary": "boundary",
    "session": "session",
    "resource": "resource",
    "endpoint": "vpce",
}

CONTROL: dict[str, Kind] = {"scp": "scp", "rcp": "rcp"}


def _pages() -> Iterator[dict[str, Any]]:
    for path in sorted((Path(__file__).parent / "matrix").glob("*.toml")):
        yield from tomllib.loads(path.read_text())["page"]


PROVES = {"iam.abac", "iam.boundaries", "iam.evaluation", "iam.policies"}  # rows that pages and situations name


def _marks(*sources: dict[str, Any]) -> list[pytest.MarkDecorator]:
    names = {name for source in sources for name in source.get("feature", [])}
    assert names <= PROVES
    return [pytest.mark.feature(*names)]


def _conditions() -> Iterator[Any]:
    for page in _pages():
        for row in page.get("conditions", []):
            yield pytest.param(
                page.get("version", "2012-10-17"),
                *row,
                id=f"{page['url']} {row[0]} {row[1]} {row[2]}",
                marks=_marks(page),
            )


def _cases() -> Iterator[Any]:
    for page in _pages():
        for case in page.get("case", []):
            yield pytest.param(
                page.get("policies", {}), case, id=f"{page['url']} {case['it']}", marks=_marks(page, case)
            )


@pytest.mark.parametrize(("version", "operator", "wanted", "given", "holds"), list(_conditions()))
def test_condition(version: str, operator: str, wanted: list[str], given: list[str], holds: bool) -> None:
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {operator: {"Test:Key": wanted}}}
    policy = parse(json.dumps({"Version": version, "Statement": [statement]}), "identity")
    context = {key.lower(): values for key, values in BOBS.items()} | ({"test:key": given} if given else {})
    request = AccessRequest("s3:GetObject", "*", context, PRINCIPALS["bob"])
    assert evaluate(request, Policies(identity=[Named(policy, "p")])).allowed == holds


@pytest.mark.parametrize(("policies", "case"), list(_cases()))
def test_decision(policies: dict[str, str], case: dict[str, Any]) -> None:
    named = COMMON | policies

    def policy(name: str, kind: Kind) -> Policy:
        return parse(f'{{"Version": "2012-10-17", "Statement": [{named[name]}]}}', kind)

    groups: dict[str, Any] = {
        where: [Named(policy(name, kind), name) for name in case.get(where, [])] for where, kind in KINDS.items()
    }
    if case.get("trust"):
        groups["resource"] = [Named(policy(name, "trust"), name) for name in case["trust"]]
    for where in CONTROL:
        groups[where] = [[Named(policy(name, CONTROL[where]), name) for name in level] for level in case.get(where, [])]
    if not resources_bound(case["action"], case.get("on", "*")):
        groups["rcp"] = []
    request = AccessRequest(
        action=case["action"],
        resource=case.get("on", "*"),
        context={key.lower(): values for key, values in (BOBS | case.get("context", {})).items()},
        principal=PRINCIPALS[case.get("as", "bob")],
        resource_account=case.get("owner", OWN),
        resource_must_allow=case.get("must", False) or "trust" in case,
    )
    decision = evaluate(request, Policies(**groups))
    assert f"{decision.kind} {decision.where}" == case["is"]
    if by := case.get("by"):
        assert decision.match and (decision.match.statement.sid or decision.match.policy.name) == by
    if says := case.get("says"):
        assert wording(decision, request) == says


def test_there_are_some_three_hundred() -> None:
    assert len(list(_conditions())) + len(list(_cases())) >= 300
