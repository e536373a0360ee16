"""Signing certificates: X.509, of users, for old SOAP interfaces and EC2's tools."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.iam import errors, find, ids, pages, rules
from hodei.services.iam.credentials import x509
from hodei.services.iam.credentials.state import SigningCertificate, signing_certificates
from hodei.services.iam.service import iam

MOST = 2


@iam.operation("UploadSigningCertificate")
def upload_signing_certificate(ctx: Context, *, CertificateBody: str, UserName: str = "") -> dict[str, Any]:
    x509.certificate(CertificateBody)
    owner = find.owner(ctx, UserName)
    own = list(signing_certificates.scan(ctx, owner.id))
    if any(one.body.split() == CertificateBody.split() for one in own):
        raise errors.DuplicateCertificate()
    rules.check_quota("SigningCertificatesPerUser", len(own), MOST)
    certificate = SigningCertificate(owner=owner.id, id=ids.unique(ctx, "", 32), body=CertificateBody, uploaded=ctx.now)
    signing_certificates.put(ctx, certificate)
    return {"Certificate": _view(owner.name, certificate)}


@iam.operation("ListSigningCertificates")
def list_signing_certificates(
    ctx: Context, *, UserName: str = "", Marker: str = "", MaxItems: int = pages.MOST
) -> dict[str, Any]:
    owner = find.owner(ctx, UserName)
    found = signing_certificates.scan(ctx, owner.id, after=pages.after(ctx, Marker))
    page, rest = pages.cut(ctx, found, MaxItems, lambda one: (one.id,))
    return {"Certificates": [_view(owner.name, one) for one in page], **rest}


@iam.operation("UpdateSigningCertificate")
def update_signing_certificate(ctx: Context, *, CertificateId: str, Status: str, UserName: str = "") -> None:
    active = rules.active(Status)
    certificate = _find(ctx, find.owner(ctx, UserName).id, CertificateId)
    signing_certificates.put(ctx, replace(certificate, active=active))


@iam.operation("DeleteSigningCertificate")
def delete_signing_certificate(ctx: Context, *, CertificateId: str, UserName: str = "") -> None:
    certificate = _find(ctx, find.owner(ctx, UserName).id, CertificateId)
    signing_certificates.delete(ctx, certificate.owner, certificate.id)


def _find(ctx: Context, owner: str, id: str) -> SigningCertificate:
    if (found := signing_certificates.get(ctx, owner, id)) is None:
        raise errors.NoSuchEntity(what=f"The Certificate with id {id}")
    return found


def _view(name: str, certificate: SigningCertificate) -> dict[str, Any]:
    return {
        "UserName": name,
        "CertificateId": certificate.id,
        "CertificateBody": certificate.body,
        "Status": rules.status(certificate.active),
        "UploadDate": certificate.uploaded,
    }
