"""A SAML identity provider of the tests: its metadata, and responses that it signs."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml import XMLSigner, methods
from signxml.algorithms import CanonicalizationMethod

ENTITY = "https://idp.example.com/saml"
RECIPIENT = "https://signin.aws.amazon.com/saml"
NAMESPACE = "https://aws.amazon.com/SAML/Attributes/"
XMLNS = 'xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"'
BEARER, TRANSIENT = "urn:oasis:names:tc:SAML:2.0:cm:bearer", "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"


@cache
def identity(name: str = "idp") -> tuple[Any, Any]:
    """A key and its certificate, which expired long ago: AWS does not mind."""
    key = rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
    begins = datetime(2020, 1, 1, tzinfo=UTC)
    builder = builder.not_valid_before(begins).not_valid_after(begins + timedelta(days=30))
    return key, builder.sign(key, hashes.SHA256())


def metadata(entity: str = ENTITY, name: str = "idp") -> str:
    certificate = base64.b64encode(identity(name)[1].public_bytes(Encoding.DER)).decode()
    padding = "<!-- " + "x" * 1000 + " -->"  # the least size of a metadata document is 1000 characters
    return f"""<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{entity}">{padding}
        <md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
        <md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>
        <ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
        <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="{entity}"/>
        </md:IDPSSODescriptor></md:EntityDescriptor>"""


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def assertion(
    now: datetime,
    attributes: Mapping[str, Sequence[str]],
    *,
    issuer: str = ENTITY,
    recipient: str = RECIPIENT,
    audience: str = "urn:amazon:webservices",
    subject: str = "ada",
    method: str = BEARER,
    minutes: float = 5,
    session: str = "",
) -> str:
    ends = stamp(now + timedelta(minutes=minutes))
    values = "".join(
        f'<saml:Attribute Name="{name}">'
        + "".join(f"<saml:AttributeValue>{value}</saml:AttributeValue>" for value in given)
        + "</saml:Attribute>"
        for name, given in attributes.items()
    )
    return f"""<saml:Assertion {XMLNS} ID="_assertion" Version="2.0" IssueInstant="{stamp(now)}">
        <saml:Issuer>{issuer}</saml:Issuer>
        <saml:Subject><saml:NameID Format="{TRANSIENT}">{subject}</saml:NameID>
        <saml:SubjectConfirmation Method="{method}">
        <saml:SubjectConfirmationData NotOnOrAfter="{ends}" Recipient="{recipient}"/></saml:SubjectConfirmation>
        </saml:Subject><saml:Conditions NotBefore="{stamp(now)}" NotOnOrAfter="{ends}">
        <saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction>
        </saml:Conditions><saml:AuthnStatement AuthnInstant="{stamp(now)}" {session}/>
        <saml:AttributeStatement>{values}</saml:AttributeStatement></saml:Assertion>"""


def response(*assertions: str, status: str = "Success") -> str:
    code = f"urn:oasis:names:tc:SAML:2.0:status:{status}"
    return f"""<samlp:Response {XMLNS} ID="_response" Version="2.0"><samlp:Status>
        <samlp:StatusCode Value="{code}"/></samlp:Status>{"".join(assertions)}</samlp:Response>"""


def signed(text: str, name: str = "idp") -> str:
    key, certificate = identity(name)
    root = etree.fromstring(text)
    signer = XMLSigner(
        method=methods.enveloped, c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0
    )
    done = signer.sign(root, key=key, cert=[certificate], reference_uri=root.get("ID"), id_attribute="ID")
    return etree.tostring(done).decode()


@cache
def reader(name: str = "reader") -> Any:
    """A private key of the account, for which assertions are encrypted."""
    return rsa.generate_private_key(65537, 2048)


def reader_pem(name: str = "reader") -> str:
    pem = reader(name).private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return str(pem.decode())


def encrypted(text: str, *, to: str = "reader", bits: int = 256, mode: str = "gcm", digest: str = "") -> str:
    """An EncryptedAssertion: AES-GCM or AES-CBC by a key that is wrapped by RSA-OAEP, with SHA-1 or another digest."""
    key, start = os.urandom(bits // 8), os.urandom(12 if mode == "gcm" else 16)
    if mode == "gcm":
        sealed = start + AESGCM(key).encrypt(start, text.encode(), None)
    else:
        padding = 16 - len(text.encode()) % 16
        made = Cipher(AES(key), CBC(start)).encryptor()
        sealed = start + made.update(text.encode() + b"\0" * (padding - 1) + bytes([padding])) + made.finalize()
    hashed = getattr(hashes, digest.upper())() if digest else hashes.SHA1()
    wrapped = reader(to).public_key().encrypt(key, OAEP(MGF1(hashed), hashed, None))
    transport = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"
    options = ""
    if digest:
        transport = "http://www.w3.org/2009/xmlenc11#rsa-oaep"
        options = f"""<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#{digest}"/>
            <x11:MGF xmlns:x11="http://www.w3.org/2009/xmlenc11#"
                Algorithm="http://www.w3.org/2009/xmlenc11#mgf1{digest}"/>"""
    version = "2009/xmlenc11" if mode == "gcm" else "2001/04/xmlenc"
    return f"""<saml:EncryptedAssertion {XMLNS}><xenc:EncryptedData xmlns:xenc="http://www.w3.org/2001/04/xmlenc#"
        Type="http://www.w3.org/2001/04/xmlenc#Element">
        <xenc:EncryptionMethod Algorithm="http://www.w3.org/{version}#aes{bits}-{mode}"/>
        <ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><xenc:EncryptedKey>
        <xenc:EncryptionMethod Algorithm="{transport}">{options}</xenc:EncryptionMethod>
        <xenc:CipherData><xenc:CipherValue>{base64.b64encode(wrapped).decode()}</xenc:CipherValue></xenc:CipherData>
        </xenc:EncryptedKey></ds:KeyInfo>
        <xenc:CipherData><xenc:CipherValue>{base64.b64encode(sealed).decode()}</xenc:CipherValue></xenc:CipherData>
        </xenc:EncryptedData></saml:EncryptedAssertion>"""


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
