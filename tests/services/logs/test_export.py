"""Export of events to S3."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from hodei.kernel.ids import Ids
from hodei.testing import Cloud

from .conftest import GROUP, refusal

pytestmark = pytest.mark.feature("logs.groups-streams")
BUCKET = "exports"


@pytest.fixture
def bucket(cloud: Cloud) -> Any:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    who = {"Service": "logs.us-east-1.amazonaws.com"}
    arn = f"arn:aws:s3:::{BUCKET}"
    statements = [
        {"Effect": "Allow", "Principal": who, "Action": "s3:GetBucketAcl", "Resource": arn},
        {"Effect": "Allow", "Principal": who, "Action": "s3:PutObject", "Resource": f"{arn}/*"},
    ]
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))
    return s3


def export(cloud: Cloud, logs: Any, **params: Any) -> str:
    now = int(cloud.clock.now().timestamp() * 1000)
    given = {"logGroupName": GROUP, "from": now - 3_600_000, "to": now, "destination": BUCKET, **params}
    return str(logs.create_export_task(**given)["taskId"])


def test_events_become_files(cloud: Cloud, logs: Any, put: Any, bucket: Any) -> None:
    put("a", "b\n", at=-1)
    id = export(cloud, logs, taskName="t", destinationPrefix="logs")
    (pending,) = logs.describe_export_tasks(taskId=id)["exportTasks"]
    assert pending["status"]["code"] in ("PENDING", "RUNNING", "COMPLETED")
    cloud.clock.advance(seconds=1)
    (task,) = logs.describe_export_tasks(statusCode="COMPLETED")["exportTasks"]
    assert (task["taskName"], task["destinationPrefix"]) == ("t", "logs")
    keys = sorted((one["Key"] for one in bucket.list_objects_v2(Bucket=BUCKET)["Contents"]), key=len, reverse=True)
    assert keys == [f"logs/{id}/one/000000.gz", "logs/aws-logs-write-test"]
    lines = gzip.decompress(bucket.get_object(Bucket=BUCKET, Key=keys[0])["Body"].read()).decode().splitlines()
    assert [line.partition(" ")[2] for line in lines] == ["a", "b"]
    assert lines[0].partition(" ")[0].endswith("Z")
    assert refusal(logs.cancel_export_task, taskId=id)[0] == "InvalidOperationException"


def test_what_cannot_be_exported(cloud: Cloud, logs: Any, bucket: Any) -> None:
    bucket.create_bucket(Bucket="closed")
    assert "GetBucketAcl" in refusal(export, cloud=cloud, logs=logs, destination="closed")[1]
    assert refusal(export, cloud=cloud, logs=logs, logGroupName="no")[0] == "ResourceNotFoundException"
    assert refusal(logs.cancel_export_task, taskId="no") == (
        "ResourceNotFoundException", "The specified export task does not exist.",
    )  # fmt: skip


def test_an_export_outlasts_trouble_of_s3(cloud: Cloud, logs: Any, put: Any, bucket: Any) -> None:
    cloud.clock.freeze()
    for number in range(6):
        logs.create_log_stream(logGroupName=GROUP, logStreamName=f"more-{number}")
        put(f"event {number}", stream=f"more-{number}", at=-1)
    strikes = [[Ids(f"{seed}/{call}").random() < 0.5 for call in (0, 1)] for seed in range(1, 99)]
    seed = 1 + strikes.index([False, True])  # the file that shows whether the bucket takes any gets through
    fault = cloud.fault(service="s3", operation="PutObject", error="SlowDown", rate=0.5, seed=seed)
    cloud.fault(service="s3", operation="PutObject", latency="5ms", rate=0.5)
    id = export(cloud, logs)
    cloud.clock.advance(hours=1)
    (task,) = logs.describe_export_tasks(taskId=id)["exportTasks"]
    assert task["status"] == {"code": "COMPLETED"}
    keys = [one["Key"] for one in bucket.list_objects_v2(Bucket=BUCKET, Prefix=f"exportedlogs/{id}/")["Contents"]]
    assert len(keys) == 6
    assert [one.hits > 0 for one in cloud.faults() if one.id == fault.id] == [True]


@pytest.mark.parametrize("operation", ["GetBucketAcl", "PutObject"])
def test_a_bucket_in_trouble_is_not_taken_for_one_that_refuses(
    cloud: Cloud, logs: Any, put: Any, bucket: Any, operation: str
) -> None:
    cloud.fault(service="s3", operation=operation, error="SlowDown", count=1)
    assert export(cloud, logs)  # the SDK has tried again
    assert cloud.faults()[0].hits == 1
