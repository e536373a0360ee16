"""Encoded authorization messages: why a request was denied, for those alone who may know it.

They carry all that they say, encrypted with a key of the cloud.
https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Iterable
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.iam import AccessRequest, Decision, Match
from hodei.services.sts import errors
from hodei.services.sts.service import sts


@sts.operation("DecodeAuthorizationMessage")
def decode_authorization_message(ctx: Context, *, EncodedMessage: str) -> dict[str, Any]:
    try:
        sealed = base64.b64decode(EncodedMessage + "=" * (-len(EncodedMessage) % 4), altchars=b"-_", validate=True)
        return {"DecodedMessage": zlib.decompress(ctx.world.vault.open("sts", sealed)).decode()}
    except (binascii.Error, ValueError):
        raise errors.InvalidAuthorizationMessage() from None


def encode(ctx: Context, request: AccessRequest, decision: Decision) -> str:
    """The message of a denial."""
    text = json.dumps(_told(ctx, request, decision), separators=(",", ":"))
    return base64.urlsafe_b64encode(ctx.world.vault.seal("sts", zlib.compress(text.encode()))).rstrip(b"=").decode()


def _told(ctx: Context, request: AccessRequest, decision: Decision) -> dict[str, Any]:
    conditions = [{"key": key, "values": _items(values)} for key, values in request.context.items()]
    return {
        "allowed": False,
        "explicitDeny": decision.kind == "explicit-deny",
        "matchedStatements": {"items": [_statement(ctx, request, decision.match)] if decision.match else []},
        "failures": {"items": []},
        "context": {
            "principal": {"id": ctx.principal.id or ctx.principal.account, "arn": ctx.principal.arn},
            "action": request.action,
            "resource": request.resource,
            "conditions": {"items": conditions},
        },
    }


def _statement(ctx: Context, request: AccessRequest, match: Match) -> dict[str, Any]:
    statement = match.statement
    return {
        "statementId": statement.sid,
        "effect": statement.effect.upper(),
        "principals": _items([ctx.principal.id or ctx.principal.account]),
        "principalGroups": _items([]),
        "actions": _items([request.action]),
        "resources": _items([request.resource]),
        "conditions": {
            "items": [{"key": condition.key, "values": _items(condition.values)} for condition in statement.conditions]
        },
    }


def _items(values: Iterable[str]) -> dict[str, list[dict[str, str]]]:
    return {"items": [{"value": value} for value in values]}
