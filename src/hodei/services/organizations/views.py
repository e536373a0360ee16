"""Records as answers show them."""

from __future__ import annotations

from typing import Any

from hodei.services.organizations import tree
from hodei.services.organizations.find import Home, owner, policy_arn
from hodei.services.organizations.state import Account, Organization, Policy, Request, Unit


def organization(home: Home) -> dict[str, Any]:
    found = home.organization
    types = [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}] if found.features == "ALL" else []
    return {
        "Id": found.id,
        "Arn": home.arn("organization"),
        "FeatureSet": found.features,
        "MasterAccountArn": home.arn("account", home.ctx.account),
        "MasterAccountId": home.ctx.account,
        "MasterAccountEmail": owner(home.ctx, home.ctx.account).email,
        "AvailablePolicyTypes": types,  # "Do not use": whatever is enabled, it says this
    }


def root(home: Home, record: Organization) -> dict[str, Any]:
    return {
        "Id": record.root,
        "Arn": home.arn("root", record.root),
        "Name": "Root",
        "PolicyTypes": [{"Type": type, "Status": "ENABLED"} for type in record.enabled],
    }


def account(home: Home, record: Account) -> dict[str, Any]:
    return {
        **delegate(home, record),
        "Paths": [f"{tree.path(home, record.id)}{record.id}/"],
    }


def delegate(home: Home, record: Account) -> dict[str, Any]:
    return {
        "Id": record.id,
        "Arn": home.arn("account", record.id),
        "Email": record.email,
        "Name": record.name,
        "Status": record.status,
        "State": record.status,
        "JoinedMethod": record.method,
        "JoinedTimestamp": record.joined,
    }


def unit(home: Home, record: Unit) -> dict[str, Any]:
    return {
        "Id": record.id,
        "Arn": home.arn("ou", record.id),
        "Name": record.name,
        "Path": f"{tree.path(home, record.id)}{record.id}/",
    }


def request(record: Request) -> dict[str, Any]:
    shown = {
        "Id": record.id,
        "AccountName": record.name,
        "State": record.state,
        "RequestedTimestamp": record.requested,
        "CompletedTimestamp": record.completed,
        "AccountId": record.account,
        "FailureReason": record.failure,
    }
    return {key: value for key, value in shown.items() if value}


def policy_summary(home: Home, record: Policy) -> dict[str, Any]:
    return {
        "Id": record.id,
        "Arn": policy_arn(home, record),
        "Name": record.name,
        "Description": record.description,
        "Type": record.type,
        "AwsManaged": record.managed,
    }


def policy(home: Home, record: Policy) -> dict[str, Any]:
    return {"PolicySummary": policy_summary(home, record), "Content": record.content}


def target(home: Home, id: str, record: Account | Unit | None) -> dict[str, Any]:
    if isinstance(record, Account):
        kind, arn = "ACCOUNT", home.arn("account", id)
    elif record:
        kind, arn = "ORGANIZATIONAL_UNIT", home.arn("ou", id)
    else:
        kind, arn = "ROOT", home.arn("root", id)
    return {"TargetId": id, "Arn": arn, "Name": record.name if record else "Root", "Type": kind}
