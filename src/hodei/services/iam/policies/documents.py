"""Policy documents as a request brings them: their grammar and their size."""

from __future__ import annotations

from collections.abc import Iterable

from hodei.kernel.context import Context
from hodei.kernel.iam import Kind, MalformedPolicy, check
from hodei.kernel.iam.pins import ENTITY, pinned, principals
from hodei.services.iam import errors, find


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
    """As it is kept. Raises: MalformedPolicyDocument, LimitExceeded."""
    limit = int(ctx.quota("role-trust-policy-length"))
    if size(checked(text, "trust")) > limit:
        raise errors.LimitExceeded(what="ACLSizePerRole", limit=limit)
    for arn in principals(text):
        if not _exists(ctx, arn):
            raise errors.MalformedPolicyDocument(f'Invalid principal in policy: "AWS":"{arn}"')
    return pinned(ctx, text)


def _exists(ctx: Context, arn: str) -> bool:
    """Of users and roles of this account; who is in others is not known here for sure."""
    match = ENTITY.fullmatch(arn)
    return match is None or match[1] != ctx.account or find.principal(ctx, arn) is not None


def checked_managed(ctx: Context, text: str) -> str:
    limit = int(ctx.quota("managed-policy-length"))
    if size(checked(text)) > limit:
        raise errors.LimitExceeded(what="PolicySize", limit=limit)
    return text


def check_inline_size(texts: Iterable[str], limit: int, owner: str) -> None:
    """All inline policies of one owner ("user bob") count together."""
    if sum(map(size, texts)) > limit:
        raise errors.LimitExceeded(f"Maximum policy size of {limit} bytes exceeded for {owner}")
