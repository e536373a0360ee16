"""Rotation by a function, as AWS's templates of such functions are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from hodei.testing import ACCOUNT, Cloud
from services.lambda_.functions import function_of, role_of, zipped

ROTATE = """
import boto3
client = boto3.client("secretsmanager")

def handler(event, context):
    arn, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    stages = client.describe_secret(SecretId=arn)["VersionIdsToStages"]
    if "AWSPENDING" not in stages[token]:
        raise ValueError("not pending")
    if step == "createSecret":
        try:
            client.get_secret_value(SecretId=arn, VersionId=token, VersionStage="AWSPENDING")
        except client.exceptions.ResourceNotFoundException:
            old = client.get_secret_value(SecretId=arn, VersionStage="AWSCURRENT")["SecretString"]
            client.put_secret_value(SecretId=arn, ClientRequestToken=token, SecretString=old + "+", VersionStages=["AWSPENDING"])
    if step == "testSecret" and "broken" in client.get_secret_value(SecretId=arn, VersionId=token)["SecretString"]:
        raise ValueError("does not work")
    if step == "finishSecret":
        current = next(version for version, names in stages.items() if "AWSCURRENT" in names)
        client.update_secret_version_stage(
            SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
        )
"""


@pytest.fixture
def function(cloud: Cloud) -> str:
    """The ARN of one that Secrets Manager may call."""
    name = function_of(cloud, role_of(cloud, "SecretsManagerReadWrite"), "app.handler", zipped(app__py=ROTATE))
    cloud.client("lambda").add_permission(
        FunctionName=name, StatementId="sm", Action="lambda:InvokeFunction", Principal="secretsmanager.amazonaws.com"
    )
    return f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}"


@pytest.mark.feature("secretsmanager.secrets")
def test_a_secret_is_rotated_at_once_and_by_schedule(cloud: Cloud, function: str) -> None:
    sm: Any = cloud.client("secretsmanager")
    first = sm.create_secret(Name="db", SecretString="a")["VersionId"]
    answer = sm.rotate_secret(
        SecretId="db", RotationLambdaARN=function, RotationRules={"ScheduleExpression": "rate(7 days)"}
    )
    cloud.settle()
    assert sm.get_secret_value(SecretId="db")["SecretString"] == "a+"
    told = sm.describe_secret(SecretId="db")
    assert told["VersionIdsToStages"] == {first: ["AWSPREVIOUS"], answer["VersionId"]: ["AWSCURRENT"]}
    assert told["RotationEnabled"] and told["NextRotationDate"] - told["LastRotatedDate"] > timedelta(days=6)
    cloud.clock.advance(days=15)
    assert sm.get_secret_value(SecretId="db")["SecretString"] == "a+++"
    sm.cancel_rotate_secret(SecretId="db")
    cloud.clock.advance(days=15)
    assert sm.get_secret_value(SecretId="db")["SecretString"] == "a+++"


@pytest.mark.feature("secretsmanager.secrets")
def test_a_rotation_that_fails_changes_nothing_and_is_taken_up_again(cloud: Cloud, function: str) -> None:
    sm: Any = cloud.client("secretsmanager")
    sm.create_secret(Name="db", SecretString="broken")
    rules = {"ScheduleExpression": "rate(1 day)"}
    begun = sm.rotate_secret(SecretId="db", RotationLambdaARN=function, RotationRules=rules)["VersionId"]
    cloud.settle()
    assert sm.get_secret_value(SecretId="db")["SecretString"] == "broken"
    assert sm.describe_secret(SecretId="db")["VersionIdsToStages"][begun] == ["AWSPENDING"]
    with pytest.raises(ClientError, match="A previous rotation isn't complete"):
        sm.rotate_secret(SecretId="db")


def test_functions_that_may_not_be_called(cloud: Cloud) -> None:
    sm: Any = cloud.client("secretsmanager")
    sm.create_secret(Name="db", SecretString="a")
    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:nobody"
    with pytest.raises(ClientError, match=r"AccessDeniedException.*cannot invoke the specified Lambda function"):
        sm.rotate_secret(SecretId="db", RotationLambdaARN=arn)


@pytest.mark.feature("secretsmanager.secrets")
def test_a_rotation_outlasts_trouble_of_lambda(cloud: Cloud, function: str) -> None:
    sm: Any = cloud.client("secretsmanager", config=Config(retries={"total_max_attempts": 1}))
    sm.create_secret(Name="db", SecretString="a")
    cloud.clock.freeze()
    cloud.fault(service="lambda", operation="Invoke", error="TooManyRequestsException", count=1)
    with pytest.raises(ClientError, match="TooManyRequestsException"):  # which is no refusal
        sm.rotate_secret(SecretId="db", RotationLambdaARN=function)
    sm.rotate_secret(SecretId="db", RotationLambdaARN=function)
    cloud.fault(service="lambda", operation="Invoke", error="ServiceException", rate=0.5)
    cloud.clock.advance(minutes=10)
    assert sm.get_secret_value(SecretId="db")["SecretString"] == "a+"
    assert all(fault.hits for fault in cloud.faults())
