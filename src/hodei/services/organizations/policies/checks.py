"""What a policy of each type may say.

Sources: "Quotas for AWS Organizations" in its user guide; "SCP syntax", "RCP syntax"; "Inheritance operators".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from hodei.kernel.iam import MalformedPolicy, parse
from hodei.kernel.iam.controls import resources_bound
from hodei.kernel.iam.grammar import read
from hodei.services.organizations import errors, rules
from hodei.services.organizations.managed import RCP, SCP
from hodei.services.organizations.merging import Node, NotMergeable


class Limits(NamedTuple):
    """`size` in characters, `attached` to one root, unit or account. `top` is the element that all of it is below."""

    size: int
    attached: int
    top: str = ""


OTHERS = Limits(10_000, 10)
LIMITS: Mapping[str, Limits] = {
    SCP: Limits(5120, 5),
    RCP: Limits(5120, 5),
    "TAG_POLICY": Limits(10_000, 10, "tags"),
    "BACKUP_POLICY": Limits(10_000, 10, "plans"),
    "AISERVICES_OPT_OUT_POLICY": Limits(2500, 5, "services"),
    "CHATBOT_POLICY": Limits(10_000, 5, "chatbots"),
    "DECLARATIVE_POLICY_EC2": Limits(10_000, 10, "ec2_attributes"),
    "SECURITYHUB_POLICY": Limits(10_000, 10, "securityhub"),
}


def limits(type: str) -> Limits:
    return LIMITS.get(type, OTHERS)


def check(type: str, content: str) -> None:
    """Raises: MalformedPolicyDocumentException, ConstraintViolationException if it is too long."""
    if len(content) > limits(type).size:
        rules.exceeded("POLICY_CONTENT_LIMIT_EXCEEDED", "You have exceeded the maximum policy size.")
    try:
        if type == SCP:
            parse(content, "scp")
        elif type == RCP:
            _check_rcp(content)
        else:
            _check_management(content, limits(type).top)
    except (MalformedPolicy, NotMergeable, ValueError, RecursionError):
        raise errors.MalformedPolicyDocument() from None


def _check_rcp(content: str) -> None:
    """One's own may only deny, and only actions of services that take part."""
    parse(content, "rcp")
    for statement in read(content, "rcp").statements:
        if statement.effect != "Deny" or statement.not_actions:
            raise ValueError("an RCP denies actions")
        if not all(resources_bound(action.lower()) for action in statement.actions if action != "*"):
            raise ValueError("a service that takes no part")


def _check_management(content: str, top: str) -> None:
    document: Any = json.loads(content)
    if not isinstance(document, dict) or not document or (top and document.keys() != {top}):
        raise ValueError("not below its element")
    Node().merge(document)
