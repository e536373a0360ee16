"""Encryption at rest. A body's pieces are sealed with AES-256 in counter mode, each with a key of its own, derived from
the id of the piece and a base key: the cloud's master key (SSE-S3) or the customer's (SSE-C, never stored).

SSE-KMS fits in at `sealing` and `opening`: its base key is a data key, kept wrapped in `Encryption.wrapped_key`.
"""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.s3 import errors
from hodei.services.s3.buckets import configurations
from hodei.services.s3.state import Bucket, Encryption, Secret, secrets

SSE = "x-amz-server-side-encryption"
SSE_S3 = Encryption()
KEY_BYTES = 32
BLOCK_BYTES = 16


class Cipher(Protocol):
    def update(self, data: bytes, /) -> bytes: ...


class Sealing(NamedTuple):
    """How a new body is to be encrypted, and the base key for it."""

    encryption: Encryption
    key: bytes

    def etag(self, home: Context, md5: bytes) -> str:
        """The ETag is the body's MD5 only where S3 holds the key."""
        return md5.hex() if self.encryption == SSE_S3 else home.ids.hex(32)


def sealing(home: Context, bucket: Bucket, given: Mapping[str, Any]) -> Sealing:
    """What a request that writes asks for, or else the bucket's default. Raises for what cannot be."""
    customer = customer_key(given)
    method = given.get("ServerSideEncryption")
    if given.get("SSEKMSKeyId") is not None and not (method or "").startswith("aws:kms"):
        raise errors.InvalidArgument(
            "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : "
            "aws:kms",
            ArgumentName=SSE,
        )
    if customer is not None:
        if method:
            raise errors.InvalidArgument(
                "Server Side Encryption with Customer provided key is incompatible with the encryption method "
                "specified",
                ArgumentName=SSE,
                ArgumentValue=method,
            )
        return Sealing(Encryption(algorithm="", customer_key_md5=_md5(customer)), customer)
    if (method or _default_method(home, bucket)) == "AES256":
        return Sealing(SSE_S3, master_key(home))
    if method and not method.startswith("aws:kms"):
        raise errors.InvalidArgument(
            "The encryption method specified is not supported", ArgumentName=SSE, ArgumentValue=method
        )
    raise errors.NotImplementedHeader(Header=SSE)


def opening(home: Context, encryption: Encryption, given: Mapping[str, Any], source: str = "") -> bytes:
    """The base key to read a body with; `source` is "CopySource" where the key comes in those parameters.

    Raises: InvalidRequest without a customer key where one is needed and the other way round, AccessDenied for a wrong
    one.
    """
    customer = customer_key(given, source)
    if not encryption.customer_key_md5:
        if customer is not None:
            raise errors.InvalidRequest("The encryption parameters are not applicable to this object.")
        return master_key(home)
    if customer is None:
        raise errors.InvalidRequest(
            "The object was stored using a form of Server Side Encryption. "
            "The correct parameters must be provided to retrieve the object."
        )
    if _md5(customer) != encryption.customer_key_md5:
        raise errors.AccessDenied()
    return customer


def shown(encryption: Encryption) -> dict[str, Any]:
    """The members by which responses tell of it."""
    if encryption.customer_key_md5:
        return {"SSECustomerAlgorithm": "AES256", "SSECustomerKeyMD5": encryption.customer_key_md5}
    return {"ServerSideEncryption": encryption.algorithm}


def customer_key(given: Mapping[str, Any], source: str = "") -> bytes | None:
    """The key of an SSE-C request; None if it is none. Raises: InvalidArgument, InvalidEncryptionAlgorithmError."""
    algorithm = given.get(f"{source}SSECustomerAlgorithm")
    key = given.get(f"{source}SSECustomerKey")
    digest = given.get(f"{source}SSECustomerKeyMD5")
    if algorithm is None and key is None and digest is None:
        return None
    if not algorithm:
        raise _bad_key("must provide a valid encryption algorithm.")
    if algorithm != "AES256":
        raise errors.InvalidEncryptionAlgorithmError(ArgumentName=SSE, ArgumentValue=algorithm)
    if not key:
        raise _bad_key("must provide an appropriate secret key.")
    if not digest:
        raise _bad_key("must provide the client calculated MD5 of the secret key.")
    try:
        raw = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != KEY_BYTES:
        raise errors.InvalidArgument("The secret key was invalid for the specified algorithm.", ArgumentName=SSE)
    if _md5(raw) != digest:
        raise errors.InvalidArgument(
            "The calculated MD5 hash of the key did not match the hash that was provided.", ArgumentName=SSE
        )
    return raw


def master_key(home: Context) -> bytes:
    """The key that SSE-S3 starts from: made when first needed, it lies with the data that it opens."""
    if (secret := secrets.get(home, "master")) is None:
        secret = Secret(name="master", key=home.ids.randbytes(KEY_BYTES))
        secrets.put(home, secret)
    return secret.key


def cipher(key: bytes, piece_id: str, offset: int = 0) -> Cipher:
    """Seals a piece, and opens it again, from a byte offset on."""
    make, aes, ctr, from_start = _ciphers()
    derived = hmac.digest(key, piece_id.encode(), "sha256")
    if not offset:
        return make(aes(derived), from_start).encryptor()  # type: ignore[no-any-return]
    blocks, rest = divmod(offset, BLOCK_BYTES)
    stream = make(aes(derived), ctr(blocks.to_bytes(BLOCK_BYTES, "big"))).encryptor()
    stream.update(bytes(rest))
    return stream  # type: ignore[no-any-return]


@functools.cache
def _ciphers() -> tuple[Any, Any, Any, Any]:
    from cryptography.hazmat.primitives.ciphers import Cipher as Make
    from cryptography.hazmat.primitives.ciphers import algorithms, modes

    return Make, algorithms.AES, modes.CTR, modes.CTR(bytes(BLOCK_BYTES))


def _default_method(home: Context, bucket: Bucket) -> str:
    if "encryption" not in bucket.configured:
        return "AES256"
    rules = (configurations.find(home, bucket, "encryption") or {}).get("Rules") or [{}]
    method: str = rules[0].get("ApplyServerSideEncryptionByDefault", {}).get("SSEAlgorithm", "AES256")
    return method


def _md5(key: bytes) -> str:
    return base64.b64encode(hashlib.md5(key, usedforsecurity=False).digest()).decode()


def _bad_key(lacks: str) -> AwsError:
    return errors.InvalidArgument(
        f"Requests specifying Server Side Encryption with Customer provided keys {lacks}",
        ArgumentName=SSE,
        ArgumentValue="null",
    )
