"""AssumeRoleWithSAML: the signatures of assertions are really verified."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore import UNSIGNED
from botocore.config import Config

from hodei.testing import Cloud

from . import idp
from .conftest import ACCOUNT, OTHER, document, trust
from .idp import NAMESPACE

pytestmark = [pytest.mark.feature("sts.credentials"), pytest.mark.feature("iam.federation")]

PROVIDER = f"arn:aws:iam::{ACCOUNT}:saml-provider/idp"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/saml"
INVALID = "Response signature invalid"
DENIED = "Not authorized to perform sts:AssumeRoleWithSAML"


@pytest.fixture
def anonymous(cloud: Cloud) -> Any:
    return cloud.client("sts", config=Config(signature_version=UNSIGNED))


@pytest.fixture
def provider(cloud: Cloud, iam: Any) -> str:
    cloud.clock.freeze()
    made = iam.create_saml_provider(Name="idp", SAMLMetadataDocument=idp.metadata())
    assert made["SAMLProviderArn"] == PROVIDER
    return PROVIDER


@pytest.fixture
def trusted(role: Any, provider: str) -> Callable[..., str]:
    """The role, for those whom the provider vouches for, on a condition."""

    def trusted(*actions: str, **condition: Any) -> str:
        more = {"Condition": condition} if condition else {}
        allowed = ["sts:AssumeRoleWithSAML", *actions]
        return str(role("saml", "sqs:*", trusts=trust({"Federated": provider}, allowed, **more)))

    return trusted


def attributes(**more: list[str]) -> dict[str, list[str]]:
    given = {"Role": [f"{PROVIDER}, {ROLE}", "arn:aws:iam::1:role/x,y"], "RoleSessionName": ["ada@example.com"]}
    return {f"{NAMESPACE}{name.replace('__', ':')}": values for name, values in (given | more).items() if values}


@pytest.fixture
def said(cloud: Cloud) -> Callable[..., str]:
    """An assertion of now."""

    def said(given: Any = None, **more: Any) -> str:
        return idp.assertion(cloud.clock.now(), attributes() if given is None else given, **more)

    return said


def assume(sts: Any, text: str, **more: Any) -> dict[str, Any]:
    call = {"RoleArn": ROLE, "PrincipalArn": PROVIDER, "SAMLAssertion": idp.encoded(text)}
    return dict(sts.assume_role_with_saml(**call | more))


def test_an_assertion_is_worth_a_role(anonymous: Any, client: Any, trusted: Any, said: Any) -> None:
    trusted()
    answer = assume(anonymous, idp.response(idp.signed(said())))
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/saml/ada@example.com"
    assert answer["AssumedRoleUser"]["Arn"] == session
    assert (answer["Subject"], answer["SubjectType"]) == ("ada", "transient")
    assert (answer["Issuer"], answer["Audience"]) == (idp.ENTITY, idp.RECIPIENT)
    qualifier = hashlib.sha1(f"{idp.ENTITY}{ACCOUNT}/idp".encode()).digest()
    assert answer["NameQualifier"] == base64.b64encode(qualifier).decode()
    assert client("sts", answer["Credentials"]).get_caller_identity()["Arn"] == session
    client("sqs", answer["Credentials"]).list_queues()


def test_the_response_may_be_signed_instead_or_too(anonymous: Any, trusted: Any, said: Any) -> None:
    trusted()
    assume(anonymous, idp.signed(idp.response(said())))
    assume(anonymous, idp.signed(idp.response(idp.signed(said()))))


def test_forged_responses(cloud: Cloud, anonymous: Any, trusted: Any, said: Any, refused: Any) -> None:
    trusted()
    good = idp.signed(said())
    admin = said(subject="admin")
    for forged in (
        idp.response(said()),
        idp.response(good.replace(">ada<", ">admin<")),
        idp.response(good.replace("ada@example.com", "admin@example.com")),
        idp.response(idp.signed(said(), "stranger")),
        idp.signed(idp.response(said())).replace(">ada<", ">admin<"),
        "<x/>",
        "no XML",
        f"<!DOCTYPE x [<!ENTITY e 'x'>]>{idp.response(good)}",
        idp.signed("<x ID='_1'/>"),
    ):
        with refused("InvalidIdentityToken", INVALID):
            assume(anonymous, forged)
    wrapped = idp.response(admin.replace("_assertion", "_evil"), good)  # beside it, and around it
    inside = idp.response(admin.replace("_assertion", "_evil").replace("</saml:Assertion>", f"{good}</saml:Assertion>"))
    for text in (wrapped, inside):
        assert assume(anonymous, text)["Subject"] == "ada"
    with refused("InvalidIdentityToken", "Response must have one assertion"):
        assume(anonymous, idp.signed(idp.response(said(), admin)))
    with refused("InvalidIdentityToken", "Invalid base64 SAMLResponse"):
        assume(anonymous, "", SAMLAssertion="!!!!")


def test_a_comment_does_not_cut_the_subject(anonymous: Any, trusted: Any, said: Any) -> None:
    trusted()
    text = idp.signed(said(subject="ada@example.com.evil.org")).replace(".evil.org", "<!-- -->.evil.org")
    assert assume(anonymous, idp.response(text))["Subject"] == "ada@example.com.evil.org"


def test_times(cloud: Cloud, anonymous: Any, trusted: Any, said: Any, refused: Any) -> None:
    trusted()
    short, long = idp.response(idp.signed(said(minutes=1))), idp.response(idp.signed(said(minutes=60)))
    future = idp.assertion(cloud.clock.now() + timedelta(minutes=2), attributes())
    with refused("InvalidIdentityToken", "not valid yet"):
        assume(anonymous, idp.response(idp.signed(future)))
    cloud.clock.advance(minutes=2)
    with refused("ExpiredTokenException", "Response has expired"):
        assume(anonymous, short)
    assume(anonymous, long)
    cloud.clock.advance(minutes=4)
    with refused("ExpiredTokenException", "Token must be redeemed within 5 minutes of issuance"):
        assume(anonymous, long)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"issuer": "https://evil.example.com"}, "Issuer not present in specified provider"),
        ({"audience": "urn:other"}, "Response does not contain the required audience."),
        ({"recipient": "https://evil.example.com/saml"}, "Response does not contain the required audience."),
        ({"method": "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"}, "Invalid SAML response"),
    ],
)
def test_what_is_not_for_aws(
    anonymous: Any, trusted: Any, said: Any, refused: Any, more: dict[str, str], message: str
) -> None:
    trusted()
    with refused("InvalidIdentityToken", message):
        assume(anonymous, idp.response(idp.signed(said(**more))))


def test_what_is_no_success(anonymous: Any, trusted: Any, said: Any, refused: Any) -> None:
    trusted()
    with refused("InvalidIdentityToken", "Response does not say success"):
        assume(anonymous, idp.signed(idp.response(said(), status="Requester")))
    assume(
        anonymous,
        idp.response(
            idp.signed(said(audience=idp.RECIPIENT, recipient="https://us-east-1.signin.aws.amazon.com/saml"))
        ),
    )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"RoleSessionName": []}, "RoleSessionName is required in AuthnResponse"),
        ({"RoleSessionName": ["a b"]}, "RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}"),
        ({"Role": []}, "Your request included an invalid SAML response."),
        ({"SourceIdentity": ["aws:x"]}, "Source Identity must match"),
        ({"PrincipalTag__a": ["1", "2"]}, "A session tag must have one value"),
    ],
)
def test_attributes_that_must_be_there(
    anonymous: Any, trusted: Any, said: Any, refused: Any, given: Any, message: str
) -> None:
    trusted()
    with refused("InvalidIdentityToken", message):
        assume(anonymous, idp.response(idp.signed(said(attributes(**given)))))


def test_the_role_must_be_among_those_of_the_user(
    anonymous: Any, iam: Any, trusted: Any, role: Any, said: Any, refused: Any
) -> None:
    text = idp.response(idp.signed(said()))
    with refused("AccessDenied", DENIED, 403):
        assume(anonymous, text)  # there is no such role
    trusted()
    another = role("another", trusts=trust({"Federated": PROVIDER}, "sts:AssumeRoleWithSAML"))
    with refused("AccessDenied", DENIED, 403):
        assume(anonymous, text, RoleArn=another)
    for arn in (PROVIDER.replace("idp", "none"), PROVIDER.replace(ACCOUNT, OTHER)):
        with refused("InvalidIdentityToken", "Specified provider doesn't exist"):
            assume(anonymous, text, PrincipalArn=arn)
    iam.update_assume_role_policy(RoleName="saml", PolicyDocument=trust())
    with refused("AccessDenied", DENIED, 403):
        assume(anonymous, text)


def test_trust_policies_ask_for_attributes(anonymous: Any, trusted: Any, said: Any, refused: Any) -> None:
    trusted(
        StringEquals={
            "SAML:aud": idp.RECIPIENT,
            "SAML:iss": idp.ENTITY,
            "saml:sub_type": "transient",
            "saml:doc": f"{ACCOUNT}/idp",
        },
        **{"ForAnyValue:StringLike": {"saml:edupersonaffiliation": ["staff"]}},
    )
    key = "urn:oid:1.3.6.1.4.1.5923.1.1.1.1"
    assume(anonymous, idp.response(idp.signed(said(attributes() | {key: ["member", "staff"]}))))
    for wrong in (["member"], []):
        with refused("AccessDenied", DENIED, 403):
            assume(anonymous, idp.response(idp.signed(said(attributes() | {key: wrong}))))


@pytest.mark.feature("iam.abac")
def test_tags_and_source_identities(
    anonymous: Any, client: Any, iam: Any, trusted: Any, said: Any, role: Any, refused: Any
) -> None:
    given = attributes(PrincipalTag__Team=["red"], TransitiveTagKeys=["Team"], SourceIdentity=["ada"])
    text = idp.response(idp.signed(said(given)))
    trusted()
    with refused("AccessDenied", "Not authorized to perform sts:TagSession", 403):
        assume(anonymous, text)
    allowed = ["sts:AssumeRoleWithSAML", "sts:TagSession", "sts:SetSourceIdentity"]
    condition = {"StringEquals": {"aws:RequestTag/Team": "red", "sts:SourceIdentity": "ada"}}
    document_ = trust({"Federated": PROVIDER}, allowed, Condition=condition)
    iam.update_assume_role_policy(RoleName="saml", PolicyDocument=document_)
    answer = assume(anonymous, text)
    assert answer["SourceIdentity"] == "ada"
    tagged = document("sqs:*", Condition={"StringEquals": {"aws:PrincipalTag/team": "red"}})
    iam.put_role_policy(RoleName="saml", PolicyName="own", PolicyDocument=tagged)
    client("sqs", answer["Credentials"]).list_queues()
    chained = role("next", trusts=trust(action=["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]))
    iam.put_role_policy(RoleName="saml", PolicyName="chain", PolicyDocument=document("sts:*"))
    answer = client("sts", answer["Credentials"]).assume_role(RoleArn=chained, RoleSessionName="s1")
    assert answer["SourceIdentity"] == "ada"


def test_what_later_requests_know(anonymous: Any, client: Any, iam: Any, trusted: Any, said: Any, refused: Any) -> None:
    trusted()
    answer = assume(anonymous, idp.response(idp.signed(said())))
    sqs = client("sqs", answer["Credentials"])
    known = {"StringEquals": {"saml:sub": "ada", "saml:namequalifier": answer["NameQualifier"]}}
    iam.put_role_policy(RoleName="saml", PolicyName="own", PolicyDocument=document("sqs:*", Condition=known))
    sqs.list_queues()
    unknown = document("sqs:*", Condition={"StringEquals": {"saml:iss": idp.ENTITY}})
    iam.put_role_policy(RoleName="saml", PolicyName="own", PolicyDocument=unknown)
    with refused("AccessDenied", "", 403):
        sqs.list_queues()


def test_sessions_end_with_that_of_the_provider(
    cloud: Cloud, anonymous: Any, trusted: Any, said: Any, refused: Any
) -> None:
    trusted()
    now = cloud.clock.now()

    def ends(minutes: int, **more: Any) -> float:
        session = f'SessionNotOnOrAfter="{idp.stamp(now + timedelta(minutes=minutes))}"'
        answer = assume(anonymous, idp.response(idp.signed(said(session=session))), **more)
        return float(round((answer["Credentials"]["Expiration"] - now).total_seconds() / 60))

    assert ends(30) == 30
    assert ends(90) == 60
    assert ends(90, DurationSeconds=900) == 15
    with refused("ExpiredTokenException", "Response has expired"):
        ends(-1)
    with refused("ValidationError", "exceeds the MaxSessionDuration set for this role."):
        ends(90, DurationSeconds=7200)


def test_a_new_certificate(anonymous: Any, iam: Any, trusted: Any, said: Any, refused: Any) -> None:
    trusted()
    text = idp.response(idp.signed(said(), "second"))
    with refused("InvalidIdentityToken", INVALID):
        assume(anonymous, text)
    iam.update_saml_provider(SAMLProviderArn=PROVIDER, SAMLMetadataDocument=idp.metadata(name="second"))
    assume(anonymous, text)


@pytest.fixture
def reading(iam: Any, provider: str) -> None:
    """The provider has a key for what is encrypted; it came after another one."""
    for name in ("other", "reader"):
        iam.update_saml_provider(SAMLProviderArn=provider, AddPrivateKey=idp.reader_pem(name))


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"bits": 128},
        {"bits": 192, "digest": "sha256"},
        {"mode": "cbc"},
        {"mode": "cbc", "bits": 128, "digest": "sha512"},
    ],
)
def test_encrypted_assertions(anonymous: Any, trusted: Any, said: Any, reading: None, how: dict[str, Any]) -> None:
    trusted()
    inside = idp.response(idp.encrypted(idp.signed(said()), **how))
    around = idp.signed(idp.response(idp.encrypted(said(), **how)))
    for text in (inside, around, idp.signed(inside)):
        assert assume(anonymous, text)["Subject"] == "ada"


def test_where_encryption_is_required(
    anonymous: Any, iam: Any, trusted: Any, said: Any, reading: None, refused: Any
) -> None:
    trusted()
    plain = idp.response(idp.signed(said()))
    assume(anonymous, plain)
    iam.update_saml_provider(SAMLProviderArn=PROVIDER, AssertionEncryptionMode="Required")
    with refused("InvalidIdentityToken"):
        assume(anonymous, plain)
    assume(anonymous, idp.response(idp.encrypted(idp.signed(said()))))


def test_encryption_proves_nothing(anonymous: Any, trusted: Any, said: Any, reading: None, refused: Any) -> None:
    """Anybody can encrypt for the account: what is inside has to be signed, or what is around."""
    trusted()
    good = idp.signed(said())
    with refused("InvalidIdentityToken", INVALID):
        assume(anonymous, idp.response(idp.encrypted(said())))
    with refused("InvalidIdentityToken", INVALID):
        assume(anonymous, idp.response(idp.encrypted(idp.signed(said(), "stranger"))))
    with refused("InvalidIdentityToken", INVALID):
        assume(anonymous, idp.response(idp.encrypted(good.replace("ada", "eve"))))
    with refused("InvalidIdentityToken", "must have one assertion"):
        assume(anonymous, idp.response(said(subject="eve"), idp.encrypted(good)))
    with refused("InvalidIdentityToken", "must have one assertion"):
        assume(anonymous, idp.response(idp.encrypted(said(subject="eve")), idp.encrypted(good)))


def test_what_cannot_be_opened(anonymous: Any, iam: Any, trusted: Any, said: Any, refused: Any) -> None:
    trusted()
    text = idp.response(idp.encrypted(idp.signed(said())))
    with refused("InvalidIdentityToken", "decrypt"):
        assume(anonymous, text)
    iam.update_saml_provider(SAMLProviderArn=PROVIDER, AddPrivateKey=idp.reader_pem())
    assume(anonymous, text)
    for wrong in (
        idp.encrypted(idp.signed(said()), to="other"),
        idp.encrypted(idp.signed(said())).replace("aes256-gcm", "aes128-gcm"),
        idp.encrypted(idp.signed(said())).replace("aes256-gcm", "chacha20"),
        idp.encrypted(idp.signed(said())).replace("rsa-oaep-mgf1p", "rsa-1_5"),
        idp.encrypted(idp.signed(said())).replace("CipherValue>", "CipherValue>!"),
        idp.encrypted(idp.signed(said())).replace("EncryptedKey", "Nothing"),
        f"<saml:EncryptedAssertion {idp.XMLNS}/>",
    ):
        with refused("InvalidIdentityToken", "decrypt"):
            assume(anonymous, idp.response(wrong))
