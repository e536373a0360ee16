"""SAML metadata documents of identity providers."""

from __future__ import annotations

import base64
import binascii
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from typing import NamedTuple

from hodei.services.iam import errors

NAMES = {"md": "urn:oasis:names:tc:SAML:2.0:metadata", "ds": "http://www.w3.org/2000/09/xmldsig#"}


class Metadata(NamedTuple):
    """`certificates` are those that sign, in DER. `valid_until` is in epoch seconds."""

    entity: str
    certificates: tuple[bytes, ...]
    valid_until: float


def read(text: str) -> Metadata:
    """Raises: InvalidInput if it is not the metadata of an identity provider that signs with X.509 certificates."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise errors.InvalidInput("Could not parse metadata")
    try:
        root = ET.fromstring(text)
    except ET.ParseError:
        raise errors.InvalidInput("Could not parse metadata") from None
    entity, provider = root.get("entityID"), root.find("md:IDPSSODescriptor", NAMES)
    if root.tag != f"{{{NAMES['md']}}}EntityDescriptor" or not entity or provider is None:
        raise errors.InvalidInput("Could not parse metadata")
    certificates = tuple(
        _der(found.text or "")
        for key in provider.findall("md:KeyDescriptor", NAMES)
        if key.get("use", "signing") == "signing"
        for found in key.iterfind(".//ds:X509Certificate", NAMES)
    )
    if not certificates:
        raise errors.InvalidInput("Could not parse metadata")
    expiries = [_not_after(certificate) for certificate in certificates]
    return Metadata(entity, certificates, _valid_until(root.get("validUntil")) or max(expiries))


def _der(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error:
        raise errors.InvalidInput("Could not parse metadata") from None


def _not_after(der: bytes) -> float:
    from cryptography.x509 import load_der_x509_certificate

    try:
        return load_der_x509_certificate(der).not_valid_after_utc.timestamp()
    except ValueError:
        raise errors.InvalidInput("Could not parse metadata") from None


def _valid_until(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise errors.InvalidInput("Could not parse metadata") from None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
