"""Data keys and data key pairs, which are used outside of KMS, and random bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hodei.kernel.context import Context
from hodei.services.kms import errors, key_stores
from hodei.services.kms.crypto import pairs
from hodei.services.kms.find import Found
from hodei.services.kms.making import made
from hodei.services.kms.material import materials
from hodei.services.kms.service import kms
from hodei.services.kms.specs import ENCRYPT, SYMMETRIC
from hodei.services.kms.using import ciphers, use
from hodei.services.kms.using.use import NO_TOKENS, NOTHING, Given, Tokens

SIZES = {"AES_128": 16, "AES_256": 32}


@kms.operation("GenerateDataKey")
def generate_data_key(
    ctx: Context,
    *,
    KeyId: str,
    EncryptionContext: Given = NOTHING,
    NumberOfBytes: int = 0,
    KeySpec: str = "",
    GrantTokens: Tokens = NO_TOKENS,
    Recipient: Mapping[str, Any] | None = None,
    DryRun: bool = False,
) -> dict[str, Any]:
    use.check_no_recipient(Recipient)
    use.check_tokens(ctx, GrantTokens)
    found = use.usable(ctx, KeyId, ENCRYPT, SYMMETRIC)
    plaintext = ctx.ids.randbytes(_size(NumberOfBytes, KeySpec))
    answer = _wrapped(found, plaintext, EncryptionContext, "CiphertextBlob", dry_run=DryRun)
    return answer | {"Plaintext": plaintext}


@kms.operation("GenerateDataKeyWithoutPlaintext")
def generate_data_key_without_plaintext(
    ctx: Context,
    *,
    KeyId: str,
    EncryptionContext: Given = NOTHING,
    KeySpec: str = "",
    NumberOfBytes: int = 0,
    GrantTokens: Tokens = NO_TOKENS,
    DryRun: bool = False,
) -> dict[str, Any]:
    use.check_tokens(ctx, GrantTokens)
    found = use.usable(ctx, KeyId, ENCRYPT, SYMMETRIC)
    plaintext = ctx.ids.randbytes(_size(NumberOfBytes, KeySpec))
    return _wrapped(found, plaintext, EncryptionContext, "CiphertextBlob", dry_run=DryRun)


@kms.operation("GenerateDataKeyPair")
async def generate_data_key_pair(
    ctx: Context,
    *,
    KeyId: str,
    KeyPairSpec: str,
    EncryptionContext: Given = NOTHING,
    GrantTokens: Tokens = NO_TOKENS,
    Recipient: Mapping[str, Any] | None = None,
    DryRun: bool = False,
) -> dict[str, Any]:
    use.check_no_recipient(Recipient)
    private, answer = await _pair(ctx, KeyId, KeyPairSpec, EncryptionContext, GrantTokens, DryRun)
    return answer | {"PrivateKeyPlaintext": private}


@kms.operation("GenerateDataKeyPairWithoutPlaintext")
async def generate_data_key_pair_without_plaintext(
    ctx: Context,
    *,
    KeyId: str,
    KeyPairSpec: str,
    EncryptionContext: Given = NOTHING,
    GrantTokens: Tokens = NO_TOKENS,
    DryRun: bool = False,
) -> dict[str, Any]:
    _, answer = await _pair(ctx, KeyId, KeyPairSpec, EncryptionContext, GrantTokens, DryRun)
    return answer


async def _pair(
    ctx: Context, given: str, spec: str, context: Given, tokens: Tokens, dry_run: bool
) -> tuple[bytes, dict[str, Any]]:
    """The private key, and the members of the answer."""
    use.check_tokens(ctx, tokens)
    use.usable(ctx, given, ENCRYPT, SYMMETRIC)
    use.tried(dry_run)
    private = await made(ctx, spec)
    found = use.usable(ctx, given, ENCRYPT, SYMMETRIC)  # it may have changed meanwhile
    answer = _wrapped(found, private, context, "PrivateKeyCiphertextBlob")
    return private, answer | {"PublicKey": pairs.public_bytes(private), "KeyPairSpec": spec}


def _wrapped(found: Found, plaintext: bytes, context: Given, member: str, *, dry_run: bool = False) -> dict[str, Any]:
    """The members that tell of a key under a key."""
    use.tried(dry_run)
    blob = ciphers.encrypt(found, SYMMETRIC, plaintext, context)
    use.note(found)
    material = materials.current(*found)
    return {member: blob, "KeyId": found.arn, **use.shown_material(found, material.id if material else "")}


def _size(given: int, spec: str) -> int:
    """Raises: ValidationException."""
    if bool(given) == bool(spec):
        raise errors.ValidationException(reason="Please specify either number of bytes or key spec.")
    return given or SIZES[spec]


@kms.operation("GenerateRandom")
def generate_random(
    ctx: Context, *, NumberOfBytes: int = 0, CustomKeyStoreId: str = "", Recipient: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    use.check_no_recipient(Recipient)
    if not NumberOfBytes:
        raise errors.ValidationException(reason="NumberOfBytes is required.")
    if CustomKeyStoreId:
        key_stores.check_usable(ctx, CustomKeyStoreId)
    return {"Plaintext": ctx.ids.randbytes(NumberOfBytes)}
