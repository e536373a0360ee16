"""Condition keys: what requests have of AWS's global ones, and what policies with them then allow.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hodei.kernel.context import ANONYMOUS, Principal, service_principal
from hodei.kernel.iam.facts import GLOBAL, TAGS, Facts
from hodei.kernel.iam.hooks import Endpoint
from hodei.protocol.http import Body, Headers, Request
from hodei.testing import Cloud

pytestmark = pytest.mark.feature("iam.evaluation")

ACCOUNT = "000000000000"
BOB = Principal(account=ACCOUNT, arn=f"arn:aws:iam::{ACCOUNT}:user/bob", access_key="AKIA", kind="user", id="AIDA")
VPC = f"arn:aws:ec2:us-east-1:{ACCOUNT}:vpc/vpc-1"
EVERYTHING = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
Allowed = Callable[..., Any]


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def endpoint(*statements: dict[str, Any]) -> Endpoint:
    return Endpoint("vpce-1", ACCOUNT, VPC, document(*statements), "10.0.0.7")


@pytest.fixture
def cloud() -> Any:
    with Cloud() as cloud:
        yield cloud


def request() -> Request:
    headers = Headers([("user-agent", "test"), ("referer", "https://example.com/")])
    return Request(method="POST", target="/", headers=headers, body=Body(b""), client="203.0.113.9")


def facts(cloud: Cloud, service: str = "sqs", principal: Principal = BOB, **more: Any) -> Facts:
    ctx = cloud.world.context(service, account=ACCOUNT, region="eu-west-1", principal=principal, **more)
    return Facts(ctx, {}, "*", ACCOUNT, {})


def test_a_call_by_oneself(cloud: Cloud) -> None:
    found = facts(cloud, request=request())
    assert found["aws:viaawsservice"] == ["false"]
    assert (found["aws:sourceip"], found["aws:useragent"]) == (["203.0.113.9"], ["test"])
    assert (found["aws:principalaccount"], found["aws:userid"]) == ([ACCOUNT], ["AIDA"])
    absent = ("aws:calledvia", "aws:calledviafirst", "aws:calledvialast", "aws:sourcevpce", "aws:vpcsourceip")
    assert not [name for name in absent if name in found]


def test_a_call_that_services_make_for_one(cloud: Cloud) -> None:
    """Of those through which it came only some are told of, but that it did is always."""
    via = ("cloudformation.amazonaws.com", "ssm.amazonaws.com", "dynamodb.amazonaws.com")
    found = facts(cloud, "kms", request=request(), via=via)
    assert found["aws:calledvia"] == ["cloudformation.amazonaws.com", "dynamodb.amazonaws.com"]
    assert found["aws:calledviafirst"] == ["cloudformation.amazonaws.com"]
    assert found["aws:calledvialast"] == ["dynamodb.amazonaws.com"]
    assert found["aws:viaawsservice"] == ["true"]
    assert found["aws:securetransport"] == ["true"]
    assert not [name for name in ("aws:sourceip", "aws:useragent", "aws:referer") if name in found]
    assert "aws:calledvia" not in facts(cloud, "kms", via=("ssm.amazonaws.com",))


def test_a_service_of_itself(cloud: Cloud) -> None:
    source = f"arn:aws:s3:::{ACCOUNT}"
    found = facts(cloud, principal=service_principal("s3.amazonaws.com", ACCOUNT, source), via=("s3.amazonaws.com",))
    assert found["aws:principalisawsservice"] == ["true"]
    assert found["aws:principalservicename"] == found["aws:principalservicenameslist"] == ["s3.amazonaws.com"]
    assert (found["aws:sourcearn"], found["aws:sourceaccount"]) == ([source], [ACCOUNT])
    assert found["aws:viaawsservice"] == ["false"]
    absent = ("aws:principalarn", "aws:principalaccount", "aws:principaltype", "aws:userid", "aws:calledvia")
    assert not [name for name in absent if name in found]


def test_the_anonymous(cloud: Cloud) -> None:
    found = facts(cloud, principal=ANONYMOUS, request=request())
    assert (found["aws:principalaccount"], found["aws:principaltype"]) == (["anonymous"], ["Anonymous"])
    assert not [name for name in ("aws:principalarn", "aws:userid", "aws:username") if name in found]


@pytest.mark.parametrize(("service", "region"), [("sqs", "eu-west-1"), ("iam", "us-east-1")])
def test_services_without_regions_are_in_one(cloud: Cloud, service: str, region: str) -> None:
    assert facts(cloud, service)["aws:requestedregion"] == [region]


def test_through_a_vpc_endpoint(cloud: Cloud) -> None:
    cloud.world.vpc_endpoint = lambda request: endpoint(EVERYTHING)
    found = facts(cloud, request=request())
    assert (found["aws:sourcevpce"], found["aws:sourcevpc"]) == (["vpce-1"], ["vpc-1"])
    assert (found["aws:sourcevpcarn"], found["aws:vpceaccount"]) == ([VPC], [ACCOUNT])
    assert found["aws:vpcsourceip"] == ["10.0.0.7"]
    assert not [name for name in ("aws:sourceip", "aws:vpceorgid", "aws:vpceorgpaths") if name in found]
    cloud.client("organizations").create_organization(FeatureSet="ALL")
    found = facts(cloud, request=request())
    assert found["aws:vpceorgid"] == found["aws:principalorgid"]
    assert found["aws:vpceorgpaths"] == found["aws:principalorgpaths"]
    assert "aws:sourcevpce" not in facts(cloud, request=request(), via=("s3.amazonaws.com",)), "the service's own way"


def test_the_policy_of_an_endpoint_has_to_allow(cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    for bucket in ("mine", "other"):
        s3.create_bucket(Bucket=bucket)
        s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    one = {**EVERYTHING, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::mine/*"}
    cloud.world.vpc_endpoint = lambda request: endpoint(one)
    assert s3.get_object(Bucket="mine", Key="k")["Body"].read() == b"x"
    for call in (lambda: s3.get_object(Bucket="other", Key="k"), s3.list_buckets, cloud.client("iam").list_users):
        with pytest.raises(ClientError, match="because no VPC endpoint policy allows"):
            call()
    deny = {**EVERYTHING, "Effect": "Deny", "Action": "s3:GetObject"}
    cloud.world.vpc_endpoint = lambda request: endpoint(EVERYTHING, deny)
    with pytest.raises(ClientError, match="with an explicit deny in a VPC endpoint policy"):
        s3.get_object(Bucket="mine", Key="k")
    cloud.world.vpc_endpoint = None
    s3.list_buckets()


def test_a_bucket_for_one_endpoint(cloud: Cloud) -> None:
    """AWS's example: https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-bucket-policies-vpc-endpoint.html"""
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="mine")
    s3.put_object(Bucket="mine", Key="k", Body=b"x")
    elsewhere = {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}
    deny = {**EVERYTHING, "Effect": "Deny", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::mine/*"}
    s3.put_bucket_policy(Bucket="mine", Policy=document({**deny, "Condition": elsewhere}))
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.get_object(Bucket="mine", Key="k")
    cloud.world.vpc_endpoint = lambda request: endpoint(EVERYTHING)
    assert s3.get_object(Bucket="mine", Key="k")["Body"].read() == b"x"


@pytest.fixture
def allowed(cloud: Cloud) -> Allowed:
    """What makes clients of a new user that these statements allow something."""

    def allowed(*statements: dict[str, Any]) -> Callable[[str], Any]:
        iam = cloud.client("iam")
        iam.create_user(UserName="bob")
        iam.put_user_policy(UserName="bob", PolicyName="own", PolicyDocument=document(*statements))
        key = iam.create_access_key(UserName="bob")["AccessKey"]
        secrets = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
        return lambda service: cloud.client(service, **secrets)

    return allowed


def test_a_key_that_only_services_use_for_one(cloud: Cloud, allowed: Allowed) -> None:
    key = cloud.client("kms").create_key()["KeyMetadata"]["KeyId"]
    via = {"Bool": {"aws:ViaAWSService": "true"}}
    bob = allowed(
        {"Effect": "Allow", "Action": "ssm:*", "Resource": "*"},
        {"Effect": "Allow", "Action": "kms:*", "Resource": "*", "Condition": via},
    )
    bob("ssm").put_parameter(Name="secret", Value="x", Type="SecureString", KeyId=key)
    assert bob("ssm").get_parameter(Name="secret", WithDecryption=True)["Parameter"]["Value"] == "x"
    with pytest.raises(ClientError, match="AccessDeniedException"):
        bob("kms").encrypt(KeyId=key, Plaintext=b"x")


def test_every_documented_key_is_there_or_named_here() -> None:
    """Those that are not tell of what Hodei does not have: sessions of its services bring theirs in `Session.context`."""
    documented = {
        "aws:AssumedRoot", "aws:CalledVia", "aws:CalledViaFirst", "aws:CalledViaLast", "aws:ChatbotSourceArn",
        "aws:CurrentTime", "aws:Ec2InstanceSourcePrivateIPv4", "aws:Ec2InstanceSourceVpc", "aws:EpochTime",
        "aws:FederatedProvider", "aws:MultiFactorAuthAge", "aws:MultiFactorAuthPresent", "aws:PrincipalAccount",
        "aws:PrincipalArn", "aws:PrincipalIsAWSService", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths",
        "aws:PrincipalServiceName", "aws:PrincipalServiceNamesList", "aws:PrincipalTag/", "aws:PrincipalType",
        "aws:RequestTag/", "aws:RequestedRegion", "aws:ResourceAccount", "aws:ResourceOrgID", "aws:ResourceOrgPaths",
        "aws:ResourceTag/", "aws:SecureTransport", "aws:SourceAccount", "aws:SourceArn", "aws:SourceIdentity",
        "aws:SourceIp", "aws:SourceOrgID", "aws:SourceOrgPaths", "aws:SourceVpc", "aws:SourceVpcArn", "aws:SourceVpce",
        "aws:TagKeys", "aws:TokenIssueTime", "aws:UserAgent", "aws:ViaAWSService", "aws:VpcSourceIp",
        "aws:VpceAccount", "aws:VpceOrgID", "aws:VpceOrgPaths", "aws:referer", "aws:userid", "aws:username",
    }  # fmt: skip
    missing = {name for name in documented if name.lower() not in {*GLOBAL, *TAGS}}
    assert missing == {"aws:ChatbotSourceArn", "aws:Ec2InstanceSourcePrivateIPv4", "aws:Ec2InstanceSourceVpc"}
