"""Key pairs: made, read, told apart. A private key is kept as PKCS #8, a public one goes out as SPKI."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from hodei.services.kms.specs import SPECS, Spec

CURVES = {
    "ECC_NIST_P256": "SECP256R1",
    "ECC_NIST_P384": "SECP384R1",
    "ECC_NIST_P521": "SECP521R1",
    "ECC_SECG_P256K1": "SECP256K1",
}
PUBLIC_EXPONENT = 65537


class Unavailable(Exception):
    """The cryptographic library here cannot make keys of this kind."""


def generate(name: str) -> bytes:
    """A new private key of a KeySpec or a KeyPairSpec. Raises: Unavailable."""
    from cryptography.exceptions import UnsupportedAlgorithm

    spec = SPECS[name]
    try:
        return private_bytes(_made(spec))
    except (ImportError, UnsupportedAlgorithm):
        raise Unavailable(name) from None


def _made(spec: Spec) -> Any:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if spec.family == "rsa":
        return rsa.generate_private_key(PUBLIC_EXPONENT, spec.bits)
    if spec.family == "ec":
        return ec.generate_private_key(getattr(ec, CURVES[spec.name])())
    if spec.family == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    if spec.family == "ml-dsa":
        from cryptography.hazmat.primitives.asymmetric import mldsa

        return getattr(mldsa, f"MLDSA{spec.bits}PrivateKey").generate()
    raise Unavailable(spec.name)


def private_bytes(key: Any) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    raw: bytes = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return raw


@lru_cache(256)
def private_key(der: bytes) -> Any:
    """Raises: ValueError for what is no PKCS #8."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    try:
        return load_der_private_key(der, None)
    except (TypeError, UnsupportedAlgorithm) as error:  # TypeError: it is encrypted
        raise ValueError(str(error)) from None


@lru_cache(256)
def public_bytes(der: bytes) -> bytes:
    """The public key of a private one."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    raw: bytes = private_key(der).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return raw


def is_of(der: bytes, spec: Spec) -> bool:
    """Whether a private key is one of that spec."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    try:
        key = private_key(der)
    except ValueError:
        return False
    if spec.family == "rsa":
        return isinstance(key, rsa.RSAPrivateKey) and key.key_size == spec.bits
    if spec.family == "ec":
        return isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name == CURVES[spec.name].lower()
    if spec.family == "ed25519":
        return isinstance(key, ed25519.Ed25519PrivateKey)
    return type(key).__name__ == f"MLDSA{spec.bits}PrivateKey"


def shared_secret(der: bytes, public: bytes) -> bytes:
    """ECDH. Raises: ValueError for a public key that is not of the same curve."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        peer = load_der_public_key(public)
    except UnsupportedAlgorithm as error:
        raise ValueError(str(error)) from None
    if not isinstance(peer, ec.EllipticCurvePublicKey):
        raise ValueError("not an elliptic curve key")
    secret: bytes = private_key(der).exchange(ec.ECDH(), peer)
    return secret
