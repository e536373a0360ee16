"""Keys in cryptographic operations: found, allowed for it, and the use written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hodei.kernel.context import Context
from hodei.services.kms import errors, states
from hodei.services.kms.find import Found, find, find_for_use
from hodei.services.kms.service import kms
from hodei.services.kms.state import Usage, usages

Given = Mapping[str, str]
NOTHING: Given = {}
Tokens = Sequence[str]
NO_TOKENS: Tokens = ()


def usable(ctx: Context, given: str, usage: str, algorithm: str) -> Found:
    """The key for an operation. Raises: NotFoundException, DisabledException, KMSInvalidStateException,
    InvalidKeyUsageException."""
    found = find_for_use(ctx, given)
    check(found, usage, algorithm)
    return found


def check(found: Found, usage: str, algorithm: str) -> None:
    """Raises: DisabledException, KMSInvalidStateException, InvalidKeyUsageException."""
    states.check_usable(found)
    key = found.key
    if key.usage != usage:
        raise errors.InvalidKeyUsageException(
            reason=f"{found.arn} key usage is {key.usage} which is not valid for {found.ctx.operation}."
        )
    if algorithm not in key.spec.usages[usage]:
        raise errors.InvalidKeyUsageException(
            reason=f"Algorithm {algorithm} is incompatible with key spec {key.spec_name}."
        )


def check_tokens(ctx: Context, tokens: Tokens) -> None:
    """Grants count at once here, so that a grant token has nothing to add; but it must be one.

    Raises: InvalidGrantTokenException.
    """
    for token in tokens:
        read_grant_token(ctx, token)


def read_grant_token(ctx: Context, token: str) -> tuple[str, str, str, str]:
    """(Region, account, key id, grant id). Raises: InvalidGrantTokenException."""
    try:
        kind, region, account, key, grant, _ = ctx.read_token(token)
    except ValueError:
        kind = ""
    if kind != "grant":
        raise errors.InvalidGrantTokenException()
    return region, account, key, grant


def check_context(found: Found, context: Given) -> None:
    """Raises: ValidationException for an encryption context with an asymmetric key."""
    if context and not found.key.spec.symmetric:
        raise errors.ValidationException(reason=f"EncryptionContext is not supported for {found.key.spec_name} keys.")


def check_no_recipient(recipient: Mapping[str, Any] | None) -> None:
    """Raises: NotImplemented."""
    if recipient is not None:
        raise errors.NotImplementedException(what="kms: Recipient, the attestation of Nitro enclaves,")


def tried(dry_run: bool) -> None:
    """Raises: DryRunOperationException if the request was only to be tried."""
    if dry_run:
        raise errors.DryRunOperationException()


def note(found: Found, operation: str = "") -> None:
    """Remember a successful use."""
    ctx = found.ctx
    usages.put(ctx, Usage(key=found.key.id, operation=operation or ctx.operation, at=ctx.now, request=ctx.request_id))


@kms.operation("GetKeyLastUsage")
def get_key_last_usage(ctx: Context, *, KeyId: str) -> dict[str, Any]:
    found = find(ctx, KeyId)
    answer = {
        "KeyId": found.arn,
        "KeyCreationDate": found.key.created,
        "TrackingStartDate": found.key.created,
    }
    if used := usages.get(ctx, found.key.id):
        answer["KeyLastUsage"] = {"Operation": used.operation, "Timestamp": used.at, "KmsRequestId": used.request}
    return answer


def shown_material(found: Found, id: str, member: str = "KeyMaterialId") -> dict[str, str]:
    """The member that tells of the material, which only symmetric encryption keys have."""
    return {member: id} if found.key.spec.symmetric else {}
