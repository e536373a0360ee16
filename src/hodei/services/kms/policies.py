"""Key policies."""

from __future__ import annotations

import json
from typing import Any

from msgspec.structs import replace

from hodei.kernel.arns import partition_of
from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.kernel.iam import MalformedPolicy
from hodei.kernel.iam import check as check_policy
from hodei.kernel.iam.authorise import authorise
from hodei.kernel.iam.pins import pinned, shown
from hodei.services.kms import errors, pages
from hodei.services.kms.find import Found, find
from hodei.services.kms.service import kms
from hodei.services.kms.state import Key, keys

NAME = "default"  # the only one that there is
PAGE = 100


def document_of(where: Context, key: Key) -> str:
    return key.policy or default(where)


def root(where: Context) -> str:
    """The ARN of the account."""
    return f"arn:{partition_of(where.region)}:iam::{where.account}:root"


def default(where: Context) -> str:
    """Everything to the account, whose own policies then decide."""
    statement = {
        "Sid": "Enable IAM User Permissions",
        "Effect": "Allow",
        "Principal": {"AWS": root(where)},
        "Action": "kms:*",
        "Resource": "*",
    }
    return printed({"Version": "2012-10-17", "Id": "key-default-1", "Statement": [statement]})


def printed(document: Any, indent: str = "") -> str:
    """JSON as AWS prints policies."""
    if isinstance(document, dict):
        deeper = indent + "  "
        members = (f"{deeper}{json.dumps(name)} : {printed(value, deeper)}" for name, value in document.items())
        return "{\n" + ",\n".join(members) + f"\n{indent}}}"
    if isinstance(document, list):
        return "[ " + ", ".join(printed(one, indent) for one in document) + " ]"
    return json.dumps(document)


def check(ctx: Context, text: str) -> None:
    """Raises: MalformedPolicyDocumentException, LimitExceededException."""
    limit = int(ctx.quota("key-policy-size"))
    if len(text.encode()) > limit:
        raise errors.LimitExceededException(reason=f"Key policy cannot be longer than {limit} bytes")
    try:
        check_policy(text, "resource")
    except MalformedPolicy as error:
        raise errors.MalformedPolicyDocumentException(reason=error.message) from None


def check_not_locked_out(found: Found, bypass: bool) -> None:
    """Whether the caller may change the policy that the key has now again.

    Raises: MalformedPolicyDocumentException.
    """
    ctx = found.ctx
    if bypass or (ctx.principal.anonymous and ctx.request is None):
        return
    try:
        authorise(ctx, "PutKeyPolicy", {"KeyId": found.key.id})
    except AwsError as error:
        if error.code != errors.AccessDeniedException.code:
            raise
        raise errors.MalformedPolicyDocumentException(
            reason="The new key policy will not allow you to update the key policy in the future."
        ) from None


@kms.operation("GetKeyPolicy")
def get_key_policy(ctx: Context, *, KeyId: str, PolicyName: str = NAME) -> dict[str, Any]:
    found = find(ctx, KeyId)
    _check_name(PolicyName)
    return {"Policy": shown(ctx, document_of(ctx, found.key)), "PolicyName": NAME}


@kms.operation("PutKeyPolicy")
def put_key_policy(
    ctx: Context, *, KeyId: str, Policy: str, PolicyName: str = NAME, BypassPolicyLockoutSafetyCheck: bool = False
) -> None:
    found = find(ctx, KeyId)
    _check_name(PolicyName)
    check(ctx, Policy)
    changed = replace(found.key, policy=pinned(ctx, Policy))
    keys.put(ctx, changed)
    check_not_locked_out(Found(ctx, changed), BypassPolicyLockoutSafetyCheck)


@kms.operation("ListKeyPolicies")
def list_key_policies(ctx: Context, *, KeyId: str, Limit: int = PAGE, Marker: str = "") -> dict[str, Any]:
    find(ctx, KeyId)
    pages.after(ctx, Marker)
    return {"PolicyNames": [NAME], "Truncated": False}


def _check_name(name: str) -> None:
    if name != NAME:
        raise errors.NotFoundException(reason="No such policy exists")
