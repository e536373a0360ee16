"""Values at rest are ciphertext: of a data key of their own, under the secret's KMS key.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import hodei.services.kms.api as kms
from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.secretsmanager import errors
from hodei.services.secretsmanager.find import Found
from hodei.services.secretsmanager.state import Version

SERVICE = "secretsmanager"
DEFAULT_ALIAS = f"alias/aws/{SERVICE}"
NO_NONCE = bytes(12)  # a data key encrypts once


class Sealed(NamedTuple):
    wrapped: bytes  # the data key, as KMS opens it
    content: bytes


def key_of(ctx: Context, given: str | None) -> str:
    """The KmsKeyId to keep: "" for the key aws/secretsmanager. Raises: EncryptionFailure where there is no such key."""
    if not given or given.removeprefix(f"arn:aws:kms:{ctx.region}:{ctx.account}:") == DEFAULT_ALIAS:
        return ""
    with _failing(errors.EncryptionFailure):
        kms.key_arn(ctx, given)
    return given


def seal(found: Found, version: str, content: bytes) -> Sealed:
    """Raises: EncryptionFailure, AccessDeniedException."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    ctx, secret = found
    with _failing(errors.EncryptionFailure):
        key = secret.key or kms.managed_key(ctx, SERVICE)
        data_key = kms.generate_data_key(ctx, key, _context(found, version))
    return Sealed(data_key.wrapped, AESGCM(data_key.plaintext).encrypt(NO_NONCE, content, None))


def unseal(found: Found, version: Version) -> bytes:
    """Raises: DecryptionFailure, AccessDeniedException."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    with _failing(errors.DecryptionFailure):
        data_key = kms.decrypt(found.ctx, version.wrapped, _context(found, version.id))
    return AESGCM(data_key).decrypt(NO_NONCE, version.sealed, None)


def _context(found: Found, version: str) -> dict[str, str]:
    """The encryption context, which key policies can ask for."""
    return {"SecretARN": found.arn, "SecretVersionId": version}


@contextmanager
def _failing(failure: type[AwsError]) -> Iterator[None]:
    """KMS's errors as Secrets Manager words them."""
    try:
        yield
    except AwsError as error:
        if error.code == "AccessDeniedException":
            raise errors.AccessDeniedException() from error
        raise failure() from error
