"""Server certificates: TLS certificates with their keys, for services in regions that ACM does not have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.iam import errors, ids, pages, rules, tags
from hodei.services.iam.credentials import x509
from hodei.services.iam.credentials.state import ServerCertificate, server_certificates
from hodei.services.iam.service import iam


@iam.operation("UploadServerCertificate")
def upload_server_certificate(
    ctx: Context,
    *,
    ServerCertificateName: str,
    CertificateBody: str,
    PrivateKey: str,
    CertificateChain: str = "",
    Path: str = "/",
    Tags: tags.Tags = (),
) -> dict[str, Any]:
    _check_free(ctx, ServerCertificateName)
    rules.check_quota("ServerCertificatesPerAccount", server_certificates.count(ctx), ctx.quota("server-certificates"))
    leaf = x509.certificate(CertificateBody)
    x509.check_key(leaf, PrivateKey)
    if CertificateChain:
        x509.certificates(CertificateChain)
    certificate = ServerCertificate(
        id=ids.unique(ctx, "ASCA"),
        name=ServerCertificateName,
        key=ServerCertificateName.lower(),
        path=Path,
        body=CertificateBody,
        private_key=PrivateKey,
        uploaded=ctx.now,
        expires=leaf.not_valid_after_utc.timestamp(),
        chain=CertificateChain,
        tags=tags.merged("ServerCertificate", {}, Tags),
    )
    server_certificates.put(ctx, certificate)
    return {"ServerCertificateMetadata": _metadata(ctx, certificate)} | tags.shown(certificate.tags)


@iam.operation("GetServerCertificate")
def get_server_certificate(ctx: Context, *, ServerCertificateName: str) -> dict[str, Any]:
    """PEM comes back as it was given, but for white space at its ends. The private key never does."""
    certificate = _find(ctx, ServerCertificateName)
    view = {
        "ServerCertificateMetadata": _metadata(ctx, certificate),
        "CertificateBody": certificate.body.strip(),
        "Tags": tags.listed(certificate.tags),
    }
    if certificate.chain:
        view["CertificateChain"] = certificate.chain.strip()
    return {"ServerCertificate": view}


@iam.operation("ListServerCertificates")
def list_server_certificates(
    ctx: Context, *, PathPrefix: str = "/", Marker: str = "", MaxItems: int = pages.MOST
) -> dict[str, Any]:
    found = pages.below(PathPrefix, server_certificates.scan(ctx, after=pages.after(ctx, Marker)))
    page, rest = pages.cut(ctx, found, MaxItems, lambda one: (one.key,))
    return {"ServerCertificateMetadataList": [_metadata(ctx, one) for one in page], **rest}


@iam.operation("UpdateServerCertificate")
def update_server_certificate(
    ctx: Context, *, ServerCertificateName: str, NewPath: str = "", NewServerCertificateName: str = ""
) -> None:
    old = _find(ctx, ServerCertificateName)
    name = NewServerCertificateName or old.name
    if name.lower() != old.key:
        _check_free(ctx, name)
    server_certificates.delete(ctx, old.key)
    server_certificates.put(ctx, replace(old, name=name, key=name.lower(), path=NewPath or old.path))


@iam.operation("DeleteServerCertificate")
def delete_server_certificate(ctx: Context, *, ServerCertificateName: str) -> None:
    server_certificates.delete(ctx, _find(ctx, ServerCertificateName).key)


@iam.operation("TagServerCertificate")
def tag_server_certificate(ctx: Context, *, ServerCertificateName: str, Tags: tags.Tags) -> None:
    one = _find(ctx, ServerCertificateName)
    server_certificates.put(ctx, replace(one, tags=tags.merged("ServerCertificate", one.tags, Tags)))


@iam.operation("UntagServerCertificate")
def untag_server_certificate(ctx: Context, *, ServerCertificateName: str, TagKeys: Sequence[str]) -> None:
    one = _find(ctx, ServerCertificateName)
    server_certificates.put(ctx, replace(one, tags=tags.without(one.tags, TagKeys)))


@iam.operation("ListServerCertificateTags")
def list_server_certificate_tags(
    ctx: Context, *, ServerCertificateName: str, Marker: str = "", MaxItems: int = pages.MOST
) -> dict[str, Any]:
    return tags.page(ctx, _find(ctx, ServerCertificateName).tags, Marker, MaxItems)


def _check_free(ctx: Context, name: str) -> None:
    if server_certificates.get(ctx, name.lower()):
        raise errors.EntityAlreadyExists(what=f"The Server Certificate with name {name}")


def _find(ctx: Context, name: str) -> ServerCertificate:
    if (found := server_certificates.get(ctx, name.lower())) is None:
        raise errors.NoSuchEntity(what=f"The Server Certificate with name {name}")
    return found


def _metadata(ctx: Context, one: ServerCertificate) -> dict[str, Any]:
    return {
        "Path": one.path,
        "ServerCertificateName": one.name,
        "ServerCertificateId": one.id,
        "Arn": one.arn(ctx),
        "UploadDate": one.uploaded,
        "Expiration": one.expires,
    }
