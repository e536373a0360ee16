"""Certificates and keys in PEM, read by the cryptography library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hodei.services.iam import errors

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

MALFORMED = "Unable to parse certificate. Please ensure the certificate is in PEM format."


def certificate(text: str) -> Certificate:
    """The one certificate in a PEM text. Raises: MalformedCertificate."""
    found = certificates(text)
    if len(found) != 1:
        raise errors.MalformedCertificate(MALFORMED)
    return found[0]


def certificates(text: str) -> list[Certificate]:
    """Raises: MalformedCertificate if there is none."""
    from cryptography.x509 import load_pem_x509_certificates

    try:
        return load_pem_x509_certificates(text.encode("latin-1"))
    except ValueError:
        raise errors.MalformedCertificate(MALFORMED) from None


def check_key(certificate: Certificate, private_key: str) -> None:
    """Raises: MalformedCertificate if it is no key, KeyPairMismatch if it is another's."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

    try:
        key = load_pem_private_key(private_key.encode("latin-1"), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        reason = "Unable to parse key; private key may be encrypted or malformed. Please ensure it is in PEM format."
        raise errors.MalformedCertificate(reason) from None
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if key.public_key().public_bytes(*form) != certificate.public_key().public_bytes(*form):
        raise errors.KeyPairMismatch()
