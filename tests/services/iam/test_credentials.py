"""Signing certificates, SSH keys, credentials for single services, server certificates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hodei.testing import Cloud

from .certificates import made

pytestmark = pytest.mark.feature("iam.identities")

Refused = Callable[..., Any]


def test_signing_certificates(iam: Any, user: str, refused: Refused) -> None:
    first = iam.upload_signing_certificate(UserName=user, CertificateBody=made("a").certificate)["Certificate"]
    assert (first["UserName"], first["Status"]) == (user, "Active")
    with refused("DuplicateCertificate", status=409):
        iam.upload_signing_certificate(UserName=user, CertificateBody=made("a").certificate)
    with refused("MalformedCertificate"):
        iam.upload_signing_certificate(UserName=user, CertificateBody="no certificate")
    iam.upload_signing_certificate(UserName=user, CertificateBody=made("b").certificate)
    with refused("LimitExceeded", "Cannot exceed quota for SigningCertificatesPerUser: 2", 409):
        iam.upload_signing_certificate(UserName=user, CertificateBody=made("c").certificate)
    id = first["CertificateId"]
    iam.update_signing_certificate(UserName=user, CertificateId=id, Status="Inactive")
    listed = {one["CertificateId"]: one for one in iam.list_signing_certificates(UserName=user)["Certificates"]}
    assert listed[id] == first | {"Status": "Inactive"}
    assert len(listed) == 2
    iam.delete_signing_certificate(UserName=user, CertificateId=id)
    with refused("NoSuchEntity", f"The Certificate with id {id} cannot be found.", 404):
        iam.delete_signing_certificate(UserName=user, CertificateId=id)


def test_ssh_keys(iam: Any, user: str, refused: Refused) -> None:
    key = iam.upload_ssh_public_key(UserName=user, SSHPublicKeyBody=made().ssh + " ada@home")["SSHPublicKey"]
    assert key["SSHPublicKeyId"].startswith("APKA")
    assert len(key["Fingerprint"].split(":")) == 16
    with refused("DuplicateSSHPublicKey"):
        iam.upload_ssh_public_key(UserName=user, SSHPublicKeyBody=made().public)
    asked = {"UserName": user, "SSHPublicKeyId": key["SSHPublicKeyId"]}
    assert iam.get_ssh_public_key(Encoding="SSH", **asked)["SSHPublicKey"]["SSHPublicKeyBody"].endswith("ada@home")
    assert iam.get_ssh_public_key(Encoding="PEM", **asked)["SSHPublicKey"]["SSHPublicKeyBody"] == made().public
    iam.update_ssh_public_key(Status="Inactive", **asked)
    (listed,) = iam.list_ssh_public_keys(UserName=user)["SSHPublicKeys"]
    assert listed["Status"] == "Inactive"
    iam.delete_ssh_public_key(**asked)
    with refused("NoSuchEntity", "The Public Key with id", 404):
        iam.get_ssh_public_key(Encoding="SSH", **asked)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("ssh-rsa AAAA", "InvalidPublicKey"),
        ("ssh-ed25519 AAAA", "UnrecognizedPublicKeyEncoding"),
        (made("weak", 1024).ssh, "InvalidPublicKey"),
    ],
    ids=["torn", "other", "weak"],
)
def test_keys_that_are_none(iam: Any, user: str, refused: Refused, body: str, code: str) -> None:
    with refused(code):
        iam.upload_ssh_public_key(UserName=user, SSHPublicKeyBody=body)


def test_service_specific_credentials(iam: Any, user: str, refused: Refused) -> None:
    name = "codecommit.amazonaws.com"
    first = iam.create_service_specific_credential(UserName=user, ServiceName=name)["ServiceSpecificCredential"]
    assert first["ServiceUserName"] == "ada-at-000000000000"
    assert first["ServiceSpecificCredentialId"].startswith("ACCA")
    second = iam.create_service_specific_credential(UserName=user, ServiceName=name)["ServiceSpecificCredential"]
    assert second["ServiceUserName"] == "ada+1-at-000000000000"
    with refused("LimitExceeded", "2", 409):
        iam.create_service_specific_credential(UserName=user, ServiceName=name)
    id = first["ServiceSpecificCredentialId"]
    again = iam.reset_service_specific_credential(UserName=user, ServiceSpecificCredentialId=id)
    assert again["ServiceSpecificCredential"]["ServicePassword"] != first["ServicePassword"]
    iam.update_service_specific_credential(UserName=user, ServiceSpecificCredentialId=id, Status="Inactive")
    listed = iam.list_service_specific_credentials(UserName=user)["ServiceSpecificCredentials"]
    assert [one["Status"] for one in listed] == ["Inactive", "Active"]
    assert not any("ServicePassword" in one for one in listed)
    iam.create_user(UserName="bob")
    with refused("NoSuchEntity", f"No such credential {id} exists", 404):
        iam.delete_service_specific_credential(UserName="bob", ServiceSpecificCredentialId=id)
    pages = iam.list_service_specific_credentials(AllUsers=True, MaxItems=1)
    rest = iam.list_service_specific_credentials(AllUsers=True, Marker=pages["Marker"])
    assert [one["ServiceUserName"] for one in rest["ServiceSpecificCredentials"]] == [second["ServiceUserName"]]
    iam.delete_service_specific_credential(UserName=user, ServiceSpecificCredentialId=id)
    assert len(iam.list_service_specific_credentials(UserName=user)["ServiceSpecificCredentials"]) == 1


def test_api_keys_of_bedrock_end(cloud: Cloud, iam: Any, user: str) -> None:
    made = iam.create_service_specific_credential(
        UserName=user, ServiceName="bedrock.amazonaws.com", CredentialAgeDays=30
    )["ServiceSpecificCredential"]
    assert made["ServiceCredentialSecret"].startswith("ABSK")
    assert (made["ExpirationDate"] - made["CreateDate"]).days == 30
    cloud.clock.advance(days=31)
    (listed,) = iam.list_service_specific_credentials(UserName=user)["ServiceSpecificCredentials"]
    assert listed["Status"] == "Expired"


def test_server_certificates(iam: Any, refused: Refused) -> None:
    name = {"ServerCertificateName": "web"}
    uploaded = iam.upload_server_certificate(
        CertificateBody=made().certificate, PrivateKey=made().key, CertificateChain=made("ca").certificate,
        Path="/cloudfront/", Tags=[{"Key": "a", "Value": "1"}], **name,
    )  # fmt: skip
    metadata = uploaded["ServerCertificateMetadata"]
    assert metadata["ServerCertificateId"].startswith("ASCA")
    assert metadata["Arn"] == "arn:aws:iam::000000000000:server-certificate/cloudfront/web"
    assert metadata["Expiration"] == made().expires
    found = iam.get_server_certificate(**name)["ServerCertificate"]
    assert found["CertificateBody"] == made().certificate.strip()
    assert found["CertificateChain"] == made("ca").certificate.strip()
    assert "PRIVATE" not in str(found)
    with refused("EntityAlreadyExists", "The Server Certificate with name WEB already exists.", 409):
        iam.upload_server_certificate(
            ServerCertificateName="WEB", CertificateBody=made().certificate, PrivateKey=made().key
        )
    iam.tag_server_certificate(Tags=[{"Key": "b", "Value": "2"}], **name)
    iam.untag_server_certificate(TagKeys=["a"], **name)
    assert iam.list_server_certificate_tags(**name)["Tags"] == [{"Key": "b", "Value": "2"}]
    iam.update_server_certificate(NewServerCertificateName="shop", NewPath="/", **name)
    (listed,) = iam.list_server_certificates()["ServerCertificateMetadataList"]
    assert listed["Arn"].endswith(":server-certificate/shop")
    iam.delete_server_certificate(ServerCertificateName="shop")
    with refused("NoSuchEntity", "The Server Certificate with name shop cannot be found.", 404):
        iam.get_server_certificate(ServerCertificateName="shop")


def test_server_certificates_are_checked(iam: Any, refused: Refused) -> None:
    for body, key, code in (
        (made().certificate, made("other").key, "KeyPairMismatch"),
        ("x", made().key, "MalformedCertificate"),
        (made().certificate, "x", "MalformedCertificate"),
    ):
        with refused(code):
            iam.upload_server_certificate(ServerCertificateName="web", CertificateBody=body, PrivateKey=key)
