"""aws:fis:inject-api-*: calls in sessions of the target roles fail, and nobody else's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from hodei.testing import Cloud

from .conftest import ACCOUNT, NONE, ROLE, allowing, trusting

ONCE = Config(retries={"total_max_attempts": 1})


@pytest.fixture(autouse=True)
def any_service(cloud: Cloud) -> None:
    cloud.set("fis", "any-service", True)


@pytest.fixture
def app(cloud: Cloud) -> dict[str, str]:
    """The credentials of an application, whose role may do everything at SQS."""
    iam = cloud.client("iam")
    iam.create_role(RoleName="app", Path="/apps/", AssumeRolePolicyDocument=trusting({"AWS": ACCOUNT}))
    iam.put_role_policy(RoleName="app", PolicyName="p", PolicyDocument=allowing("sqs:*", "sns:*", "dynamodb:*"))
    return assumed(cloud, "apps/app")


def assumed(cloud: Cloud, role: str) -> dict[str, str]:
    arn = f"arn:aws:iam::{ACCOUNT}:role/{role}"
    found = cloud.client("sts").assume_role(RoleArn=arn, RoleSessionName="app", DurationSeconds=3600)["Credentials"]
    return {
        "aws_access_key_id": found["AccessKeyId"],
        "aws_secret_access_key": found["SecretAccessKey"],
        "aws_session_token": found["SessionToken"],
    }


def template(fis: Any, action: str = "aws:fis:inject-api-throttle-error", **parameters: str) -> dict[str, Any]:
    given = {"service": "sqs", "operations": "ListQueues,SendMessage", "percentage": "100", "duration": "PT5M"}
    made: dict[str, Any] = fis.create_experiment_template(
        description="errors",
        roleArn=ROLE,
        stopConditions=NONE,
        targets={
            "App": {
                "resourceType": "aws:iam:role",
                "resourceArns": [f"arn:aws:iam::{ACCOUNT}:role/apps/app"],
                "selectionMode": "ALL",
            }
        },
        actions={"inject": {"actionId": action, "parameters": given | parameters, "targets": {"Roles": "App"}}},
    )["experimentTemplate"]
    return made


def started(cloud: Cloud, fis: Any, template: dict[str, Any]) -> dict[str, Any]:
    id = fis.start_experiment(experimentTemplateId=template["id"])["experiment"]["id"]
    cloud.clock.advance(seconds=0)
    found: dict[str, Any] = fis.get_experiment(id=id)["experiment"]
    return found


@contextmanager
def failing(code: str, status: int) -> Iterator[None]:
    with pytest.raises(ClientError) as caught:
        yield
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


@pytest.mark.parametrize(
    ("action", "code", "status"),
    [
        ("internal", "InternalFailure", 500),
        ("throttle", "RequestThrottled", 403),
        ("unavailable", "ServiceUnavailable", 503),
    ],
)
def test_calls_of_the_role_fail_while_it_runs(
    cloud: Cloud, fis: Any, role: Callable[..., str], app: dict[str, str], action: str, code: str, status: int
) -> None:
    role(f"fis:InjectApi{action.title()}Error")
    sqs = cloud.client("sqs", config=ONCE, **app)
    sqs.list_queues()
    found = started(cloud, fis, template(fis, f"aws:fis:inject-api-{action}-error"))
    assert found["state"]["status"] == "running", found["state"]
    for _ in range(2):
        with failing(code, status):
            sqs.list_queues()
    sqs.create_queue(QueueName="other-operation")
    cloud.client("sqs").list_queues()  # somebody else
    assert [fault.role for fault in cloud.faults()] == [f"arn:aws:iam::{ACCOUNT}:role/apps/app"] * 2
    cloud.clock.advance(minutes=6)
    sqs.list_queues()
    assert cloud.faults() == []
    assert fis.get_experiment(id=found["id"])["experiment"]["state"]["status"] == "completed"


def test_a_stopped_experiment_takes_its_faults_back(
    cloud: Cloud, fis: Any, role: Callable[..., str], app: dict[str, str]
) -> None:
    role("fis:InjectApiThrottleError")
    cloud.fault(service="s3", error="SlowDown")  # somebody else's
    found = started(cloud, fis, template(fis))
    assert len(cloud.faults()) == 3
    fis.stop_experiment(id=found["id"])
    cloud.clock.advance(seconds=0)
    assert [fault.service for fault in cloud.faults()] == ["s3"]
    cloud.client("sqs", config=ONCE, **app).list_queues()


def test_a_percentage_of_the_calls_fails(cloud: Cloud, fis: Any, role: Callable[..., str], app: dict[str, str]) -> None:
    role("fis:InjectApiThrottleError")
    sqs = cloud.client("sqs", config=ONCE, **app)
    started(cloud, fis, template(fis, percentage="30"))
    failed = 0
    for _ in range(100):
        try:
            sqs.list_queues()
        except ClientError:
            failed += 1
    assert 15 < failed < 45


def test_retries_of_a_client_get_through(
    cloud: Cloud, fis: Any, role: Callable[..., str], app: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    role("fis:InjectApiUnavailableError")
    started(cloud, fis, template(fis, "aws:fis:inject-api-unavailable-error", percentage="50"))
    sqs = cloud.client("sqs", config=Config(retries={"mode": "standard", "total_max_attempts": 10}), **app)
    attempts = [sqs.list_queues()["ResponseMetadata"]["RetryAttempts"] for _ in range(10)]
    assert sum(attempts) > 0


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {"fis:Service": "dynamodb"}},
        {"NumericLessThan": {"fis:Percentage": "50"}},
        {"ForAllValues:StringEquals": {"fis:Operations": ["ListQueues"]}},
        {"ForAllValues:ArnLike": {"fis:Targets": [f"arn:aws:iam::{ACCOUNT}:role/tests/*"]}},
    ],
    ids=["service", "percentage", "operations", "targets"],
)
def test_the_role_of_the_experiment_needs_the_permission(
    cloud: Cloud, fis: Any, role: Callable[..., str], app: dict[str, str], condition: dict[str, Any]
) -> None:
    role("fis:InjectApiThrottleError", **condition)
    found = started(cloud, fis, template(fis))
    assert found["state"]["status"] == "failed"
    assert found["state"]["error"]["code"] == "AuthorizationFailure"
    assert found["state"]["error"]["location"] == "actions/inject"
    assert "fis:InjectApiThrottleError" in found["state"]["reason"]
    assert found["actions"]["inject"]["state"]["status"] == "failed"
    assert cloud.faults() == []


def test_a_condition_on_all_of_it_lets_it_through(
    cloud: Cloud, fis: Any, role: Callable[..., str], app: dict[str, str]
) -> None:
    role(
        "fis:InjectApiThrottleError",
        resource=f"arn:aws:fis:us-east-1:{ACCOUNT}:experiment/*",
        **{
            "StringEquals": {"fis:Service": "sqs"},
            "NumericLessThanEquals": {"fis:Percentage": "100"},
            "ForAllValues:StringEquals": {"fis:Operations": ["ListQueues", "SendMessage"]},
            "ForAllValues:ArnLike": {"fis:Targets": [f"arn:aws:iam::{ACCOUNT}:role/apps/*"]},
        },
    )
    assert started(cloud, fis, template(fis))["state"]["status"] == "running"


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({"service": "ec2"}, "service ec2 is not implemented by Hodei"),
        ({"service": "nonesuch"}, "service nonesuch is not implemented by Hodei"),
        ({"operations": "ListQueues,Nonesuch"}, "sqs has no operation 'Nonesuch'"),
        ({"percentage": "0"}, "percentage must be a number from 1 to 100"),
        ({"percentage": "101"}, "percentage must be a number from 1 to 100"),
        ({"percentage": "half"}, "percentage must be a number from 1 to 100"),
    ],
)
def test_parameters_that_make_no_sense(
    fis: Any, refused: Callable[..., Any], parameters: dict[str, str], text: str
) -> None:
    with refused("ValidationException", text):
        template(fis, **parameters)


def test_without_the_setting_only_services_of_awss_fis_fail(
    cloud: Cloud, fis: Any, refused: Callable[..., Any]
) -> None:
    cloud.set("fis", "any-service", False)
    with refused("ValidationException", "service must be one of ec2, kinesis"):
        template(fis)
