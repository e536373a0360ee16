"""Tokens that STS gives out of users and roles: verified with the keys that their issuer tells."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from hodei.testing import Cloud

from .conftest import ACCOUNT, OTHER, Clients, document, trust

pytestmark = pytest.mark.feature("sts.credentials", "iam.federation")

AUDIENCE = "https://api.example.com"
AWS = "https://sts.amazonaws.com/"
Refused = Callable[..., Any]


@pytest.fixture
def issuer(iam: Any) -> str:
    return str(iam.enable_outbound_web_identity_federation()["IssuerIdentifier"])


@pytest.fixture
def told(cloud: Cloud) -> Callable[[str], Any]:
    """What an issuer's address answers."""
    web = httpx.Client(transport=cloud.transport())
    return lambda url: web.get(url).raise_for_status().json()


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def number(text: str) -> int:
    return int.from_bytes(decoded(text), "big")


def verified(token: str, keys: list[dict[str, Any]]) -> dict[str, Any]:
    """The claims of a token that one of the keys has signed, by what cryptography makes of RFC 7518."""
    head, body, signature = token.split(".")
    header = json.loads(decoded(head))
    (key,) = [key for key in keys if key["kid"] == header["kid"]]
    assert (key["alg"], key["use"]) == (header["alg"], "sig")
    signed, made = f"{head}.{body}".encode(), decoded(signature)
    if header["alg"] == "RS256":
        of_rsa = rsa.RSAPublicNumbers(number(key["e"]), number(key["n"])).public_key()
        of_rsa.verify(made, signed, padding.PKCS1v15(), hashes.SHA256())
    else:
        assert (header["alg"], key["crv"], len(made)) == ("ES384", "P-384", 96)
        point = ec.EllipticCurvePublicNumbers(number(key["x"]), number(key["y"]), ec.SECP384R1()).public_key()
        point.verify(
            encode_dss_signature(number_of(made[:48]), number_of(made[48:])), signed, ec.ECDSA(hashes.SHA384())
        )
    return dict(json.loads(decoded(body)))


def number_of(data: bytes) -> int:
    return int.from_bytes(data, "big")


def wish(algorithm: str = "ES384", **more: Any) -> dict[str, Any]:
    return {"Audience": [AUDIENCE], "SigningAlgorithm": algorithm, **more}


@pytest.mark.parametrize("algorithm", ["RS256", "ES384"])
def test_a_token_of_a_user(cloud: Cloud, user: Any, client: Clients, issuer: str, told: Any, algorithm: str) -> None:
    cloud.clock.freeze()
    tags = [{"Key": "team", "Value": "data"}]
    sts = client("sts", user("ada", "sts:GetWebIdentityToken", "sts:TagGetWebIdentityToken", Tags=tags))
    answer = sts.get_web_identity_token(**wish(algorithm, Tags=[{"Key": "job", "Value": "7"}]))
    configuration = told(f"{issuer}/.well-known/openid-configuration")
    assert configuration["issuer"] == issuer
    assert configuration["id_token_signing_alg_values_supported"] == ["RS256", "ES384"]
    claims = verified(answer["WebIdentityToken"], told(configuration["jwks_uri"])["keys"])
    arn = f"arn:aws:iam::{ACCOUNT}:user/ada"
    assert (claims["iss"], claims["aud"], claims["sub"]) == (issuer, AUDIENCE, arn)
    now = int(cloud.clock.now().timestamp())
    assert (claims["iat"], claims["exp"]) == (now, now + 300)
    assert int(answer["Expiration"].timestamp()) == now + 300
    assert claims[AWS] == {
        "aws_account": ACCOUNT,
        "source_region": "us-east-1",
        "principal_id": arn,
        "principal_tags": {"team": "data"},
        "request_tags": {"job": "7"},
    }


def test_a_token_of_a_role(
    cloud: Cloud, sts: Any, role: Any, client: Clients, issuer: str, told: Any, refused: Refused
) -> None:
    cloud.clock.freeze()
    organization = cloud.client("organizations").create_organization(FeatureSet="ALL")["Organization"]["Id"]
    arn = role("worker", "sts:GetWebIdentityToken", Tags=[{"Key": "team", "Value": "data"}])
    session = client("sts", sts.assume_role(RoleArn=arn, RoleSessionName="session", DurationSeconds=900)["Credentials"])
    token = session.get_web_identity_token(**wish(DurationSeconds=900))["WebIdentityToken"]
    claims = verified(token, told(f"{issuer}/.well-known/jwks.json")["keys"])
    assert claims["sub"] == claims[AWS]["principal_id"] == arn
    assert (claims[AWS]["org_id"], claims[AWS]["principal_tags"]) == (organization, {"team": "data"})
    assert claims[AWS]["ou_path"].startswith(f"{organization}/r-")
    assert claims[AWS]["original_session_exp"]
    with refused("SessionDurationEscalationException", status=403):
        session.get_web_identity_token(**wish(DurationSeconds=901))
    several = session.get_web_identity_token(**{**wish(), "Audience": [AUDIENCE, "other"]})["WebIdentityToken"]
    assert json.loads(decoded(several.split(".")[1]))["aud"] == [AUDIENCE, "other"]


