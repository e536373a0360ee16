"""Resource policies, replicas, rotation rules."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hodei.testing import Cloud

pytestmark = pytest.mark.feature("secretsmanager.secrets")

Refused = Callable[..., AbstractContextManager[None]]
OTHER = "111111111111"
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:rotate"


def policy(principal: Any, **condition: Any) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": principal,
        "Action": "secretsmanager:GetSecretValue",
        "Resource": "*",
        **condition,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_another_account_needs_the_secrets_policy_and_its_key(cloud: Cloud, secrets: Any, refused: Refused) -> None:
    kms = cloud.client("kms")
    shared = {"Effect": "Allow", "Principal": {"AWS": OTHER}, "Action": "kms:Decrypt", "Resource": "*"}
    owner = {"Effect": "Allow", "Principal": {"AWS": "000000000000"}, "Action": "kms:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [owner, shared]})
    key = kms.create_key(Policy=document)["KeyMetadata"]["Arn"]
    arn = secrets.create_secret(Name="s", SecretString="x", KmsKeyId=key)["ARN"]
    other = cloud.client("secretsmanager", account=OTHER)
    with refused("AccessDeniedException", "secretsmanager:GetSecretValue"):
        other.get_secret_value(SecretId=arn)
    secrets.put_resource_policy(SecretId="s", ResourcePolicy=policy({"AWS": OTHER}))
    assert other.get_secret_value(SecretId=arn)["SecretString"] == "x"
    secrets.update_secret(SecretId="s", KmsKeyId="")  # the managed key is for the account alone
    with refused("AccessDeniedException", "Access to KMS is not allowed"):
        other.get_secret_value(SecretId=arn)
    secrets.delete_resource_policy(SecretId="s")
    assert "ResourcePolicy" not in secrets.get_resource_policy(SecretId="s")
    with refused("AccessDeniedException", "secretsmanager:GetSecretValue"):
        other.get_secret_value(SecretId=arn)


def test_policies_are_checked(secrets: Any, refused: Refused) -> None:
    secrets.create_secret(Name="s", SecretString="x")
    for document, message in (
        ("{", "invalid Json"),
        ('{"Version": "2012-10-17"}', "syntax error"),
        (policy({"AWS": "nonsense"}), "unsupported principal"),
    ):
        with refused("MalformedPolicyDocumentException", message):
            secrets.put_resource_policy(SecretId="s", ResourcePolicy=document)
        with refused("MalformedPolicyDocumentException", message):
            secrets.validate_resource_policy(SecretId="s", ResourcePolicy=document)


def test_public_policies_can_be_blocked(secrets: Any, refused: Refused) -> None:
    secrets.create_secret(Name="s", SecretString="x")
    with refused("PublicPolicyException"):
        secrets.put_resource_policy(SecretId="s", ResourcePolicy=policy("*"), BlockPublicPolicy=True)
    narrowed = policy("*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}})
    secrets.put_resource_policy(SecretId="s", ResourcePolicy=narrowed, BlockPublicPolicy=True)
    assert secrets.validate_resource_policy(ResourcePolicy=narrowed)["PolicyValidationPassed"] is True
    judged = secrets.validate_resource_policy(ResourcePolicy=policy({"AWS": "*"}))
    assert judged["PolicyValidationPassed"] is False
    assert len(judged["ValidationErrors"]) == 1


def test_replicas_follow_their_primary(cloud: Cloud, secrets: Any, refused: Refused) -> None:
    made = secrets.create_secret(Name="s", SecretString="1", AddReplicaRegions=[{"Region": "eu-west-1"}])
    assert [(one["Region"], one["Status"]) for one in made["ReplicationStatus"]] == [("eu-west-1", "InProgress")]
    there = cloud.client("secretsmanager", region_name="eu-west-1")
    secrets.put_secret_value(SecretId="s", SecretString="2")
    secrets.tag_resource(SecretId="s", Tags=[{"Key": "a", "Value": "b"}])
    replica_arn = made["ARN"].replace("us-east-1", "eu-west-1")
    got = there.get_secret_value(SecretId=replica_arn)
    assert got["SecretString"] == "2"
    assert there.get_secret_value(SecretId="s", VersionStage="AWSPREVIOUS")["SecretString"] == "1"
    described = there.describe_secret(SecretId="s")
    assert described["PrimaryRegion"] == "us-east-1"
    assert described["Tags"] == [{"Key": "a", "Value": "b"}]
    assert secrets.describe_secret(SecretId="s")["ReplicationStatus"][0]["Status"] == "InSync"
    with refused("InvalidRequestException", "Operation not permitted on a replica secret."):
        there.put_secret_value(SecretId="s", SecretString="3")
    with refused("InvalidRequestException"):
        secrets.delete_secret(SecretId="s")
    secrets.remove_regions_from_replication(SecretId="s", RemoveReplicaRegions=["eu-west-1"])
    with refused("ResourceNotFoundException"):
        there.describe_secret(SecretId="s")
    secrets.delete_secret(SecretId="s")


def test_a_replica_can_be_promoted(cloud: Cloud, secrets: Any, refused: Refused) -> None:
    secrets.create_secret(Name="s", SecretString="1")
    secrets.replicate_secret_to_regions(SecretId="s", AddReplicaRegions=[{"Region": "eu-west-1"}])
    there = cloud.client("secretsmanager", region_name="eu-west-1")
    with refused("InvalidRequestException"):
        secrets.stop_replication_to_replica(SecretId="s")
    there.stop_replication_to_replica(SecretId="s")
    there.put_secret_value(SecretId="s", SecretString="2")
    assert secrets.get_secret_value(SecretId="s")["SecretString"] == "1"
    assert "ReplicationStatus" not in secrets.describe_secret(SecretId="s")
    with refused("InvalidParameterException"):
        secrets.remove_regions_from_replication(SecretId="s", RemoveReplicaRegions=["eu-west-1"])


def test_a_name_that_is_taken_over_there(cloud: Cloud, secrets: Any, refused: Refused) -> None:
    there = cloud.client("secretsmanager", region_name="eu-west-1")
    there.create_secret(Name="s", SecretString="other")
    secrets.create_secret(Name="s", SecretString="1")
    with refused("InvalidParameterException", "Invalid replica region."):
        secrets.create_secret(Name="t", AddReplicaRegions=[{}])
    with refused("InvalidParameterException", "Invalid replica region."):
        secrets.replicate_secret_to_regions(SecretId="s", AddReplicaRegions=[{"Region": "us-east-1"}])
    regions = [{"Region": "eu-west-1"}]
    answer = secrets.replicate_secret_to_regions(SecretId="s", AddReplicaRegions=regions)
    assert answer["ReplicationStatus"][0]["Status"] == "Failed"
    assert there.get_secret_value(SecretId="s")["SecretString"] == "other"
    secrets.replicate_secret_to_regions(SecretId="s", AddReplicaRegions=regions, ForceOverwriteReplicaSecret=True)
    assert there.get_secret_value(SecretId="s")["SecretString"] == "1"


def rotate(secrets: Any, **rules: Any) -> Any:
    secrets.rotate_secret(SecretId="s", RotationLambdaARN=FUNCTION, RotationRules=rules, RotateImmediately=False)
    return secrets.describe_secret(SecretId="s")


def test_rotation_rules_are_kept(secrets: Any, refused: Refused) -> None:
    secrets.create_secret(Name="s", SecretString="x")
    described = rotate(secrets, AutomaticallyAfterDays=10)
    assert described["RotationEnabled"] is True
    assert described["RotationLambdaARN"] == FUNCTION
    assert described["RotationRules"] == {"AutomaticallyAfterDays": 10}
    with refused("AccessDeniedException", "Secrets Manager cannot invoke the specified Lambda function."):
        secrets.rotate_secret(SecretId="s")
    secrets.cancel_rotate_secret(SecretId="s")
    described = secrets.describe_secret(SecretId="s")
    assert described["RotationEnabled"] is False
    assert "NextRotationDate" not in described


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("rate(4 hours)", (2030, 1, 30, 14)),
        ("rate(1 day)", (2030, 1, 31, 10)),
        ("cron(0 8 * * ? *)", (2030, 1, 31, 8)),
        ("cron(0 16 L * ? *)", (2030, 1, 31, 16)),
        ("cron(0 0/12 1,15 * ? *)", (2030, 2, 1, 0)),
        ("cron(0 1 ? * MON-FRI *)", (2030, 1, 31, 1)),
        ("cron(0 1 ? 3 SUN#1 *)", (2030, 3, 3, 1)),
        ("cron(0 1 ? * 6L *)", (2030, 2, 22, 1)),
    ],
)
def test_schedules(cloud: Cloud, secrets: Any, expression: str, expected: tuple[int, int, int, int]) -> None:
    now = datetime(2030, 1, 30, 10, tzinfo=UTC)
    cloud.clock.freeze()
    cloud.clock.advance(seconds=(now - cloud.clock.now()).total_seconds())
    secrets.create_secret(Name="s", SecretString="x")
    found = rotate(secrets, ScheduleExpression=expression)["NextRotationDate"]
    assert abs(found - datetime(*expected, tzinfo=UTC)) < timedelta(seconds=1)


@pytest.mark.parametrize(
    "expression", ["rate(3 hours)", "cron(5 8 * * ? *)", "cron(0 8 * * * *)", "cron(0 30 * * ? *)", "x"]
)
def test_schedules_that_are_refused(secrets: Any, refused: Refused, expression: str) -> None:
    secrets.create_secret(Name="s", SecretString="x")
    with refused("InvalidParameterException"):
        rotate(secrets, ScheduleExpression=expression)
    with refused("InvalidParameterException", "both"):
        rotate(secrets, ScheduleExpression="rate(4 hours)", AutomaticallyAfterDays=1)
