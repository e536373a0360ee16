"""Statements of resource policies, as AddPermission and AddLayerVersionPermission make them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.iam.pins import UNIQUE_ID, pinned, principals
from hodei.services.lambda_ import errors, rules

MOST_BYTES = 20480
SERVICE = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.(amazonaws\.com(\.cn)?|amazon\.com)")
ACCOUNT = re.compile(r"\d{12}")
ROOT = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:root")
NOTHING: dict[str, Any] = {"Version": "2012-10-17", "Id": "default", "Statement": []}
CONDITIONS = {
    "SourceArn": ("ArnLike", "AWS:SourceArn"),
    "SourceAccount": ("StringEquals", "AWS:SourceAccount"),
    "PrincipalOrgID": ("StringEquals", "aws:PrincipalOrgID"),
    "OrganizationId": ("StringEquals", "aws:PrincipalOrgID"),
    "EventSourceToken": ("StringEquals", "lambda:EventSourceToken"),
    "FunctionUrlAuthType": ("StringEquals", "lambda:FunctionUrlAuthType"),
    "InvokedViaFunctionUrl": ("Bool", "lambda:InvokedViaFunctionUrl"),
}


def statement(ctx: Context, sid: str, action: str, principal: str, resource: str, given: Mapping[str, Any]) -> Any:
    """Raises: InvalidParameterValueException."""
    conditions: dict[str, dict[str, Any]] = {}
    for name, (operator, key) in CONDITIONS.items():
        if (value := given.get(name)) is not None:
            text = str(value).lower() if isinstance(value, bool) else value
            conditions.setdefault(operator, {})[key] = text
    made = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": _principal(ctx, principal),
        "Action": action,
        "Resource": resource,
    }
    return made | ({"Condition": conditions} if conditions else {})


def _principal(ctx: Context, given: str) -> str | dict[str, str]:
    if given == "*":
        return given
    if SERVICE.fullmatch(given):
        return {"Service": given}
    if ACCOUNT.fullmatch(given):
        return {"AWS": f"arn:aws:iam::{given}:root"}
    if ROOT.fullmatch(given) or ":assumed-role/" in given or _is_entity(ctx, given):
        return {"AWS": given}
    raise rules.invalid("The provided principal was invalid. Please check the principal and try again.")


def _is_entity(ctx: Context, arn: str) -> bool:
    """Whether that is a user or role that is there."""
    text = json.dumps({"Statement": [{"Principal": {"AWS": arn}}]})
    return any(UNIQUE_ID.fullmatch(name) for name in principals(pinned(ctx, text)))


def added(ctx: Context, document: str, new: Mapping[str, Any]) -> str:
    """A policy ("": none yet) with a statement more, as it is kept.

    Raises: ResourceConflictException, PolicyLengthExceededException.
    """
    policy = read(document)
    if any(one.get("Sid") == new["Sid"] for one in policy["Statement"]):
        raise errors.ResourceConflictException(
            reason=f"The statement id ({new['Sid']}) provided already exists. Please provide a new statement id, or "
            "remove the existing statement."
        )
    policy["Statement"].append(dict(new))
    return kept(ctx, policy)


def without(ctx: Context, document: str, sid: str) -> str:
    """A policy without a statement; "" if it was the last one. Raises: ResourceNotFoundException."""
    policy = read(document)
    left = [one for one in policy["Statement"] if one.get("Sid") != sid]
    if len(left) == len(policy["Statement"]):
        raise errors.ResourceNotFoundException(reason=f"Statement {sid} is not found in resource policy.")
    return json.dumps(policy | {"Statement": left}, separators=(",", ":")) if left else ""


def read(document: str) -> dict[str, Any]:
    """A policy with its statements as a list; an empty one for ""."""
    policy: dict[str, Any] = json.loads(document) if document else NOTHING
    statements = policy["Statement"]
    return policy | {"Statement": list(statements) if isinstance(statements, list) else [statements]}


def kept(ctx: Context, policy: Mapping[str, Any]) -> str:
    """Raises: PolicyLengthExceededException."""
    text = json.dumps(policy, separators=(",", ":"))
    if len(text.encode()) > MOST_BYTES:
        raise errors.PolicyLengthExceededException(size=len(text.encode()), most=MOST_BYTES)
    return pinned(ctx, text)
