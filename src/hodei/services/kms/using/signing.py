"""Signatures, message authentication codes, shared secrets, and the public keys that others need for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hodei.kernel.context import Context
from hodei.services.kms import errors, states
from hodei.services.kms.crypto import pairs, signatures
from hodei.services.kms.find import Found, find_for_use
from hodei.services.kms.material import materials
from hodei.services.kms.service import kms
from hodei.services.kms.specs import AGREE, MAC, MEMBERS, SIGN
from hodei.services.kms.using import use
from hodei.services.kms.using.use import NO_TOKENS, Tokens

RAW, DIGEST, EXTERNAL_MU = "RAW", "DIGEST", "EXTERNAL_MU"


@kms.operation("Sign")
def sign(
    ctx: Context,
    *,
    KeyId: str,
    Message: bytes,
    SigningAlgorithm: str,
    MessageType: str = RAW,
    GrantTokens: Tokens = NO_TOKENS,
    DryRun: bool = False,
) -> dict[str, Any]:
    found = _for_signatures(ctx, KeyId, SigningAlgorithm, Message, MessageType, GrantTokens)
    use.tried(DryRun)
    try:
        signature = signatures.sign(materials.secret(*found), SigningAlgorithm, Message, MessageType)
    except pairs.Unavailable:
        raise errors.NotImplementedException(what=f"kms: signing algorithm {SigningAlgorithm}") from None
    use.note(found)
    return {"KeyId": found.arn, "Signature": signature, "SigningAlgorithm": SigningAlgorithm}


@kms.operation("Verify")
def verify(
    ctx: Context,
    *,
    KeyId: str,
    Message: bytes,
    Signature: bytes,
    SigningAlgorithm: str,
    MessageType: str = RAW,
    GrantTokens: Tokens = NO_TOKENS,
    DryRun: bool = False,
) -> dict[str, Any]:
    found = _for_signatures(ctx, KeyId, SigningAlgorithm, Message, MessageType, GrantTokens)
    try:
        good = signatures.verify(materials.secret(*found), SigningAlgorithm, Message, MessageType, Signature)
    except pairs.Unavailable:
        raise errors.NotImplementedException(what=f"kms: signing algorithm {SigningAlgorithm}") from None
    if not good:
        raise errors.KMSInvalidSignatureException()
    use.tried(DryRun)
    use.note(found)
    return {"KeyId": found.arn, "SignatureValid": True, "SigningAlgorithm": SigningAlgorithm}


def _for_signatures(ctx: Context, given: str, algorithm: str, message: bytes, kind: str, tokens: Tokens) -> Found:
    use.check_tokens(ctx, tokens)
    found = use.usable(ctx, given, SIGN, algorithm)
    _check_message(algorithm, message, kind)
    return found


def _check_message(algorithm: str, message: bytes, kind: str) -> None:
    """Raises: ValidationException."""
    allowed = {
        "ED25519_SHA_512": (RAW,),
        "ED25519_PH_SHA_512": (DIGEST,),
        "ML_DSA_SHAKE_256": (RAW, EXTERNAL_MU),
    }.get(algorithm, (RAW, DIGEST))
    if kind not in allowed:
        raise errors.ValidationException(reason=f"MessageType {kind} is not valid for algorithm {algorithm}.")
    size = signatures.MU_BYTES if kind == EXTERNAL_MU else signatures.digest_size(algorithm)
    if kind != RAW and size is not None and len(message) != size:
        raise errors.ValidationException(reason=f"Digest is invalid length for algorithm {algorithm}.")


@kms.operation("GetPublicKey")
def get_public_key(ctx: Context, *, KeyId: str, GrantTokens: Tokens = NO_TOKENS) -> dict[str, Any]:
    use.check_tokens(ctx, GrantTokens)
    found = find_for_use(ctx, KeyId)
    states.check_usable(found)
    key = found.key
    if key.spec.secret:
        raise errors.UnsupportedOperationException(
            f"{found.arn} key spec is {key.spec_name} which is not valid for GetPublicKey."
        )
    return {
        "KeyId": found.arn,
        "PublicKey": pairs.public_bytes(materials.secret(*found)),
        "CustomerMasterKeySpec": key.spec_name,
        "KeySpec": key.spec_name,
        "KeyUsage": key.usage,
        MEMBERS[key.usage]: list(key.spec.usages[key.usage]),
    }


@kms.operation("GenerateMac")
def generate_mac(
    ctx: Context,
    *,
    Message: bytes,
    KeyId: str,
    MacAlgorithm: str,
    GrantTokens: Tokens = NO_TOKENS,
    DryRun: bool = False,
) -> dict[str, Any]:
    use.check_tokens(ctx, GrantTokens)
    found = use.usable(ctx, KeyId, MAC, MacAlgorithm)
    use.tried(DryRun)
    use.note(found)
    mac = signatures.mac(materials.secret(*found), MacAlgorithm, Message)
    return {"KeyId": found.arn, "Mac": mac, "MacAlgorithm": MacAlgorithm}


@kms.operation("VerifyMac")
def verify_mac(
    ctx: Context,
    *,
    Message: bytes,
    KeyId: str,
    MacAlgorithm: str,
    Mac: bytes,
    GrantTokens: Tokens = NO_TOKENS,
    DryRun: bool = False,
) -> dict[str, Any]:
    use.check_tokens(ctx, GrantTokens)
    found = use.usable(ctx, KeyId, MAC, MacAlgorithm)
    if not signatures.same(signatures.mac(materials.secret(*found), MacAlgorithm, Message), Mac):
        raise errors.KMSInvalidMacException()
    use.tried(DryRun)
    use.note(found)
    return {"KeyId": found.arn, "MacValid": True, "MacAlgorithm": MacAlgorithm}


@kms.operation("DeriveSharedSecret")
def derive_shared_secret(
    ctx: Context,
    *,
    KeyId: str,
    KeyAgreementAlgorithm: str,
    PublicKey: bytes,
    GrantTokens: Tokens = NO_TOKENS,
    DryRun: bool = False,
    Recipient: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    use.check_no_recipient(Recipient)
    use.check_tokens(ctx, GrantTokens)
    found = use.usable(ctx, KeyId, AGREE, KeyAgreementAlgorithm)
    try:
        secret = pairs.shared_secret(materials.secret(*found), PublicKey)
    except ValueError:
        raise errors.ValidationException(
            reason=f"The public key is not a DER-encoded key of the curve of {found.key.spec_name}."
        ) from None
    use.tried(DryRun)
    use.note(found)
    return {
        "KeyId": found.arn,
        "SharedSecret": secret,
        "KeyAgreementAlgorithm": KeyAgreementAlgorithm,
        "KeyOrigin": found.key.origin,
    }
