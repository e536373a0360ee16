"""Encrypt, Decrypt, ReEncrypt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hodei.kernel.context import Context
from hodei.services.kms import errors
from hodei.services.kms.material import materials
from hodei.services.kms.service import kms
from hodei.services.kms.specs import ENCRYPT, SYMMETRIC
from hodei.services.kms.using import ciphers, use
from hodei.services.kms.using.use import NO_TOKENS, NOTHING, Given, Tokens

NO_MODIFIERS: Sequence[str] = ()
IGNORE_CIPHERTEXT = "IGNORE_CIPHERTEXT"


@kms.operation("Encrypt")
def encrypt(
    ctx: Context,
    *,
    KeyId: str,
    Plaintext: bytes,
    EncryptionContext: Given = NOTHING,
    GrantTokens: Tokens = NO_TOKENS,
    EncryptionAlgorithm: str = SYMMETRIC,
    DryRun: bool = False,
) -> dict[str, Any]:
    use.check_tokens(ctx, GrantTokens)
    found = use.usable(ctx, KeyId, ENCRYPT, EncryptionAlgorithm)
    use.check_context(found, EncryptionContext)
    blob = ciphers.encrypt(found, EncryptionAlgorithm, Plaintext, EncryptionContext)
    use.tried(DryRun)
    use.note(found)
    return {"CiphertextBlob": blob, "KeyId": found.arn, "EncryptionAlgorithm": EncryptionAlgorithm}


@kms.operation("Decrypt")
def decrypt(
    ctx: Context,
    *,
    CiphertextBlob: bytes = b"",
    EncryptionContext: Given = NOTHING,
    GrantTokens: Tokens = NO_TOKENS,
    KeyId: str = "",
    EncryptionAlgorithm: str = SYMMETRIC,
    Recipient: Mapping[str, Any] | None = None,
    DryRun: bool = False,
    DryRunModifiers: Sequence[str] = NO_MODIFIERS,
) -> dict[str, Any]:
    use.check_no_recipient(Recipient)
    use.check_tokens(ctx, GrantTokens)
    blob = _ciphertext(CiphertextBlob, KeyId, DryRun, DryRunModifiers)
    found = ciphers.source(ctx, KeyId, EncryptionAlgorithm, blob)
    use.check_context(found, EncryptionContext)
    if not blob:
        raise errors.DryRunOperationException()
    plaintext, material = ciphers.decrypt(found, EncryptionAlgorithm, blob, EncryptionContext)
    use.tried(DryRun)
    use.note(found)
    return {
        "KeyId": found.arn,
        "Plaintext": plaintext,
        "EncryptionAlgorithm": EncryptionAlgorithm,
        **use.shown_material(found, material),
    }


@kms.operation("ReEncrypt")
def re_encrypt(
    ctx: Context,
    *,
    DestinationKeyId: str,
    CiphertextBlob: bytes = b"",
    SourceEncryptionContext: Given = NOTHING,
    SourceKeyId: str = "",
    DestinationEncryptionContext: Given = NOTHING,
    SourceEncryptionAlgorithm: str = SYMMETRIC,
    DestinationEncryptionAlgorithm: str = SYMMETRIC,
    GrantTokens: Tokens = NO_TOKENS,
    DryRun: bool = False,
    DryRunModifiers: Sequence[str] = NO_MODIFIERS,
) -> dict[str, Any]:
    use.check_tokens(ctx, GrantTokens)
    blob = _ciphertext(CiphertextBlob, SourceKeyId, DryRun, DryRunModifiers)
    source = ciphers.source(ctx, SourceKeyId, SourceEncryptionAlgorithm, blob)
    use.check_context(source, SourceEncryptionContext)
    target = use.usable(ctx, DestinationKeyId, ENCRYPT, DestinationEncryptionAlgorithm)
    use.check_context(target, DestinationEncryptionContext)
    if not blob:
        raise errors.DryRunOperationException()
    plaintext, old = ciphers.decrypt(source, SourceEncryptionAlgorithm, blob, SourceEncryptionContext)
    renewed = ciphers.encrypt(target, DestinationEncryptionAlgorithm, plaintext, DestinationEncryptionContext)
    use.tried(DryRun)
    use.note(source)
    use.note(target)
    new = materials.current(*target)
    return {
        "CiphertextBlob": renewed,
        "SourceKeyId": source.arn,
        "KeyId": target.arn,
        "SourceEncryptionAlgorithm": SourceEncryptionAlgorithm,
        "DestinationEncryptionAlgorithm": DestinationEncryptionAlgorithm,
        **use.shown_material(source, old, "SourceKeyMaterialId"),
        **use.shown_material(target, new.id if new else "", "DestinationKeyMaterialId"),
    }


def _ciphertext(blob: bytes, key: str, dry_run: bool, modifiers: Sequence[str]) -> bytes:
    """The ciphertext, b"" if only the permission is to be tried. Raises: ValidationException."""
    if modifiers and not dry_run:
        raise errors.ValidationException(reason="DryRunModifiers can only be used when DryRun is true.")
    if IGNORE_CIPHERTEXT in modifiers and key:
        return b""
    if not blob:
        raise errors.ValidationException(
            reason="1 validation error detected: Value null at 'ciphertextBlob' failed to satisfy constraint: Member "
            "must not be null"
        )
    return blob
