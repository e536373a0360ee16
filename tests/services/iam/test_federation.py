from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from hodei.testing import Cloud

from .certificates import made

pytestmark = pytest.mark.feature("iam.federation")

Refused = Callable[..., Any]
THUMBPRINT = "9e99a48a9960b14926bb7f3b02e22da2b0ab7280"


def test_an_oidc_provider(iam: Any, refused: Refused) -> None:
    url = "https://token.example.com/realm"
    arn = iam.create_open_id_connect_provider(
        Url=url, ClientIDList=["one"], ThumbprintList=[THUMBPRINT], Tags=[{"Key": "a", "Value": "1"}]
    )["OpenIDConnectProviderArn"]
    assert arn == "arn:aws:iam::000000000000:oidc-provider/token.example.com/realm"
    with refused("EntityAlreadyExists", f"Provider with url {url} already exists.", 409):
        iam.create_open_id_connect_provider(Url=url)
    named = {"OpenIDConnectProviderArn": arn}
    for _ in range(2):
        iam.add_client_id_to_open_id_connect_provider(ClientID="two", **named)
    iam.remove_client_id_from_open_id_connect_provider(ClientID="one", **named)
    iam.update_open_id_connect_provider_thumbprint(ThumbprintList=["a" * 40], **named)
    found = iam.get_open_id_connect_provider(**named)
    assert found["Url"] == "token.example.com/realm"
    assert (found["ClientIDList"], found["ThumbprintList"]) == (["two"], ["a" * 40])
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == [{"Arn": arn}]
    iam.tag_open_id_connect_provider(Tags=[{"Key": "b", "Value": "2"}], **named)
    iam.untag_open_id_connect_provider(TagKeys=["a"], **named)
    assert iam.list_open_id_connect_provider_tags(**named)["Tags"] == [{"Key": "b", "Value": "2"}]
    for _ in range(2):
        iam.delete_open_id_connect_provider(**named)
    with refused("NoSuchEntity", f"OpenIDConnect Provider not found for arn {arn}", 404):
        iam.get_open_id_connect_provider(**named)


@pytest.mark.parametrize("url", ["http://a.example", "ftp://a", "a.example", "https://a.example/?q=1"])
def test_urls_that_are_none(iam: Any, refused: Refused, url: str) -> None:
    with refused("ValidationError", "Invalid Open ID Connect Provider URL"):
        iam.create_open_id_connect_provider(Url=url)


def test_limits_of_oidc_providers(iam: Any, refused: Refused) -> None:
    with refused("InvalidInput", "Thumbprint list must contain fewer than 5 entries."):
        iam.create_open_id_connect_provider(Url="https://a.example", ThumbprintList=[THUMBPRINT] * 6)
    with refused("LimitExceeded", "100", 409):
        iam.create_open_id_connect_provider(Url="https://a.example", ClientIDList=[str(n) for n in range(101)])


def metadata(entity: str = "https://idp.example.com", certificate: str = "", more: str = "") -> str:
    certificate = certificate or base64.b64encode(made().der).decode()
    return (
        f'<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{entity}" {more}>'
        '<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
        '<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data>'
        f"<X509Certificate>{certificate}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>"
        "</IDPSSODescriptor></EntityDescriptor>"
    )


def test_a_saml_provider(iam: Any, refused: Refused) -> None:
    created = iam.create_saml_provider(Name="idp", SAMLMetadataDocument=metadata(), Tags=[{"Key": "a", "Value": "1"}])
    arn = created["SAMLProviderArn"]
    assert arn == "arn:aws:iam::000000000000:saml-provider/idp"
    with refused("EntityAlreadyExists", "Provider with name idp already exists.", 409):
        iam.create_saml_provider(Name="idp", SAMLMetadataDocument=metadata())
    named = {"SAMLProviderArn": arn}
    found = iam.get_saml_provider(**named)
    assert found["SAMLMetadataDocument"] == metadata()
    assert found["ValidUntil"] == made().expires
    until = metadata(more='validUntil="2027-05-04T00:00:00Z"')
    iam.update_saml_provider(SAMLMetadataDocument=until, **named)
    (listed,) = iam.list_saml_providers()["SAMLProviderList"]
    assert (listed["Arn"], listed["ValidUntil"].year) == (arn, 2027)
    iam.tag_saml_provider(Tags=[{"Key": "b", "Value": "2"}], **named)
    iam.untag_saml_provider(TagKeys=["a"], **named)
    assert iam.list_saml_provider_tags(**named)["Tags"] == [{"Key": "b", "Value": "2"}]
    iam.delete_saml_provider(**named)
    with refused("NoSuchEntity", f"Manifest not found for arn {arn}", 404):
        iam.get_saml_provider(**named)


