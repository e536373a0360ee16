"""Signatures, by AWS's names of their algorithms."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from hodei.services.kms.crypto.pairs import Unavailable, private_key

MU_BYTES = 64


def digest_size(algorithm: str) -> int | None:
    """The bytes of a message that is given as DIGEST; None if the algorithm takes none."""
    if algorithm.startswith(("ED25519_SHA", "ML_DSA")):
        return None
    return int(algorithm.rpartition("_")[2]) // 8


def sign(der: bytes, algorithm: str, message: bytes, kind: str) -> bytes:
    """`kind` is RAW, DIGEST or EXTERNAL_MU. Raises: Unavailable."""
    key = private_key(der)
    if kind == "EXTERNAL_MU":
        signature: bytes = key.sign_mu(message)
    else:
        signature = key.sign(message, *_arguments(algorithm, kind))
    return signature


def verify(der: bytes, algorithm: str, message: bytes, kind: str, signature: bytes) -> bool:
    """Raises: Unavailable."""
    from cryptography.exceptions import InvalidSignature

    key = private_key(der).public_key()
    try:
        if kind == "EXTERNAL_MU":
            key.verify_mu(signature, message)
        else:
            key.verify(signature, message, *_arguments(algorithm, kind))
    except InvalidSignature:
        return False
    return True


def _arguments(algorithm: str, kind: str) -> tuple[Any, ...]:
    """What `cryptography` wants to know besides the message."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, utils

    if algorithm == "ED25519_PH_SHA_512":
        raise Unavailable(algorithm)  # Ed25519ph, which `cryptography` does not have
    if algorithm in ("ED25519_SHA_512", "ML_DSA_SHAKE_256"):
        return ()
    chosen: Any = getattr(hashes, f"SHA{algorithm.rpartition('_')[2]}")()
    hashing = utils.Prehashed(chosen) if kind == "DIGEST" else chosen
    if algorithm.startswith("ECDSA"):
        return (ec.ECDSA(hashing),)
    if algorithm.startswith("RSASSA_PSS"):
        return padding.PSS(padding.MGF1(chosen), chosen.digest_size), hashing
    return padding.PKCS1v15(), hashing


def mac(secret: bytes, algorithm: str, message: bytes) -> bytes:
    """HMAC_SHA_224 ... HMAC_SHA_512."""
    return hmac.digest(secret, message, getattr(hashlib, f"sha{algorithm.rpartition('_')[2]}"))


def same(one: bytes, other: bytes) -> bool:
    """Compared in a time that does not tell where they differ."""
    return hmac.compare_digest(one, other)
