"""From a secret to the key that signs, and whether a signature is made by it."""

from __future__ import annotations

import functools
import hmac
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

HMAC = "AWS4-HMAC-SHA256"
ECDSA = "AWS4-ECDSA-P256-SHA256"
TERMINATOR = "aws4_request"
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

Holds = Callable[[str, str], bool]  # whether, of a string to sign, this is the signature


def holds_v4(secret: str, date: str, region: str, service: str) -> Holds:
    """Of AWS4-HMAC-SHA256: 64 hexadecimal digits."""
    key = signing_key(secret, date, region, service)
    return lambda text, signature: hmac.compare_digest(
        hmac.digest(key, text.encode(), "sha256").hex().encode(), signature.encode()
    )


def holds_v4a(secret: str, access_key: str) -> Holds:
    """Of AWS4-ECDSA-P256-SHA256: DER in hexadecimal, which chunks pad with '*'."""
    return functools.partial(_ecdsa_holds, _public_key(secret, access_key))


@functools.lru_cache(maxsize=1024)
def signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, TERMINATOR):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


@functools.lru_cache(maxsize=1024)
def _public_key(secret: str, access_key: str) -> EllipticCurvePublicKey:
    """The key pair of SigV4a follows from the secret, by a KDF in counter mode (NIST SP 800-108).

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-signing-elements.html; the bytes are those of
    aws-c-auth, which AWS's SDKs sign with.
    """
    from cryptography.hazmat.primitives.asymmetric import ec  # 60 ms: when first used

    for counter in range(1, 255):
        context = access_key.encode() + bytes([counter])
        block = b"\0\0\0\1" + ECDSA.encode() + b"\0" + context + (256).to_bytes(4, "big")
        candidate = int.from_bytes(hmac.digest(f"AWS4A{secret}".encode(), block, "sha256"), "big")
        if candidate <= P256_ORDER - 2:
            return ec.derive_private_key(candidate + 1, ec.SECP256R1()).public_key()
    raise ValueError("no key follows from this secret")  # once in 2 ** 8000 secrets


def _ecdsa_holds(key: EllipticCurvePublicKey, text: str, signature: str) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import SHA256

    try:
        key.verify(bytes.fromhex(signature), text.encode(), ec.ECDSA(SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True
