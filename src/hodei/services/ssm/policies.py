"""Parameter policies: Expiration, ExpirationNotification, NoChangeNotification, on the cloud's clock.

https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-policies.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.ssm import errors
from hodei.services.ssm.names import Found
from hodei.services.ssm.service import ssm
from hodei.services.ssm.state import Policy, Version, arn_of, parameters, versions

EXPIRATION, BEFORE_EXPIRATION, NO_CHANGE = "Expiration", "ExpirationNotification", "NoChangeNotification"
MOST = 10
UNITS = {"Days": 86400.0, "Hours": 3600.0}
ATTRIBUTES = {EXPIRATION: {"Timestamp"}, BEFORE_EXPIRATION: {"Before", "Unit"}, NO_CHANGE: {"After", "Unit"}}


def read(given: str, now: float) -> tuple[Policy, ...]:
    """The policies in a request; "{}" or "[]" takes them away.

    Raises: ValidationException, InvalidPolicyTypeException, InvalidPolicyAttributeException,
    IncompatiblePolicyException, PoliciesLimitExceededException.
    """
    documents = _documents(given)
    if len(documents) > MOST:
        raise errors.PoliciesLimitExceededException()
    expirations = [_expiration(one["Attributes"]) for one in documents if one["Type"] == EXPIRATION]
    if len(expirations) > 1:
        raise errors.IncompatiblePolicyException("A parameter can't have more than one Expiration policy.")
    if not expirations and any(one["Type"] == BEFORE_EXPIRATION for one in documents):
        raise errors.IncompatiblePolicyException("An ExpirationNotification policy needs an Expiration policy.")
    expiration = expirations[0] if expirations else 0.0
    if expirations and expiration <= now:
        raise errors.InvalidPolicyAttributeException("The Timestamp of an Expiration policy must be in the future.")
    return tuple(
        Policy(one["Type"], json.dumps(one, separators=(",", ":")), _due(one, expiration, now)) for one in documents
    )


def _documents(given: str) -> list[dict[str, Any]]:
    try:
        documents = json.loads(given)
    except ValueError:
        raise errors.ValidationException("The Policies parameter must be a JSON array of policies.") from None
    if documents == {}:
        return []
    if not isinstance(documents, list) or not all(isinstance(one, dict) for one in documents):
        raise errors.ValidationException("The Policies parameter must be a JSON array of policies.")
    for one in documents:
        attributes = one.get("Attributes")
        if one.get("Type") not in ATTRIBUTES:
            raise errors.InvalidPolicyTypeException()
        if (
            one.get("Version") != "1.0"
            or not isinstance(attributes, dict)
            or attributes.keys() != ATTRIBUTES[one["Type"]]
        ):
            raise errors.InvalidPolicyAttributeException(f"The attributes of the {one['Type']} policy are invalid.")
    return documents


def _expiration(attributes: Mapping[str, Any]) -> float:
    try:
        at = datetime.fromisoformat(attributes["Timestamp"])
    except (TypeError, ValueError):
        at = None
    if at is None or at.tzinfo is None:
        raise errors.InvalidPolicyAttributeException("The Timestamp of an Expiration policy is not valid.")
    return at.timestamp()


def _due(document: Mapping[str, Any], expiration: float, now: float) -> float:
    attributes = document["Attributes"]
    if document["Type"] == EXPIRATION:
        return expiration
    if document["Type"] == BEFORE_EXPIRATION:
        return expiration - _span(attributes, "Before")
    return now + _span(attributes, "After")


def _span(attributes: Mapping[str, Any], name: str) -> float:
    """Seconds."""
    count, unit = str(attributes[name]), attributes["Unit"]
    if not (count.isdecimal() and int(count)) or unit not in UNITS:
        raise errors.InvalidPolicyAttributeException(f"The attributes {name} and Unit of a policy are not valid.")
    return int(count) * UNITS[unit]


def carried(policies: Sequence[Policy], now: float) -> tuple[Policy, ...]:
    """What a new version keeps of the policies before it: only the time without a change begins anew."""
    return tuple(_again(policy, now) if policy.kind == NO_CHANGE else policy for policy in policies)


def _again(policy: Policy, now: float) -> Policy:
    return replace(policy, at=now + _span(json.loads(policy.text)["Attributes"], "After"), status="Pending")


def watch(ctx: Context, version: Version) -> None:
    """Let the policies of the latest version act when they are due."""
    for number in range(MOST):
        ctx.timers.cancel(ctx, "policy", version.name, str(number))
    for number, policy in enumerate(version.policies):
        if policy.status == "Pending":
            ctx.timers.set(ctx, "policy", max(policy.at, ctx.now), version.name, str(number))


@ssm.timer("policy")
def act(ctx: Context, name: str, number: str) -> None:
    parameter = parameters.get(ctx, name)
    version = versions.get(ctx, name, parameter.version) if parameter else None
    if parameter is None or version is None or int(number) >= len(version.policies):
        return
    policy = version.policies[int(number)]
    detail = {"parameter-name": name, "policy-type": policy.kind}
    ctx.emit("Parameter Store Policy Action", detail, (arn_of(ctx, name),))
    if policy.kind == EXPIRATION:
        from hodei.services.ssm.deletion import remove

        remove(Found(ctx, parameter))
        return
    done = [*version.policies]
    done[int(number)] = replace(policy, status="Finished")
    versions.put(ctx, replace(version, policies=tuple(done)))


def shown(version: Version) -> list[dict[str, str]]:
    return [
        {"PolicyText": policy.text, "PolicyType": policy.kind, "PolicyStatus": policy.status}
        for policy in version.policies
    ]
