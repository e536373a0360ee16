"""Parameter policies on the clock, events, and who else may read a parameter."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest

from hodei.testing import Cloud

pytestmark = pytest.mark.feature("ssm.parameters")

Refused = Callable[..., AbstractContextManager[None]]
OTHER = "111111111111"


@pytest.fixture
def heard(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """What the service told the cloud: there is no EventBridge yet that would hear it."""
    found: list[tuple[str, dict[str, Any]]] = []

    def emit(ctx: Any, detail_type: str, detail: dict[str, Any], resources: tuple[str, ...]) -> None:
        found.append((detail_type, detail))

    monkeypatch.setattr(cloud.world.bus, "emit", emit)
    return found


def policy(kind: str, **attributes: str) -> dict[str, Any]:
    return {"Type": kind, "Version": "1.0", "Attributes": attributes}


def put(cloud: Cloud, ssm: Any, *policies: dict[str, Any], **more: Any) -> None:
    given = {"Policies": json.dumps(policies)} if policies else {}
    ssm.put_parameter(Name="p", Value="v", Type="String", Tier="Advanced", **given, **more)


def expiration(cloud: Cloud, **later: float) -> dict[str, Any]:
    at = cloud.clock.now() + timedelta(**later)
    return policy("Expiration", Timestamp=at.isoformat(timespec="milliseconds").replace("+00:00", "Z"))


def acted(heard: list[tuple[str, dict[str, Any]]]) -> list[str]:
    return [detail["policy-type"] for kind, detail in heard if kind == "Parameter Store Policy Action"]


def statuses(ssm: Any) -> dict[str, str]:
    described = ssm.describe_parameters()["Parameters"][0]["Policies"]
    return {one["PolicyType"]: one["PolicyStatus"] for one in described}


def test_a_parameter_expires(cloud: Cloud, ssm: Any, refused: Refused, heard: list[tuple[str, dict[str, Any]]]) -> None:
    cloud.clock.freeze()
    warning = policy("ExpirationNotification", Before="2", Unit="Days")
    put(cloud, ssm, expiration(cloud, days=10), warning)
    assert statuses(ssm) == {"Expiration": "Pending", "ExpirationNotification": "Pending"}
    cloud.clock.advance(days=8, minutes=1)
    assert acted(heard) == ["ExpirationNotification"]
    assert statuses(ssm) == {"Expiration": "Pending", "ExpirationNotification": "Finished"}
    put(cloud, ssm, Overwrite=True)  # changes nothing of when it expires
    cloud.clock.advance(days=1, hours=23)
    ssm.get_parameter(Name="p")
    cloud.clock.advance(hours=1)
    with refused("ParameterNotFound"):
        ssm.get_parameter(Name="p")
    assert acted(heard) == ["ExpirationNotification", "Expiration"]
    changes = [detail for kind, detail in heard if kind == "Parameter Store Change"]
    assert [detail["operation"] for detail in changes] == ["Create", "Update", "Delete"]
    assert changes[0] == {"operation": "Create", "name": "p", "type": "String"}


def test_a_parameter_that_does_not_change(cloud: Cloud, ssm: Any, heard: list[tuple[str, dict[str, Any]]]) -> None:
    cloud.clock.freeze()
    put(cloud, ssm, policy("NoChangeNotification", After="20", Unit="Hours"))
    cloud.clock.advance(hours=19)
    put(cloud, ssm, Overwrite=True)
    cloud.clock.advance(hours=19)
    assert acted(heard) == []
    cloud.clock.advance(hours=2)
    assert acted(heard) == ["NoChangeNotification"]


def test_policies_can_be_taken_away(cloud: Cloud, ssm: Any) -> None:
    put(cloud, ssm, expiration(cloud, days=1))
    ssm.put_parameter(Name="p", Value="v", Overwrite=True, Policies="{}")
    cloud.clock.advance(days=2)
    assert statuses(ssm) == {}


def test_policies_that_are_refused(cloud: Cloud, ssm: Any, refused: Refused) -> None:
    for code, policies in (
        ("InvalidPolicyTypeException", [policy("Other")]),
        ("InvalidPolicyAttributeException", [policy("Expiration", Timestamp="tomorrow")]),
        ("InvalidPolicyAttributeException", [policy("Expiration", Timestamp="2001-01-01T00:00:00Z")]),
        ("InvalidPolicyAttributeException", [policy("Expiration")]),
        ("InvalidPolicyAttributeException", [policy("NoChangeNotification", After="1", Unit="Weeks")]),
        ("IncompatiblePolicyException", [expiration(cloud, days=1), expiration(cloud, days=2)]),
        ("IncompatiblePolicyException", [policy("ExpirationNotification", Before="1", Unit="Days")]),
        ("PoliciesLimitExceededException", [policy("NoChangeNotification", After="1", Unit="Days")] * 11),
    ):
        with refused(code):
            put(cloud, ssm, *policies)
    with refused("ValidationException", "JSON array"):
        ssm.put_parameter(Name="p", Value="v", Type="String", Tier="Advanced", Policies="nonsense")
    with refused("ValidationException", "only supported for advanced-tier"):
        ssm.put_parameter(Name="p", Value="v", Type="String", Policies=json.dumps([expiration(cloud, days=1)]))
    intelligent = {"Tier": "Intelligent-Tiering", "Policies": json.dumps([expiration(cloud, days=1)])}
    assert ssm.put_parameter(Name="p", Value="v", Type="String", **intelligent)["Tier"] == "Advanced"


def test_a_parameter_is_shared_by_its_policy(cloud: Cloud, ssm: Any, refused: Refused) -> None:
    ssm.put_parameter(Name="/a/p", Value="v", Type="String")
    arn = ssm.get_parameter(Name="/a/p")["Parameter"]["ARN"]
    read = ["ssm:GetParameter", "ssm:GetParameters"]
    statement = {"Effect": "Allow", "Principal": {"AWS": OTHER}, "Action": read, "Resource": arn}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    with refused("ResourcePolicyInvalidParameterException", "advanced parameter tier"):
        ssm.put_resource_policy(ResourceArn=arn, Policy=document)
    ssm.put_parameter(Name="/a/p", Value="v", Overwrite=True, Tier="Advanced")
    other = cloud.client("ssm", account=OTHER)
    with refused("AccessDeniedException", "ssm:GetParameter"):
        other.get_parameter(Name=arn)
    put = ssm.put_resource_policy(ResourceArn=arn, Policy=document)
    assert other.get_parameter(Name=arn)["Parameter"]["Value"] == "v"
    assert other.get_parameters(Names=[f"{arn}:1"])["Parameters"][0]["Version"] == 1
    listed = ssm.get_resource_policies(ResourceArn=arn)["Policies"]
    assert listed == [{"PolicyId": put["PolicyId"], "PolicyHash": put["PolicyHash"], "Policy": document}]
    with refused("ResourcePolicyConflictException"):
        ssm.delete_resource_policy(ResourceArn=arn, PolicyId=put["PolicyId"], PolicyHash="0")
    with refused("ResourcePolicyNotFoundException"):
        ssm.delete_resource_policy(ResourceArn=arn, PolicyId="0", PolicyHash="0")
    with refused("MalformedResourcePolicyDocumentException"):
        ssm.put_resource_policy(ResourceArn=arn, Policy="{")
    again = ssm.put_resource_policy(ResourceArn=arn, Policy=document, **{k: put[k] for k in ("PolicyId", "PolicyHash")})
    ssm.delete_resource_policy(ResourceArn=arn, PolicyId=again["PolicyId"], PolicyHash=again["PolicyHash"])
    with refused("AccessDeniedException"):
        other.get_parameter(Name=arn)
    with refused("ResourceNotFoundException"):
        ssm.get_resource_policies(ResourceArn=arn + "x")


def test_a_users_policy_names_parameters(cloud: Cloud, ssm: Any, refused: Refused) -> None:
    ssm.put_parameter(Name="/a/p", Value="v", Type="String")
    ssm.put_parameter(Name="/b/p", Value="v", Type="String")
    iam = cloud.client("iam")
    iam.create_user(UserName="ada")
    resource = "arn:aws:ssm:us-east-1:000000000000:parameter/a/*"
    statement = {"Effect": "Allow", "Action": "ssm:GetParameter*", "Resource": resource}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="ada", PolicyName="p", PolicyDocument=document)
    key = iam.create_access_key(UserName="ada")["AccessKey"]
    hers = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    ada = cloud.client("ssm", **hers)
    assert ada.get_parameters(Names=["/a/p:1"])["Parameters"][0]["Value"] == "v"
    with refused("AccessDeniedException", "parameter/b/p"):
        ada.get_parameters(Names=["/a/p", "/b/p"])
    with refused("AccessDeniedException", "ssm:PutParameter"):
        ada.put_parameter(Name="/a/p", Value="w", Overwrite=True)
