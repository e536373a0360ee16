"""Encryption at rest. A body's pieces are sealed with AES-256 in counter mode, each with a key of its own, derived from
the id of the piece and a base key: the cloud's master key (SSE-S3), the customer's (SSE-C, never stored) or a data key
of the object (SSE-KMS: see `data_keys`). DSSE-KMS seals twice: its base key is a data key and the master key.
"""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.s3 import errors
from hodei.services.s3.buckets import configurations
from hodei.services.s3.content import data_keys
from hodei.services.s3.content.data_keys import ALGORITHMS, KMS
from hodei.services.s3.state import Bucket, Encryption, Object, Secret, secrets

SSE = "x-amz-server-side-encryption"
SSE_S3 = Encryption()
KMS_PARAMS = frozenset(("SSEKMSKeyId", "SSEKMSEncryptionContext"))
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


class Layers:
    """One cipher upon the other."""

    def __init__(self, inner: Cipher, outer: Cipher) -> None:
        self._inner = inner
        self._outer = outer

    def update(self, data: bytes, /) -> bytes:
        return self._outer.update(self._inner.update(data))


def sealing(home: Context, bucket: Bucket, key: str, given: Mapping[str, Any]) -> Sealing:
    """What a request that writes an object asks for, or else the bucket's default. Raises for what cannot be."""
    customer = customer_key(given)
    method = given.get("ServerSideEncryption")
    if given.keys() & KMS_PARAMS and method not in ALGORITHMS:
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
    wanted = _wanted(home, bucket, given)
    if wanted.algorithm == "AES256":
        return Sealing(SSE_S3, master_key(home))
    if wanted.algorithm not in ALGORITHMS:
        raise errors.InvalidArgument(
            "The encryption method specified is not supported", ArgumentName=SSE, ArgumentValue=wanted.algorithm
        )
    encryption, data_key = data_keys.made(home, bucket.name, key, wanted)
    return Sealing(encryption, _base_key(home, encryption, data_key))


def _wanted(home: Context, bucket: Bucket, given: Mapping[str, Any]) -> Encryption:
    """How to encrypt with a key of AWS's, by the request or the bucket's default; a KMS key is as it is named there.

    S3 Bucket Keys are on where the bucket says so and the request nothing; DSSE-KMS has none.
    """
    rules = configurations.find(home, bucket, "encryption") if "encryption" in bucket.configured else None
    rule = rules["Rules"][0] if rules else {}
    default = rule.get("ApplyServerSideEncryptionByDefault", {})
    method = given.get("ServerSideEncryption")
    algorithm = method or default.get("SSEAlgorithm", "AES256")
    return Encryption(
        algorithm=algorithm,
        kms_key=given.get("SSEKMSKeyId", "") if method else default.get("KMSMasterKeyID", ""),
        kms_context=given.get("SSEKMSEncryptionContext", ""),
        bucket_key=algorithm == KMS and given.get("BucketKeyEnabled", rule.get("BucketKeyEnabled", False)),
    )


def opening(home: Context, obj: Object, given: Mapping[str, Any], source: str = "") -> bytes:
    """The base key to read a body with; `source` is "CopySource" where the key comes in those parameters.

    Raises: as `check`; what KMS has against it.
    """
    customer, encryption = check(obj.encryption, given, source), obj.encryption
    if customer is not None:
        return customer
    if not encryption.kms_key:
        return master_key(home)
    return _base_key(home, encryption, data_keys.opened(home, obj.bucket, obj.key, encryption))


def of_replica(place: Context, bucket: str, obj: Object, kms_key: str, key: bytes) -> Encryption:
    """The encryption of a replica that keeps the object's base key: its data key lies there under a KMS key of its own.

    Raises: what KMS has against it.
    """
    if not obj.encryption.kms_key:
        return obj.encryption
    wanted = replace(obj.encryption, kms_key=kms_key)
    return data_keys.rewrapped(place, bucket, obj.key, wanted, key[:KEY_BYTES])


def _base_key(home: Context, encryption: Encryption, data_key: bytes) -> bytes:
    return data_key if encryption.algorithm == KMS else data_key + master_key(home)


def check(encryption: Encryption, given: Mapping[str, Any], source: str = "") -> bytes | None:
    """The customer's key, None for a body that has none.

    Raises: InvalidRequest without a customer key where one is needed and the other way round, AccessDenied for a wrong
    one.
    """
    customer = customer_key(given, source)
    if not encryption.customer_key_md5:
        if customer is not None:
            raise errors.InvalidRequest("The encryption parameters are not applicable to this object.")
        return None
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
    if not encryption.kms_key:
        return {"ServerSideEncryption": encryption.algorithm}
    kms = {"ServerSideEncryption": encryption.algorithm, "SSEKMSKeyId": encryption.kms_key}
    return {**kms, "BucketKeyEnabled": True} if encryption.bucket_key else kms


def shown_context(encryption: Encryption) -> dict[str, str]:
    """What else the responses of requests tell that gave an encryption context."""
    return {"SSEKMSEncryptionContext": encryption.kms_context} if encryption.kms_context else {}


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
    if len(key) > KEY_BYTES:
        return Layers(cipher(key[:KEY_BYTES], piece_id, offset), cipher(key[KEY_BYTES:], piece_id, offset))
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


def _md5(key: bytes) -> str:
    return base64.b64encode(hashlib.md5(key, usedforsecurity=False).digest()).decode()


def _bad_key(lacks: str) -> AwsError:
    return errors.InvalidArgument(
        f"Requests specifying Server Side Encryption with Customer provided keys {lacks}",
        ArgumentName=SSE,
        ArgumentValue="null",
    )