def test_another_account_trusts_it(cloud: Cloud, sts: Any, issuer: str, refused: Refused) -> None:
    """The issuer is a provider like any other, also to AssumeRoleWithWebIdentity."""
    there = cloud.client("iam", account=OTHER)
    provider = there.create_open_id_connect_provider(Url=issuer, ClientIDList=[AUDIENCE])["OpenIDConnectProviderArn"]
    subject = {"StringEquals": {f"{issuer.removeprefix('https://')}:sub": f"arn:aws:iam::{ACCOUNT}:root"}}
    trusts = trust({"Federated": provider}, "sts:AssumeRoleWithWebIdentity", Condition=subject)
    role = there.create_role(RoleName="guest", AssumeRolePolicyDocument=trusts)["Role"]["Arn"]
    anonymous = cloud.client("sts", config=Config(signature_version=UNSIGNED))
    token = sts.get_web_identity_token(**wish())["WebIdentityToken"]
    asked = {"RoleArn": role, "RoleSessionName": "session"}
    answer = anonymous.assume_role_with_web_identity(WebIdentityToken=token, **asked)
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{OTHER}:assumed-role/guest/session"
    for other in (
        sts.get_web_identity_token(**{**wish(), "Audience": ["b"]})["WebIdentityToken"],
        token[:-8] + "A" * 8,
    ):
        with refused("InvalidIdentityToken"):
            anonymous.assume_role_with_web_identity(WebIdentityToken=other, **asked)
    cloud.clock.advance(seconds=301)
    with refused("ExpiredTokenException"):
        anonymous.assume_role_with_web_identity(WebIdentityToken=token, **asked)


def test_accounts_have_keys_of_their_own(cloud: Cloud, sts: Any, issuer: str, told: Any) -> None:
    other = cloud.client("iam", account=OTHER).enable_outbound_web_identity_federation()["IssuerIdentifier"]
    assert other != issuer
    keys = told(f"{other}/.well-known/jwks.json")["keys"]
    token = sts.get_web_identity_token(**wish())["WebIdentityToken"]
    assert {key["kid"] for key in keys}.isdisjoint({json.loads(decoded(token.split(".")[0]))["kid"]})
    forged = [{**key, "kid": json.loads(decoded(token.split(".")[0]))["kid"]} for key in keys if key["kty"] == "EC"]
    with pytest.raises(InvalidSignature):
        verified(token, forged)


def test_disabled_it_gives_out_none_but_its_keys_stay(
    cloud: Cloud, iam: Any, sts: Any, told: Any, refused: Refused
) -> None:
    with refused("OutboundWebIdentityFederationDisabledException", status=403):
        sts.get_web_identity_token(**wish())
    for call in (iam.get_outbound_web_identity_federation_info, iam.disable_outbound_web_identity_federation):
        with refused("FeatureDisabled", status=404):
            call()
    issuer = iam.enable_outbound_web_identity_federation()["IssuerIdentifier"]
    with refused("FeatureEnabled", status=409):
        iam.enable_outbound_web_identity_federation()
    found = iam.get_outbound_web_identity_federation_info()
    assert (found["IssuerIdentifier"], found["JwtVendingEnabled"]) == (issuer, True)
    keys = told(f"{issuer}/.well-known/jwks.json")
    iam.disable_outbound_web_identity_federation()
    with refused("OutboundWebIdentityFederationDisabledException", status=403):
        sts.get_web_identity_token(**wish())
    assert told(f"{issuer}/.well-known/jwks.json") == keys
    assert iam.enable_outbound_web_identity_federation()["IssuerIdentifier"] == issuer


def test_permissions_and_their_conditions(iam: Any, user: Any, client: Clients, issuer: str, refused: Refused) -> None:
    sts = client("sts", user("ada"))
    with refused("AccessDenied", "sts:GetWebIdentityToken", 403):
        sts.get_web_identity_token(**wish())
    condition = {
        "ForAllValues:StringEquals": {"sts:IdentityTokenAudience": AUDIENCE},
        "StringEquals": {"sts:SigningAlgorithm": "ES384"},
        "NumericLessThanEquals": {"sts:DurationSeconds": "300"},
    }
    policy = document("sts:GetWebIdentityToken", Condition=condition)
    iam.put_user_policy(UserName="ada", PolicyName="own", PolicyDocument=policy)
    sts.get_web_identity_token(**wish(DurationSeconds=300))
    for wrong in (
        wish("RS256", DurationSeconds=300),
        wish(DurationSeconds=301),
        wish(DurationSeconds=300) | {"Audience": ["x"]},
    ):
        with refused("AccessDenied", status=403):
            sts.get_web_identity_token(**wrong)
    with refused("AccessDenied", "sts:TagGetWebIdentityToken", 403):
        sts.get_web_identity_token(**wish(DurationSeconds=300, Tags=[{"Key": "a", "Value": "b"}]))


def test_bad_requests(cloud: Cloud, sts: Any, issuer: str, refused: Refused) -> None:
    for wrong in (wish("HS256"), wish("ES256"), wish(DurationSeconds=3601)):
        with refused("ValidationError"):
            sts.get_web_identity_token(**wrong)
    web = httpx.Client(transport=cloud.transport())
    assert web.get(f"{issuer}/other").status_code == 404
    assert web.post(f"{issuer}/.well-known/jwks.json").status_code == 405
    assert web.get(f"https://{'0' * 36}.tokens.sts.global.api.aws/.well-known/jwks.json").status_code == 404
    local = issuer.replace("https", "http").replace("global.api.aws", "localhost:4566")
    assert web.get(f"{local}/.well-known/jwks.json").status_code == 200
