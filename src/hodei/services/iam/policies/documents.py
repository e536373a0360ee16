"""Policy documents as a request brings them: their grammar and their size."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from hodei.kernel.context import Context
from hodei.kernel.iam import Kind, MalformedPolicy, check
from hodei.services.iam import errors
from hodei.services.iam.state import Role, User, roles, users

ENTITY = re.compile(r"arn:aws[a-z-]*:iam::([0-9]{12}):(user|role)/(.+)")


def checked(text: str, kind: Kind = "identity") -> str:
    """Raises: MalformedPolicyDocument."""
    try:
        check(text, kind)
    except MalformedPolicy as error:
        raise errors.MalformedPolicyDocument(error.message) from None
    return text


def size(text: str) -> int:
    """White space does not count against quotas."""
    return len("".join(text.split()))


def checked_trust(ctx: Context, text: str) -> str:
    """Raises: MalformedPolicyDocument, LimitExceeded."""
    limit = int(ctx.quota("role-trust-policy-length"))
    if size(checked(text, "trust")) > limit:
        raise errors.LimitExceeded(what="ACLSizePerRole", limit=limit)
    for arn in _trusted(text):
        if not _exists(ctx, arn):
            raise errors.MalformedPolicyDocument(f'Invalid principal in policy: "AWS":"{arn}"')
    return text


def _trusted(text: str) -> Iterator[str]:
    """The AWS principals of a policy."""
    statements = json.loads(text)["Statement"]
    for statement in [statements] if isinstance(statements, dict) else statements:
        for member in ("Principal", "NotPrincipal"):
            principals = statement.get(member, {})
            aws = principals.get("AWS", []) if isinstance(principals, dict) else []
            yield from [aws] if isinstance(aws, str) else aws


def _exists(ctx: Context, arn: str) -> bool:
    """Of users and roles of this account; who is in others is not known here for sure."""
    match = ENTITY.fullmatch(arn)
    if match is None or match[1] != ctx.account:
        return True
    found: Iterator[User] | Iterator[Role] = (users if match[2] == "user" else roles).by(
        "names", ctx, match[3].rpartition("/")[2].lower()
    )
    return any(one.arn(ctx) == arn for one in found)


def checked_managed(ctx: Context, text: str) -> str:
    limit = int(ctx.quota("managed-policy-length"))
    if size(checked(text)) > limit:
        raise errors.LimitExceeded(what="PolicySize", limit=limit)
    return text


def check_inline_size(texts: Iterable[str], limit: int, owner: str) -> None:
    """All inline policies of one owner ("user bob") count together."""
    if sum(map(size, texts)) > limit:
        raise errors.LimitExceeded(f"Maximum policy size of {limit} bytes exceeded for {owner}")
