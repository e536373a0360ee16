"""JSON Web Tokens (RFC 7519) signed with RSA or ECDSA, and the keys (RFC 7517) that verify them.

Tokens without signature or with a shared secret are none: a public key must not be taken for the latter.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

Jwk = Mapping[str, Any]

BASE64URL = re.compile(r"[A-Za-z0-9_-]*")
RSA = ("RS256", "RS384", "RS512")
CURVES = {"ES256": ("P-256", 32), "ES384": ("P-384", 48), "ES512": ("P-521", 66)}  # and bytes of a coordinate
SMALLEST_RSA = 1024  # bits


class NotAToken(ValueError):
    pass


class Token(Struct, frozen=True):
    """One that was read, not verified."""

    header: dict[str, Any]
    claims: dict[str, Any]
    signed: bytes
    signature: bytes


def read(text: str) -> Token:
    """Raises: NotAToken."""
    parts = text.split(".")
    if len(parts) != 3:
        raise NotAToken(text)
    return Token(_object(parts[0]), _object(parts[1]), f"{parts[0]}.{parts[1]}".encode(), _bytes(parts[2]))


def signed(claims: Mapping[str, Any], algorithm: str, pem: bytes) -> str:
    """A token, signed by a private key."""
    header = {"alg": algorithm, "typ": "JWT", "kid": public(algorithm, pem)["kid"]}
    parts = ".".join(_text(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
    return f"{parts}.{_text(_signature(algorithm, pem, parts.encode()))}"


def _signature(algorithm: str, pem: bytes, data: bytes) -> bytes:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = load_pem_private_key(pem, None)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    size = CURVES[algorithm][1]
    halves = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA384())))
    return b"".join(half.to_bytes(size, "big") for half in halves)


def public(algorithm: str, pem: bytes) -> dict[str, Any]:
    """The public key of a private one that signs by RS256 or ES384; its id is its thumbprint (RFC 7638)."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = load_pem_private_key(pem, None)
    if isinstance(key, rsa.RSAPrivateKey):
        of_rsa = key.public_key().public_numbers()
        e, n = (number.to_bytes((number.bit_length() + 7) // 8, "big") for number in (of_rsa.e, of_rsa.n))
        found = {"e": _text(e), "kty": "RSA", "n": _text(n)}
    else:
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        point, (curve, size) = key.public_key().public_numbers(), CURVES[algorithm]
        x, y = (_text(number.to_bytes(size, "big")) for number in (point.x, point.y))
        found = {"crv": curve, "kty": "EC", "x": x, "y": y}
    thumbprint = hashlib.sha256(json.dumps(found, separators=(",", ":")).encode()).digest()
    return {**found, "alg": algorithm, "use": "sig", "kid": _text(thumbprint)}


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def candidates(token: Token, keys: Sequence[Jwk]) -> list[Jwk]:
    """The keys that a token may be signed with: of the id that it names, for signatures by its algorithm."""
    algorithm, id = token.header.get("alg"), token.header.get("kid")
    kind = "RSA" if algorithm in RSA else "EC" if algorithm in CURVES else None
    return [
        key
        for key in keys
        if key.get("kty") == kind
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and (id is None or key.get("kid") == id)
    ]


def is_signed_with(token: Token, key: Jwk) -> bool:
    """Whether one of its `candidates` has made the signature."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    algorithm: str = token.header["alg"]
    digests: dict[str, hashes.HashAlgorithm] = {
        "256": hashes.SHA256(),
        "384": hashes.SHA384(),
        "512": hashes.SHA512(),
    }
    digest = digests[algorithm[2:]]
    try:
        if algorithm in RSA:
            _rsa(key).verify(token.signature, token.signed, padding.PKCS1v15(), digest)
            return True
        size = CURVES[algorithm][1]
        if len(token.signature) != 2 * size:
            return False
        r, s = (int.from_bytes(half, "big") for half in (token.signature[:size], token.signature[size:]))
        _ec(key, algorithm).verify(encode_dss_signature(r, s), token.signed, ec.ECDSA(digest))
    except (InvalidSignature, ValueError, KeyError, TypeError):
        return False
    return True


def _rsa(key: Jwk) -> RSAPublicKey:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

    public = RSAPublicNumbers(_number(key["e"]), _number(key["n"])).public_key()
    if public.key_size < SMALLEST_RSA:
        raise ValueError("too small a key")
    return public


def _ec(key: Jwk, algorithm: str) -> EllipticCurvePublicKey:
    from cryptography.hazmat.primitives.asymmetric import ec

    curves: dict[str, ec.EllipticCurve] = {
        "P-256": ec.SECP256R1(),
        "P-384": ec.SECP384R1(),
        "P-521": ec.SECP521R1(),
    }
    if key["crv"] != CURVES[algorithm][0]:
        raise ValueError("a key of another curve")
    return ec.EllipticCurvePublicNumbers(_number(key["x"]), _number(key["y"]), curves[key["crv"]]).public_key()


def _number(text: str) -> int:
    return int.from_bytes(_bytes(text), "big")


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(_bytes(text))
    except (ValueError, RecursionError):
        raise NotAToken(text) from None
    if not isinstance(found, dict):
        raise NotAToken(text)
    return found


def _bytes(text: str) -> bytes:
    if not BASE64URL.fullmatch(text):
        raise NotAToken(text)
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        raise NotAToken(text) from None
