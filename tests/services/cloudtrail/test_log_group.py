"""Trails that write to CloudWatch Logs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hodei.testing import ACCOUNT, REGION, Cloud

from .conftest import policy, trust

pytestmark = pytest.mark.feature("cloudtrail.recording")
GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:audit:*"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/trail"
STREAM = f"{ACCOUNT}_CloudTrail_{REGION}"
WRITES = policy("logs:CreateLogStream", "logs:PutLogEvents")


@pytest.fixture
def trail(cloud: Cloud, cloudtrail: Any, bucket: str) -> Any:
    cloud.client("logs").create_log_group(logGroupName="audit")
    iam = cloud.client("iam")
    iam.create_role(RoleName="trail", AssumeRolePolicyDocument=trust({"Service": "cloudtrail.amazonaws.com"}))
    iam.put_role_policy(RoleName="trail", PolicyName="p", PolicyDocument=WRITES)
    made = cloudtrail.create_trail(
        Name="main", S3BucketName=bucket, CloudWatchLogsLogGroupArn=GROUP, CloudWatchLogsRoleArn=ROLE
    )
    cloudtrail.start_logging(Name="main")
    return made


def logged(cloud: Cloud, name: str) -> list[Any]:
    found = cloud.client("logs").filter_log_events(
        logGroupName="audit", logStreamNames=[STREAM], filterPattern=f'{{ $.eventName = "{name}" }}'
    )
    return [json.loads(event["message"]) for event in found["events"]]


def test_events_are_in_the_log_group(cloud: Cloud, cloudtrail: Any, trail: Any) -> None:
    assert (trail["CloudWatchLogsLogGroupArn"], trail["CloudWatchLogsRoleArn"]) == (GROUP, ROLE)
    cloud.client("sqs").create_queue(QueueName="q")
    cloud.clock.advance(minutes=10)
    (event,) = logged(cloud, "CreateQueue")
    assert event["requestParameters"]["queueName"] == "q"
    assert "LatestCloudWatchLogsDeliveryTime" in cloudtrail.get_trail_status(Name="main")
    cloudtrail.update_trail(Name="main", CloudWatchLogsLogGroupArn="", CloudWatchLogsRoleArn="")
    assert "CloudWatchLogsLogGroupArn" not in cloudtrail.get_trail(Name="main")["Trail"]
    cloud.client("sqs").create_queue(QueueName="r")
    cloud.clock.advance(minutes=10)
    assert len(logged(cloud, "CreateQueue")) == 1


def test_what_the_role_may_not_write_is_in_the_files_alone(cloud: Cloud, cloudtrail: Any, trail: Any) -> None:
    cloud.client("iam").delete_role_policy(RoleName="trail", PolicyName="p")
    cloud.clock.advance(minutes=10)
    status = cloudtrail.get_trail_status(Name="main")
    assert status["LatestCloudWatchLogsDeliveryError"] == "AccessDeniedException"
    assert "LatestDeliveryError" not in status


def test_the_role_is_asked_when_it_is_given(cloud: Cloud, cloudtrail: Any, trail: Any, refused: Any) -> None:
    cloud.client("iam").delete_role_policy(RoleName="trail", PolicyName="p")
    with refused("InvalidCloudWatchLogsRoleArnException"):
        cloudtrail.update_trail(Name="main", CloudWatchLogsLogGroupArn=GROUP, CloudWatchLogsRoleArn=ROLE)
