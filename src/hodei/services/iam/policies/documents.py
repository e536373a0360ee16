"""Policy documents as a request brings them: their grammar and their size."""

from __future__ import annotations

from collections.abc import Iterable

from hodei.kernel.context import Context
from hodei.kernel.iam import Kind, MalformedPolicy, check
from hodei.services.iam import errors


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
    limit = int(ctx.quota("role-trust-policy-length"))
    if size(checked(text, "trust")) > limit:
        raise errors.LimitExceeded(what="ACLSizePerRole", limit=limit)
    return text


def checked_managed(ctx: Context, text: str) -> str:
    limit = int(ctx.quota("managed-policy-length"))
    if size(checked(text)) > limit:
        raise errors.LimitExceeded(what="PolicySize", limit=limit)
    return text


def check_inline_size(texts: Iterable[str], limit: int, owner: str) -> None:
    """All inline policies of one owner ("user bob") count together."""
    if sum(map(size, texts)) > limit:
        raise errors.LimitExceeded(f"Maximum policy size of {limit} bytes exceeded for {owner}")
