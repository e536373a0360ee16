"""Encrypted assertions: XML Encryption with RSA-OAEP for the key, and AES-GCM or AES-CBC for the assertion.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_federation_saml.html: the providers that AWS lets one use.
https://www.w3.org/TR/xmlenc-core1/
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives import hashes
    from lxml import etree

XENC, XENC11, DSIG = (
    "http://www.w3.org/2001/04/xmlenc#",
    "http://www.w3.org/2009/xmlenc11#",
    "http://www.w3.org/2000/09/xmldsig#",
)
NAMES = {"xenc": XENC, "xenc11": XENC11, "ds": DSIG}
SEALING = {f"{XENC11}aes{bits}-gcm": bits // 8 for bits in (128, 192, 256)}
CHAINING = {f"{XENC}aes{bits}-cbc": bits // 8 for bits in (128, 192, 256)}
TRANSPORTS = (f"{XENC}rsa-oaep-mgf1p", f"{XENC11}rsa-oaep")
BLOCK, NONCE = 16, 12  # bytes


def decrypted(encrypted: etree._Element, keys: Sequence[str]) -> bytes:
    """What an EncryptedAssertion holds, by the first of the private keys (PEM, RSA) that opens it.

    Raises: ValueError if none does.
    """
    data = encrypted.find("xenc:EncryptedData", NAMES)
    wrapped = encrypted.find(".//xenc:EncryptedKey", NAMES)
    if data is None or wrapped is None:
        raise ValueError("nothing encrypted")
    for pem in keys:
        try:
            return _opened(data, _unwrapped(wrapped, pem))
        except ValueError:
            continue
    raise ValueError("no key for it")


def _unwrapped(wrapped: etree._Element, pem: str) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = load_pem_private_key(pem.encode("latin-1"), None)
    method = wrapped.find("xenc:EncryptionMethod", NAMES)
    if method is None or method.get("Algorithm") not in TRANSPORTS or not isinstance(key, RSAPrivateKey):
        raise ValueError("not by RSA-OAEP")
    digest = _hash(method.find("ds:DigestMethod", NAMES))
    mask = _hash(method.find("xenc11:MGF", NAMES))
    label = method.findtext("xenc:OAEPparams", None, NAMES)
    return key.decrypt(_cipher(wrapped), OAEP(MGF1(mask), digest, base64.b64decode(label) if label else None))


def _hash(method: etree._Element | None) -> hashes.HashAlgorithm:
    """Of a digest, or of a mask generation function, whose names end alike; SHA-1 where nothing is said."""
    from cryptography.hazmat.primitives import hashes

    name = (method.get("Algorithm", "") if method is not None else "sha1").rpartition("#")[2].removeprefix("mgf1")
    known: dict[str, type[hashes.HashAlgorithm]] = {
        "sha1": hashes.SHA1,
        "sha256": hashes.SHA256,
        "sha384": hashes.SHA384,
        "sha512": hashes.SHA512,
    }
    if name not in known:
        raise ValueError(f"no hash {name}")
    return known[name]()


def _opened(data: etree._Element, key: bytes) -> bytes:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.ciphers.modes import CBC

    method = data.find("xenc:EncryptionMethod", NAMES)
    name, sealed = method.get("Algorithm", "") if method is not None else "", _cipher(data)
    if len(key) not in (SEALING.get(name), CHAINING.get(name)):
        raise ValueError("not by AES, or a key of another length")
    if name in SEALING:
        try:
            return AESGCM(key).decrypt(sealed[:NONCE], sealed[NONCE:], None)
        except InvalidTag:
            raise ValueError("tampered with") from None
    opening = Cipher(AES(key), CBC(sealed[:BLOCK])).decryptor()
    padded = opening.update(sealed[BLOCK:]) + opening.finalize()
    if not padded or not 1 <= padded[-1] <= BLOCK:
        raise ValueError("no padding")
    return padded[: -padded[-1]]


def _cipher(element: etree._Element) -> bytes:
    value = element.findtext("xenc:CipherData/xenc:CipherValue", "", NAMES)
    return base64.b64decode("".join(value.split()), validate=True)
