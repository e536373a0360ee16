"""Who comes with a token or an assertion, and who comes with nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore import UNSIGNED
from botocore.config import Config

from hodei.testing import ACCOUNT, Cloud
from services.sts import idp, issuer

from .conftest import Records, names, policy

pytestmark = pytest.mark.feature("cloudtrail.recording")

URL = "https://id.example.com/realm"
OIDC = f"arn:aws:iam::{ACCOUNT}:oidc-provider/id.example.com/realm"
SAML = f"arn:aws:iam::{ACCOUNT}:saml-provider/idp"


@pytest.fixture
def anonymous(cloud: Cloud) -> Any:
    cloud.clock.freeze()
    return cloud.client("sts", config=Config(signature_version=UNSIGNED))


def role(cloud: Cloud, provider: str, action: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Federated": provider}, "Action": action}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam = cloud.client("iam")
    arn: str = iam.create_role(RoleName="guest", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.put_role_policy(RoleName="guest", PolicyName="p", PolicyDocument=policy("sqs:*"))
    return arn


def test_a_web_identity(cloud: Cloud, anonymous: Any, lookup: Records, client_of: Any, refused: Any) -> None:
    cloud.set("sts", "jwks", json.dumps({URL: {"keys": [issuer.jwk()]}}))
    cloud.client("iam").create_open_id_connect_provider(Url=URL, ClientIDList=["app"])
    arn = role(cloud, OIDC, "sts:AssumeRoleWithWebIdentity")
    now = int(cloud.clock.now().timestamp())
    token = issuer.token({"iss": URL, "sub": "user-17", "aud": "app", "iat": now, "exp": now + 300})
    asked = {"RoleArn": arn, "RoleSessionName": "s1"}
    with refused("InvalidIdentityToken"):
        anonymous.assume_role_with_web_identity(WebIdentityToken="x.y.z", **asked)
    credentials = anonymous.assume_role_with_web_identity(WebIdentityToken=token, **asked)["Credentials"]
    failed, done = lookup("AssumeRoleWithWebIdentity")
    assert failed["userIdentity"] == {"type": "WebIdentityUser"}
    assert failed["errorCode"] == "InvalidIdentityTokenException"
    assert done["userIdentity"] == {
        "type": "WebIdentityUser",
        "principalId": f"{OIDC}:app:user-17",
        "userName": "user-17",
        "identityProvider": OIDC,
    }
    assert done["requestParameters"] == {"roleArn": arn, "roleSessionName": "s1"}
    assert done["responseElements"]["subjectFromWebIdentityToken"] == "user-17"
    client_of("sqs", credentials).list_queues()
    (used,) = lookup("ListQueues")
    federation = used["userIdentity"]["sessionContext"]["webIdFederationData"]
    assert federation == {"federatedProvider": OIDC, "attributes": {}}


def test_a_saml_user(cloud: Cloud, anonymous: Any, lookup: Records) -> None:
    cloud.client("iam").create_saml_provider(Name="idp", SAMLMetadataDocument=idp.metadata())
    arn = role(cloud, SAML, "sts:AssumeRoleWithSAML")
    said = {"Role": [f"{SAML},{arn}"], "RoleSessionName": ["ada@example.com"]}
    given = {f"{idp.NAMESPACE}{name}": values for name, values in said.items()}
    assertion = idp.encoded(idp.response(idp.signed(idp.assertion(cloud.clock.now(), given))))
    answer = anonymous.assume_role_with_saml(RoleArn=arn, PrincipalArn=SAML, SAMLAssertion=assertion)
    (record,) = lookup("AssumeRoleWithSAML")
    assert record["userIdentity"] == {
        "type": "SAMLUser",
        "principalId": f"{answer['NameQualifier']}:{answer['Subject']}",
        "userName": answer["Subject"],
        "identityProvider": answer["NameQualifier"],
    }
    assert assertion not in json.dumps(record)


def test_somebody_unknown(cloud: Cloud, cloudtrail: Any, logging: Any, files: Any, refused: Any) -> None:
    logging()
    values = [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::papers/"]}]
    cloudtrail.put_event_selectors(
        TrailName="main", EventSelectors=[{"IncludeManagementEvents": False, "DataResources": values}]
    )
    cloud.client("s3").create_bucket(Bucket="papers")
    cloud.client("s3").put_object(Bucket="papers", Key="k", Body=b"x")
    with refused("AccessDenied", status=403):
        cloud.client("s3", config=Config(signature_version=UNSIGNED)).get_object(Bucket="papers", Key="k")
    cloud.clock.advance(minutes=5)
    found = files()
    assert names(found) == ["PutObject", "GetObject"]
    (record,) = [one for file in found.values() for one in file["Records"] if one["eventName"] == "GetObject"]
    assert record["userIdentity"] == {"type": "AWSAccount", "principalId": "", "accountId": "anonymous"}
    assert record["errorCode"] == "AccessDenied"
    assert "additionalEventData" not in record
