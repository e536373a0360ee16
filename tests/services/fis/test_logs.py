"""Logs of experiments, in a bucket."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from hodei.testing import Cloud

from .conftest import ACCOUNT, NONE, ROLE, wait

SOURCE = f"arn:aws:logs:us-east-1:{ACCOUNT}:*"


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    """With a bucket that lets AWS's log delivery in, as AWS says.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-V2-S3.html
    """
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="logs", ObjectOwnership="BucketOwnerPreferred")
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "delivery.logs.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::logs/x/AWSLogs/{ACCOUNT}/*",
        "Condition": {
            "StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control", "aws:SourceAccount": [ACCOUNT]},
            "ArnLike": {"aws:SourceArn": [SOURCE]},
        },
    }
    s3.put_bucket_policy(Bucket="logs", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    return s3


def start(cloud: Cloud, fis: Any, version: int = 2, **given: Any) -> dict[str, Any]:
    log = {"logSchemaVersion": version, "s3Configuration": {"bucketName": "logs", "prefix": "x"}}
    template = fis.create_experiment_template(
        **{"description": "d", "roleArn": ROLE, "stopConditions": NONE, "actions": {"one": wait(1)}, **given},
        logConfiguration=log,
    )["experimentTemplate"]
    assert template["logConfiguration"] == log
    id = fis.start_experiment(experimentTemplateId=template["id"])["experiment"]["id"]
    cloud.clock.advance(seconds=0)
    found: dict[str, Any] = fis.get_experiment(id=id)["experiment"]
    assert found["logConfiguration"] == log
    return found


def records(s3: Any) -> list[dict[str, Any]]:
    objects = sorted(s3.list_objects_v2(Bucket="logs").get("Contents", []), key=lambda one: one["LastModified"])
    bodies = [s3.get_object(Bucket="logs", Key=one["Key"])["Body"].read().decode() for one in objects]
    return [json.loads(line) for body in bodies for line in body.splitlines()]


def test_an_experiment_is_logged(cloud: Cloud, fis: Any, role: Callable[..., str], s3: Any) -> None:
    role("logs:CreateLogDelivery")
    experiment = start(cloud, fis)
    assert experiment["state"]["status"] == "running", experiment["state"]
    (first,) = s3.list_objects_v2(Bucket="logs")["Contents"]
    day = cloud.clock.now().strftime("%Y/%m/%d")
    folder = f"x/AWSLogs/{ACCOUNT}/fis/us-east-1/{experiment['id']}/{day}/"
    assert first["Key"].startswith(f"{folder}{ACCOUNT}_awsfislogs_us-east-1_{experiment['id']}_")
    cloud.clock.advance(minutes=2)
    found = records(s3)
    assert [one["log_type"] for one in found] == ["experiment-start", "action-start", "action-end", "experiment-end"]
    assert {(one["id"], one["version"]) for one in found} == {(experiment["id"], "2")}
    assert found[0]["details"]["experiment_template_id"] == experiment["experimentTemplateId"]
    assert found[1]["details"]["parameters"] == {"duration": "PT1M"}
    assert found[2]["details"]["action_state"] == {"status": "completed", "reason": "Action was completed."}
    assert found[3]["details"]["experiment_state"]["status"] == "completed"
    assert found[3]["event_timestamp"] == found[3]["details"]["experiment_end_time"]


@pytest.mark.parametrize("version", [1, 2])
def test_targets_and_errors_are_logged(cloud: Cloud, fis: Any, role: Callable[..., str], s3: Any, version: int) -> None:
    """The role has not the permission that the action needs."""
    role("logs:CreateLogDelivery")
    cloud.set("fis", "any-service", True)
    parameters = {"service": "sqs", "operations": "ListQueues", "percentage": "9", "duration": "PT1M"}
    experiment = start(
        cloud,
        fis,
        version,
        targets={"r": {"resourceType": "aws:iam:role", "resourceArns": [ROLE], "selectionMode": "ALL"}},
        actions={
            "a": {"actionId": "aws:fis:inject-api-internal-error", "parameters": parameters, "targets": {"Roles": "r"}}
        },
    )
    assert experiment["state"]["error"]["code"] == "AuthorizationFailure"
    cloud.clock.advance(minutes=1)
    found = {one["log_type"]: one["details"] for one in records(s3)}
    assert found["target-resolution-end"]["resolved_targets"] == ([{"arn": ROLE}] if version == 2 else [ROLE])
    assert found["action-end"]["action_state"]["status"] == "failed"
    assert found["experiment-end"]["experiment_state"]["status"] == "failed"
    if version == 2:
        assert found["target-resolution-detail"]["resolved_targets_count"] == 1
        assert found["action-error"]["account_id"] == ACCOUNT
    else:
        assert not found.keys() & {"target-resolution-detail", "action-error"}


@pytest.mark.parametrize("lacking", ["permission", "policy", "bucket"])
def test_an_experiment_whose_log_cannot_be_written_fails(
    cloud: Cloud, fis: Any, role: Callable[..., str], s3: Any, lacking: str
) -> None:
    role(*[] if lacking == "permission" else ["logs:CreateLogDelivery"])
    if lacking != "permission":
        s3.delete_bucket_policy(Bucket="logs")
    if lacking == "bucket":
        s3.delete_bucket(Bucket="logs")
    error = start(cloud, fis)["state"]["error"]
    assert error == {"accountId": ACCOUNT, "code": "ConfigurationFailure", "location": "logs"}


def test_logs_are_turned_off_by_an_empty_configuration(
    cloud: Cloud, fis: Any, role: Callable[..., str], s3: Any
) -> None:
    role("logs:CreateLogDelivery")
    template = start(cloud, fis)["experimentTemplateId"]
    changed = fis.update_experiment_template(id=template, description="other")["experimentTemplate"]
    assert "logConfiguration" in changed
    changed = fis.update_experiment_template(id=template, logConfiguration={})["experimentTemplate"]
    assert "logConfiguration" not in changed


def test_logs_outlast_trouble_of_s3(cloud: Cloud, fis: Any, role: Callable[..., str], s3: Any) -> None:
    role("logs:CreateLogDelivery")
    cloud.clock.freeze()
    cloud.fault(service="s3", operation="PutObject", error="SlowDown", count=2)
    experiment = start(cloud, fis)
    cloud.clock.advance(seconds=5)
    assert fis.get_experiment(id=experiment["id"])["experiment"]["state"]["status"] == "running"
    cloud.fault(service="s3", operation="PutObject", error="SlowDown")
    cloud.clock.advance(minutes=10)
    assert [one["log_type"] for one in records(s3)] == ["experiment-start"]
    cloud.clear_faults()
    cloud.clock.advance(minutes=2)
    types = [one["log_type"] for one in records(s3)]
    assert types == ["experiment-start", "action-start", "action-end", "experiment-end"]
