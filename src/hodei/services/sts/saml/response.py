"""SAML 2.0 authentication responses: what of one is signed, and what that says.

Only what the signature covers is looked at, or what it covers in encrypted form, so nothing can be wrapped around it.
The signature is checked by the library signxml (the extra "iam").
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from hodei.kernel.errors import NotImplementedByHodei
from hodei.services.sts import errors
from hodei.services.sts.saml.encryption import decrypted

if TYPE_CHECKING:
    from lxml import etree

SAML = "urn:oasis:names:tc:SAML:2.0:"
NAMES = {"saml": f"{SAML}assertion", "samlp": f"{SAML}protocol"}
RESPONSE, ASSERTION = (f"{{{NAMES['samlp']}}}Response", f"{{{NAMES['saml']}}}Assertion")
SUCCESS, BEARER = f"{SAML}status:Success", f"{SAML}cm:bearer"
FORMAT = f"{SAML}nameid-format:"


class Assertion(Struct, frozen=True):
    """Times are epoch seconds. `subject_type` is "persistent", "transient" or another format in full."""

    issuer: str
    issued: float
    begins: float
    ends: float
    subject: str
    subject_type: str
    recipient: str
    audiences: tuple[str, ...]
    attributes: dict[str, list[str]]
    session_ends: float | None
    encrypted: bool = False


def read(text: str, certificates: Sequence[bytes], keys: Sequence[str] = ()) -> Assertion:
    """The assertion of a response in base 64 that the holder of one of the certificates (DER) has signed. If it is
    encrypted, one of the private keys (PEM) opens it; then its signature may be around it or inside.

    Raises: InvalidIdentityToken.
    """
    try:
        data = base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error:
        raise errors.InvalidIdentityToken("Invalid base64 SAMLResponse") from None
    try:
        return _read(data, certificates, keys)
    except ValueError:
        raise errors.InvalidIdentityToken("Invalid SAML response") from None


def _read(data: bytes, certificates: Sequence[bytes], keys: Sequence[str]) -> Assertion:
    signed, encrypted = _by_any(data, certificates), False
    if signed is None and (inside := _opened_unsigned(data, keys)) is not None:
        signed, encrypted = _by_any(inside, certificates), True
    if signed is None:
        raise errors.InvalidIdentityToken("Response signature invalid")
    if signed.tag == RESPONSE:
        status = signed.find("samlp:Status/samlp:StatusCode", NAMES)
        if status is None or status.get("Value") != SUCCESS:
            raise errors.InvalidIdentityToken("Response does not say success")
        inside = _opened(signed, keys)
        signed, encrypted = (_only(signed), False) if inside is None else (_parsed(inside), True)
    return _assertion(signed, encrypted)


def _opened_unsigned(data: bytes, keys: Sequence[str]) -> bytes | None:
    try:
        return _opened(_parsed(data), keys)
    except ValueError:
        return None


def _only(response: etree._Element) -> etree._Element:
    found = response.findall("saml:Assertion", NAMES)
    if len(found) != 1:
        raise errors.InvalidIdentityToken("Response must have one assertion")
    return found[0]


def _opened(response: etree._Element, keys: Sequence[str]) -> bytes | None:
    """The encrypted assertion in a response; None if there is none."""
    found = response.findall("saml:EncryptedAssertion", NAMES)
    if not found:
        return None
    if len(found) > 1 or response.find("saml:Assertion", NAMES) is not None:
        raise errors.InvalidIdentityToken("Response must have one assertion")
    try:
        return decrypted(found[0], keys)
    except ValueError:
        raise errors.InvalidIdentityToken("Unable to decrypt the assertion in the response") from None


def _parsed(data: bytes) -> etree._Element:
    """Raises: ValueError."""
    from lxml import etree

    try:
        return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.LxmlError as error:
        raise ValueError("no XML") from error


def _by_any(data: bytes, certificates: Sequence[bytes]) -> etree._Element | None:
    return next((found for der in certificates if (found := _signed(data, der)) is not None), None)


def _signed(data: bytes, certificate: bytes) -> etree._Element | None:
    """The response, or the assertion in it, whichever was signed; None if that was not with the certificate's key."""
    from cryptography.x509 import load_der_x509_certificate

    try:
        from lxml.etree import LxmlError
        from signxml.exceptions import SignXMLException
        from signxml.verifier import SignatureConfiguration, XMLVerifier
    except ImportError:
        raise NotImplementedByHodei(
            service="sts", operation='AssumeRoleWithSAML without the library signxml (the extra "iam")'
        ) from None
    trusted = load_der_x509_certificate(certificate)
    # AWS does not mind that a certificate of the metadata has expired.
    config = SignatureConfiguration(verification_time=trusted.not_valid_before_utc)
    try:
        result: Any = XMLVerifier().verify(data, x509_cert=trusted, id_attribute="ID", expect_config=config)
    except (SignXMLException, LxmlError, ValueError, TypeError, AttributeError):
        return None
    found = result.signed_xml
    return found if found is not None and found.tag in (RESPONSE, ASSERTION) else None


def _assertion(element: etree._Element, encrypted: bool) -> Assertion:
    """Raises: ValueError for what AWS asks for and is not there."""
    (confirmation,) = element.findall("saml:Subject/saml:SubjectConfirmation", NAMES)
    if confirmation.get("Method") != BEARER:
        raise ValueError("not for the bearer")
    confirmed = _child(confirmation, "saml:SubjectConfirmationData")
    name, conditions = _child(element, "saml:Subject/saml:NameID"), _child(element, "saml:Conditions")
    statement = element.find("saml:AuthnStatement", NAMES)
    session_ends = statement.get("SessionNotOnOrAfter") if statement is not None else None
    return Assertion(
        issuer=_text(_child(element, "saml:Issuer")),
        issued=_time(element.get("IssueInstant")),
        begins=_time(conditions.get("NotBefore", "1970-01-01T00:00:00Z")),
        ends=min(_time(confirmed.get("NotOnOrAfter")), _time(conditions.get("NotOnOrAfter", "9999-12-31T00:00:00Z"))),
        subject=_text(name),
        subject_type=name.get("Format", "").removeprefix(FORMAT),
        recipient=confirmed.get("Recipient", ""),
        audiences=tuple(map(_text, conditions.iterfind("saml:AudienceRestriction/saml:Audience", NAMES))),
        attributes={
            attribute.get("Name", ""): [_text(value) for value in attribute.iterfind("saml:AttributeValue", NAMES)]
            for attribute in element.iterfind("saml:AttributeStatement/saml:Attribute", NAMES)
        },
        session_ends=_time(session_ends) if session_ends else None,
        encrypted=encrypted,
    )


def _child(element: etree._Element, path: str) -> etree._Element:
    if (found := element.find(path, NAMES)) is None:
        raise ValueError(f"no {path}")
    return found


def _text(element: etree._Element) -> str:
    return "".join(element.itertext()).strip()


def _time(text: str | None) -> float:
    at = datetime.fromisoformat(text or "")
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