def test_keys_for_encrypted_assertions(iam: Any, refused: Refused) -> None:
    with refused("InvalidInput", "Required because no private key is provided"):
        iam.create_saml_provider(Name="idp", SAMLMetadataDocument=metadata(), AssertionEncryptionMode="Required")
    named = {
        "SAMLProviderArn": iam.create_saml_provider(Name="idp", SAMLMetadataDocument=metadata())["SAMLProviderArn"]
    }
    for name in ("a", "b"):
        iam.update_saml_provider(AddPrivateKey=made(name).key, AssertionEncryptionMode="Required", **named)
    with refused("LimitExceeded", "Private key limit of 2 is reached.", 409):
        iam.update_saml_provider(AddPrivateKey=made("c").key, **named)
    with refused("InvalidInput", "Invalid private key."):
        iam.create_saml_provider(Name="other", SAMLMetadataDocument=metadata(), AddPrivateKey="no key")
    found = iam.get_saml_provider(**named)
    assert found["AssertionEncryptionMode"] == "Required"
    gone = found["PrivateKeyList"][0]["KeyId"]
    iam.update_saml_provider(RemovePrivateKey=gone, **named)
    assert len(iam.get_saml_provider(**named)["PrivateKeyList"]) == 1
    with refused("InvalidInput", "does not match a private key"):
        iam.update_saml_provider(RemovePrivateKey=gone, **named)
    last = found["PrivateKeyList"][1]["KeyId"]
    with refused("InvalidInput", "Failed to remove private key."):
        iam.update_saml_provider(RemovePrivateKey=last, **named)
    with refused("InvalidInput", "add and remove private keys in the same request"):
        iam.update_saml_provider(RemovePrivateKey=last, AddPrivateKey=made("c").key, **named)
    with refused("InvalidInput", "No updates are defined"):
        iam.update_saml_provider(**named)
    iam.update_saml_provider(RemovePrivateKey=last, AssertionEncryptionMode="Allowed", **named)
    assert iam.get_saml_provider(**named)["PrivateKeyList"] == []


@pytest.mark.parametrize(
    "text",
    [
        "x" * 1000,
        metadata().replace("IDPSSODescriptor", "SPSSODescriptor"),
        metadata(certificate="!" * 1000),
        metadata(certificate="QUJD" * 300),
        "<!DOCTYPE x [<!ENTITY a 'b'>]>" + metadata(),
    ],
    ids=["no-xml", "service-provider", "no-base64", "no-certificate", "entities"],
)
def test_metadata_is_checked(iam: Any, refused: Refused, text: str) -> None:
    with refused("InvalidInput", "Could not parse metadata"):
        iam.create_saml_provider(Name="idp", SAMLMetadataDocument=text)


def test_outbound_federation_belongs_to_the_account(cloud: Cloud, iam: Any, refused: Refused) -> None:
    """The tokens are in the tests of STS."""
    issuer = iam.enable_outbound_web_identity_federation()["IssuerIdentifier"]
    assert iam.get_outbound_web_identity_federation_info()["IssuerIdentifier"] == issuer
    with refused("FeatureDisabled", status=404):
        cloud.client("iam", account="123456789012").disable_outbound_web_identity_federation()
    iam.disable_outbound_web_identity_federation()
    with refused("FeatureDisabled", status=404):
        iam.get_outbound_web_identity_federation_info()
