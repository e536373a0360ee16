"""Certificates for HTTPS on this machine: an authority of its own, and leaves for the names AWS clients are given.

The authority is made once and can be trusted by the user; leaves are issued again under it when they run out.
`cryptography` is imported when the first client comes over TLS.
"""

from __future__ import annotations

import ipaddress
import os
import re
import ssl
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from hodei.gateway import realtime

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

NAMES = (
    "localhost",
    "*.localhost",
    "*.s3.localhost",
    "localhost.localstack.cloud",
    "*.localhost.localstack.cloud",
    "*.s3.localhost.localstack.cloud",
)
ADDRESSES = ("127.0.0.1", "::1")
CA_LIFE = timedelta(days=3650)
LEAF_LIFE = timedelta(days=397)  # browsers accept no more
RENEW = timedelta(days=30)  # before the end
SKEW = timedelta(days=1)  # clocks of containers and virtual machines
CONTEXTS = 1000  # kept for names asked for by SNI
HOSTNAME = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?")


def ca_path(directory: Path) -> Path:
    """The authority's certificate (PEM), for the user to trust."""
    return directory / "ca.pem"


def context(directory: Path) -> ssl.SSLContext:
    """A server context whose certificate is issued by the authority in `directory`, made there if absent.

    Names that the certificate does not cover get their own when a client asks for them (SNI): no wildcard reaches two
    labels deep (a.b.s3.localhost), and OpenSSL takes none directly below a top level (bucket.localhost).
    Raises: OSError if the directory cannot be written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    authority = Authority(directory)
    leaf = directory / "leaf.pem"
    if not authority.issued(leaf):
        _write(leaf, authority.issue(NAMES, ADDRESSES))
    main = _context(leaf)
    others: dict[str, ssl.SSLContext] = {}

    def choose(connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        if name is None or _covered(name := name.lower()) or not HOSTNAME.fullmatch(name):
            return
        if name not in others:
            if len(others) >= CONTEXTS:
                others.pop(next(iter(others)))
            others[name] = authority.context((name,))
        connection.context = others[name]

    main.sni_callback = choose
    return main


class Authority:
    """The certificate authority of one directory: `ca.pem` and `ca.key`, which only the owner can read."""

    def __init__(self, directory: Path) -> None:
        from cryptography import x509
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        self._directory = directory
        certificate, key = ca_path(directory), directory / "ca.key"
        if not (certificate.exists() and key.exists()) or _expired(certificate):
            self._create(certificate, key)
        self._certificate = x509.load_pem_x509_certificate(certificate.read_bytes())
        self._key: EllipticCurvePrivateKey = load_pem_private_key(key.read_bytes(), None)  # type: ignore[assignment]

    def issued(self, leaf: Path) -> bool:
        """Whether `leaf` is a certificate of this authority that is still good for a while."""
        from cryptography import x509
        from cryptography.exceptions import InvalidSignature

        if not leaf.exists() or _expired(leaf):
            return False
        try:
            x509.load_pem_x509_certificate(leaf.read_bytes()).verify_directly_issued_by(self._certificate)
        except (ValueError, InvalidSignature):
            return False
        return True

    def issue(self, names: tuple[str, ...], addresses: tuple[str, ...] = ()) -> bytes:
        """A new key and its certificate for `names`, with the authority's own behind it (PEM)."""
        from cryptography import x509
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.x509.oid import ExtendedKeyUsageOID

        key = ec.generate_private_key(ec.SECP256R1())
        holders: list[x509.GeneralName] = [x509.DNSName(name) for name in names]
        holders += [x509.IPAddress(ipaddress.ip_address(address)) for address in addresses]
        certificate = (
            _builder("Hodei", self._certificate.subject, key, LEAF_LIFE)
            .add_extension(x509.SubjectAlternativeName(holders), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(_identifier_of_issuer(self._certificate), critical=False)
        )
        return _key_pem(key) + _sign(certificate, self._key) + ca_path(self._directory).read_bytes()

    def context(self, names: tuple[str, ...]) -> ssl.SSLContext:
        """A context for a certificate that is not kept; `ssl` reads certificates from files only."""
        with tempfile.NamedTemporaryFile(dir=self._directory, suffix=".pem") as file:
            file.write(self.issue(names))
            file.flush()
            return _context(Path(file.name))

    def _create(self, certificate: Path, key_file: Path) -> None:
        from cryptography import x509
        from cryptography.hazmat.primitives.asymmetric import ec

        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            _builder("Hodei local CA", None, key, CA_LIFE)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_ca_usage(), critical=True)
        )
        _write(key_file, _key_pem(key))
        _write(certificate, _sign(builder, key), mode=0o644)


def _builder(
    name: str, issuer: x509.Name | None, key: EllipticCurvePrivateKey, life: timedelta
) -> x509.CertificateBuilder:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer or subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(realtime.now() - SKEW)
        .not_valid_after(realtime.now() + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _ca_usage() -> x509.KeyUsage:
    from cryptography import x509

    unused = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
        **dict.fromkeys(unused, False),
    )


def _identifier_of_issuer(certificate: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    from cryptography import x509

    identifier = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)


def _sign(builder: x509.CertificateBuilder, key: EllipticCurvePrivateKey) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding

    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM)


def _key_pem(key: EllipticCurvePrivateKey) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _expired(certificate: Path) -> bool:
    from cryptography import x509

    try:
        end = x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc
    except ValueError:
        return True
    return end < realtime.now() + RENEW


def _covered(name: str) -> bool:
    """Whether OpenSSL takes the main certificate for `name`: a wildcard stands for one label, below two at least."""
    parent = name.partition(".")[2]
    return name in NAMES or ("." in parent and f"*.{parent}" in NAMES)


def _context(pem: Path) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.options |= ssl.OP_NO_RENEGOTIATION
    made.set_alpn_protocols(["h2", "http/1.1"])
    made.load_cert_chain(pem)
    return made


def _write(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Whole or not at all, and never readable by others in between."""
    part = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    part.replace(path)
