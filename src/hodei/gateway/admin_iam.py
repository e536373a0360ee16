"""The part of the admin API that tells why calls were denied, and which permissions would do."""

from __future__ import annotations

from typing import Any

import msgspec

from hodei.gateway.admin import routes
from hodei.gateway.local import Local, Refused
from hodei.kernel.arns import Arn
from hodei.kernel.iam.record import Denial


class Denials(msgspec.Struct):
    denials: list[Denial]


class Suggestion(msgspec.Struct):
    principal: str
    policy: dict[str, Any]


@routes.get("/_hodei/iam/denials")
def denials(local: Local) -> Denials:
    """The denials that are remembered, the latest first."""
    return Denials(list(local.world.decisions.denials()))


@routes.get("/_hodei/iam/denials/{request}")
def explain(local: Local, request: str) -> Denials:
    """Why the call with that request id was denied."""
    found = list(local.world.decisions.denials(request))
    if not found:
        raise Refused(404, f"no denial of a request {request} is remembered")
    return Denials(found)


@routes.get("/_hodei/iam/suggest/{principal}")
def suggest(local: Local, principal: str) -> Suggestion:
    """The least policy that the calls of a user or role (its ARN) have needed so far."""
    try:
        account = Arn.parse(principal).account
    except ValueError:
        raise Refused(400, f"no ARN of a user or role: {principal}") from None
    return Suggestion(principal, local.world.decisions.suggested(account, principal))
