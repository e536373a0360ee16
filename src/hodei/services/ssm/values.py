"""Values at rest are ciphertext: of a SecureString under its KMS key, of others under the cloud's own.

https://docs.aws.amazon.com/kms/latest/developerguide/services-parameter-store.html
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager

import hodei.services.kms.api as kms
from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.ssm import errors
from hodei.services.ssm.state import ADVANCED, SECURE, Version, arn_of

DEFAULT_ALIAS = "alias/aws/ssm"
NO_NONCE = bytes(12)  # a data key encrypts once


def seal(ctx: Context, name: str, text: str, *, type: str, tier: str, key: str) -> tuple[bytes, bytes]:
    """The data key, wrapped ("": there is none), and the ciphertext. Raises: InvalidKeyId, AccessDeniedException."""
    if type != SECURE:
        return b"", ctx.world.vault.seal("ssm", text.encode(), name.encode())
    with _failing():
        key = kms.managed_key(ctx, "ssm") if key == DEFAULT_ALIAS else key
        if tier != ADVANCED:
            return b"", kms.encrypt(ctx, key, text.encode(), _context(ctx, name))
        data_key = kms.generate_data_key(ctx, key, _context(ctx, name))
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return data_key.wrapped, AESGCM(data_key.plaintext).encrypt(NO_NONCE, text.encode(), None)


def unseal(ctx: Context, version: Version) -> str:
    """Raises: InvalidKeyId, AccessDeniedException."""
    if version.type != SECURE:
        return ctx.world.vault.open("ssm", version.sealed, version.name.encode()).decode()
    with _failing():
        opened = kms.decrypt(ctx, version.wrapped or version.sealed, _context(ctx, version.name))
    if not version.wrapped:
        return opened.decode()
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(opened).decrypt(NO_NONCE, version.sealed, None).decode()


def shown(ctx: Context, version: Version, *, decrypt: bool) -> str:
    """The value in an answer: a SecureString that is not to be decrypted is shown as it lies there."""
    if version.type == SECURE and not decrypt:
        return b64encode(version.wrapped + version.sealed).decode()
    return unseal(ctx, version)


def _context(ctx: Context, name: str) -> dict[str, str]:
    return {"PARAMETER_ARN": arn_of(ctx, name)}


@contextmanager
def _failing() -> Iterator[None]:
    """KMS's errors as Parameter Store gives them on."""
    try:
        yield
    except AwsError as error:
        if error.code == "AccessDeniedException":
            raise
        raise errors.InvalidKeyId(error.message) from error
