"""Key material on its way in, wrapped with an RSA key that was made for it.

https://docs.aws.amazon.com/kms/latest/developerguide/importing-keys-encrypt-key-material.html
"""

from __future__ import annotations

from hodei.services.kms.crypto.encryption import decrypt_rsa
from hodei.services.kms.crypto.pairs import private_key

AES_WRAP = "RSA_AES_KEY_WRAP_SHA_"


def unwrap(der: bytes, algorithm: str, wrapped: bytes) -> bytes:
    """Raises: ValueError for what was not wrapped with this key and algorithm."""
    if not algorithm.startswith(AES_WRAP):
        return decrypt_rsa(der, algorithm, wrapped)
    from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap_with_padding

    size = private_key(der).key_size // 8
    ephemeral = decrypt_rsa(der, algorithm.replace(AES_WRAP, "RSAES_OAEP_SHA_"), wrapped[:size])
    try:
        return aes_key_unwrap_with_padding(ephemeral, wrapped[size:])
    except InvalidUnwrap:
        raise ValueError("not wrapped with this key") from None
