"""Encryption: AES-256-GCM in blobs that say which key opens them, and RSA-OAEP.

A blob of a symmetric key is

    head 5 | account 6 | key id 17 | number of the material 4 | nonce 12 | ciphertext | tag 16

where the encryption context and all that stands before the nonce are authenticated with it. The id is a UUID behind a
byte that tells a multi-Region key's id.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from hodei.services.kms.crypto.pairs import private_key

HEAD = b"\1\2\2\0x"  # base64 makes AWS's "AQICAH" of it
ACCOUNT_BYTES, NUMBER_BYTES, NONCE_BYTES, TAG_BYTES = 6, 4, 12, 16
KEY_BYTES = 17
REFERENCE_BYTES = len(HEAD) + ACCOUNT_BYTES + KEY_BYTES + NUMBER_BYTES
MULTI_REGION = "mrk-"
DIGESTS = {"RSAES_OAEP_SHA_1": "SHA1", "RSAES_OAEP_SHA_256": "SHA256"}


class Reference(NamedTuple):
    """What a blob says of the key that encrypted it."""

    account: str
    key: str
    number: int

    def packed(self) -> bytes:
        multi = self.key.startswith(MULTI_REGION)
        id = bytes.fromhex(self.key.removeprefix(MULTI_REGION).replace("-", ""))
        account = int(self.account).to_bytes(ACCOUNT_BYTES, "big")
        return HEAD + account + bytes((multi,)) + id + self.number.to_bytes(NUMBER_BYTES, "big")


def reference(blob: bytes) -> Reference:
    """Raises: ValueError for what is no blob of a symmetric key."""
    if not blob.startswith(HEAD) or len(blob) < REFERENCE_BYTES + NONCE_BYTES + TAG_BYTES:
        raise ValueError("not a ciphertext blob")
    at = len(HEAD)
    account, at = int.from_bytes(blob[at : at + ACCOUNT_BYTES], "big"), at + ACCOUNT_BYTES
    multi, id, at = blob[at], blob[at + 1 : at + KEY_BYTES].hex(), at + KEY_BYTES
    key = MULTI_REGION + id if multi else f"{id[:8]}-{id[8:12]}-{id[12:16]}-{id[16:20]}-{id[20:]}"
    return Reference(f"{account:012d}", key, int.from_bytes(blob[at : at + NUMBER_BYTES], "big"))


def seal(secret: bytes, about: Reference, nonce: bytes, plaintext: bytes, context: Mapping[str, str]) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    head = about.packed()
    return head + nonce + AESGCM(secret).encrypt(nonce, plaintext, head + _canonical(context))


def open_sealed(secret: bytes, blob: bytes, context: Mapping[str, str]) -> bytes:
    """Raises: ValueError if the blob is not what was sealed, or not with that context."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    head, rest = blob[:REFERENCE_BYTES], blob[REFERENCE_BYTES:]
    try:
        return AESGCM(secret).decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], head + _canonical(context))
    except InvalidTag:
        raise ValueError("not authentic") from None


def _canonical(context: Mapping[str, str]) -> bytes:
    """An encryption context as bytes: the order of its pairs says nothing."""
    parts = [text.encode() for pair in sorted(context.items()) for text in pair]
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def largest_plaintext(bits: int, algorithm: str) -> int:
    """The bytes that an RSA key can encrypt."""
    return bits // 8 - 2 * (20 if algorithm.endswith("_1") else 32) - 2


def encrypt_rsa(der: bytes, algorithm: str, plaintext: bytes) -> bytes:
    blob: bytes = private_key(der).public_key().encrypt(plaintext, oaep(algorithm))
    return blob


def decrypt_rsa(der: bytes, algorithm: str, blob: bytes) -> bytes:
    """Raises: ValueError for what was not encrypted so."""
    plaintext: bytes = private_key(der).decrypt(blob, oaep(algorithm))
    return plaintext


def oaep(algorithm: str) -> Any:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    digest: Any = getattr(hashes, DIGESTS[algorithm])
    return padding.OAEP(padding.MGF1(digest()), digest(), None)
