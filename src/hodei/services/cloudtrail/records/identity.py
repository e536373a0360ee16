"""The userIdentity element: who has called.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
"""

from __future__ import annotations

import re
from typing import Any

from hodei.kernel.iam.keys import Caller, Session
from hodei.kernel.ledger.audit import Event
from hodei.services.cloudtrail.records.members import iso

INTERNAL = "AWS Internal"
REGIONAL = re.compile(r"^([a-z0-9-]+)\.[a-z]{2}(?:-[a-z]+)+-\d(?=\.amazonaws\.com$)")  # with its Region
TYPES = {"root": "Root", "user": "IAMUser", "role-session": "AssumedRole", "federated-user": "FederatedUser"}
FEDERATING = {"AssumeRoleWithWebIdentity": "WebIdentityUser", "AssumeRoleWithSAML": "SAMLUser"}


def user_identity(event: Event, recipient: str) -> dict[str, Any]:
    """As the account sees it that has the record: of another one's callers it learns but their ids."""
    caller = event.caller
    if event.service_event:
        return {"accountId": recipient, "invokedBy": invoked_by(event)}
    if caller.kind == "service":
        return {"type": "AWSService", "invokedBy": invoked_by(event)}
    if event.operation in FEDERATING and not caller.account:
        return _federating(event)
    if not caller.account:
        return {"type": "AWSAccount", "principalId": "", "accountId": "anonymous"}
    principal = caller.id or caller.account
    if caller.account != recipient:
        identity = {"type": "AWSAccount", "principalId": principal, "accountId": caller.account}
    else:
        identity = _own(caller, principal)
    return identity | ({"invokedBy": invoked_by(event)} if event.via else {})


def invoked_by(event: Event) -> str:
    """The service that has called, for somebody or for itself, by its name in all Regions; "": none."""
    if event.service_event and event.service == "kms":
        return INTERNAL
    return REGIONAL.sub(r"\1", event.via)


def user_name(event: Event, recipient: str) -> str:
    """What LookupEvents calls the user; "": it has no name."""
    identity = user_identity(event, recipient)
    if identity.get("type") == "Root":
        return "root"
    if identity.get("type") in ("AssumedRole", "FederatedUser"):
        return str(identity["principalId"]).rpartition(":")[2]
    return str(identity.get("userName", ""))


def _own(caller: Caller, principal: str) -> dict[str, Any]:
    identity: dict[str, Any] = {
        "type": TYPES[caller.kind],
        "principalId": principal,
        "arn": caller.arn,
        "accountId": caller.account,
        "accessKeyId": caller.access_key,
    }
    if caller.kind == "user":
        identity["userName"] = caller.arn.rpartition("/")[2]
    if caller.session:
        identity["sessionContext"] = _session(caller, caller.session)
    return identity


def _session(caller: Caller, session: Session) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if caller.kind in ("role-session", "federated-user"):
        found["sessionIssuer"] = _issuer(session, caller.account)
    if caller.kind == "role-session":
        found["webIdFederationData"] = _web_identity(session)
    found["attributes"] = {
        "creationDate": iso(session.started),
        "mfaAuthenticated": "true" if session.mfa else "false",
    }
    if session.source_identity:
        found["sourceIdentity"] = session.source_identity
    if session.task:
        found["assumedRoot"] = "true"
    return found


def _issuer(session: Session, account: str) -> dict[str, Any]:
    resource = session.issuer.rpartition(":")[2]
    kind = {"role": "Role", "user": "IAMUser"}.get(resource.partition("/")[0], "Root")
    issuer = {
        "type": kind,
        "principalId": session.issuer_id or account,
        "arn": session.issuer,
        "accountId": session.issuer.split(":")[4] or account,
    }
    return issuer | ({} if kind == "Root" else {"userName": resource.rpartition("/")[2]})


def _web_identity(session: Session) -> dict[str, Any]:
    """Empty of a role that was not assumed with a token."""
    attributes = {
        key: ",".join(values) for key, values in session.context.items() if key.endswith((":aud", ":sub", ":app_id"))
    }
    if not session.provider or "saml:aud" in attributes:
        return {}
    return {"federatedProvider": session.provider, "attributes": attributes}


def _federating(event: Event) -> dict[str, Any]:
    """Who shows a token or an assertion: what STS has read in it, if it could."""
    result, kind = event.result or {}, FEDERATING[event.operation]
    if kind == "SAMLUser":
        provider, user = result.get("NameQualifier", ""), result.get("Subject", "")
        ids = [provider, user]
    else:
        provider, user = result.get("Provider", ""), result.get("SubjectFromWebIdentityToken", "")
        ids = [provider, result.get("Audience", ""), user]
    if not user:
        return {"type": kind}
    return {"type": kind, "principalId": ":".join(ids), "userName": user, "identityProvider": provider}
