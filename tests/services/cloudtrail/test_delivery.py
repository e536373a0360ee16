"""Log files: what is in them, when they come, and what happens where they cannot be put."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from hodei.testing import ACCOUNT, REGION, Cloud

from .conftest import BUCKET, bucket_policy, names, trail_arn
from .test_trails import key_policy

pytestmark = pytest.mark.feature("cloudtrail.recording")

KEY = re.compile(
    rf"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/\d{{4}}/\d\d/\d\d/"
    rf"{ACCOUNT}_CloudTrail_{REGION}_\d{{8}}T\d{{4}}Z_[A-Za-z0-9]{{16}}\.json\.gz"
)


def test_a_file_every_five_minutes_in_which_anything_happened(cloud: Cloud, logging: Any, files: Any) -> None:
    logging()
    cloud.clock.advance(minutes=6)
    cloud.client("sqs").create_queue(QueueName="orders")
    cloud.client("sqs", region_name="eu-west-1").create_queue(QueueName="elsewhere")
    assert names(files()) == ["StartLogging"]
    cloud.clock.advance(minutes=20)
    found = files()
    assert names(found) == ["StartLogging", "CreateQueue"]
    assert all(KEY.fullmatch(key) for key in found)


def test_a_whole_day(cloud: Cloud, logging: Any, files: Any, cloudtrail: Any) -> None:
    logging(IsMultiRegionTrail=True, S3KeyPrefix="", EnableLogFileValidation=True)
    sqs = [cloud.client("sqs", region_name=region) for region in (REGION, "eu-west-1")]
    for hour in range(24):
        for number, client in enumerate(sqs):
            client.create_queue(QueueName=f"q-{hour}-{number}")
        cloud.clock.advance(hours=1)
    cloud.clock.advance(minutes=5)
    made = [
        (record["awsRegion"], record["requestParameters"]["queueName"])
        for file in files().values()
        for record in file["Records"]
        if record["eventName"] == "CreateQueue"
    ]
    wanted = [(region, f"q-{hour}-{n}") for hour in range(24) for n, region in enumerate((REGION, "eu-west-1"))]
    assert Counter(made) == Counter(wanted)
    assert Counter(key.split("/")[3] for key in files("Digest")) == {REGION: 24, "eu-west-1": 24}
    status = cloudtrail.get_trail_status(Name="main")
    assert status["IsLogging"]
    assert cloud.clock.now().timestamp() - status["LatestDigestDeliveryTime"].timestamp() < 3900


def test_logging_stops_and_begins_anew(cloud: Cloud, logging: Any, files: Any, cloudtrail: Any) -> None:
    logging()
    sqs = cloud.client("sqs")
    sqs.create_queue(QueueName="seen")
    cloudtrail.stop_logging(Name="main")
    cloud.clock.advance(minutes=10)
    sqs.create_queue(QueueName="unseen")
    cloud.clock.advance(minutes=10)
    cloudtrail.start_logging(Name="main")
    cloud.clock.advance(minutes=10)
    found = names(files())
    assert found == ["StartLogging", "CreateQueue", "StopLogging", "StartLogging"]
    status = cloudtrail.get_trail_status(Name="main")
    assert status["IsLogging"] and status["StartLoggingTime"] < status["LatestDeliveryTime"]
    assert "StopLoggingTime" not in status
    delivered = f"{status['LatestDeliveryTime'].astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    assert status["LatestDeliveryAttemptTime"] == status["LatestDeliveryAttemptSucceeded"] == delivered
    assert (status["TimeLoggingStopped"], status["LatestNotificationAttemptTime"]) == ("", "")


def test_a_bucket_that_closes_and_opens_again(cloud: Cloud, logging: Any, files: Any, cloudtrail: Any) -> None:
    logging()
    s3 = cloud.client("s3")
    s3.delete_bucket_policy(Bucket=BUCKET)
    cloud.client("sqs").create_queue(QueueName="late")
    cloud.clock.advance(minutes=10)
    assert files() == {}
    assert cloudtrail.get_trail_status(Name="main")["LatestDeliveryError"] == "AccessDenied"
    s3.put_bucket_policy(Bucket=BUCKET, Policy=bucket_policy(trail_arn("main")))
    cloud.clock.advance(minutes=5)
    assert "CreateQueue" in names(files())
    assert "LatestDeliveryError" not in cloudtrail.get_trail_status(Name="main")


def test_files_are_encrypted_with_the_key_of_the_trail(cloud: Cloud, logging: Any, files: Any) -> None:
    kms = cloud.client("kms")
    key = kms.create_key(Policy=key_policy())["KeyMetadata"]
    logging(KmsKeyId=key["Arn"])
    cloud.clock.advance(minutes=5)
    (name,) = files()
    head = cloud.client("s3").head_object(Bucket=BUCKET, Key=name)
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", key["Arn"])


def test_nothing_is_lost_or_doubled_by_a_restart(tmp_path: Path) -> None:
    for number in range(3):
        with Cloud(directory=tmp_path, seed=None) as cloud:
            sqs, cloudtrail, s3 = (cloud.client(name) for name in ("sqs", "cloudtrail", "s3"))
            if number == 0:
                s3.create_bucket(Bucket=BUCKET)
                s3.put_bucket_policy(Bucket=BUCKET, Policy=bucket_policy(trail_arn("main")))
                cloudtrail.create_trail(Name="main", S3BucketName=BUCKET, EnableLogFileValidation=True)
                cloudtrail.start_logging(Name="main")
            for n in range(5):
                sqs.create_queue(QueueName=f"q-{number}-{n}")
                cloud.clock.advance(minutes=3)
    with Cloud(directory=tmp_path, seed=None) as cloud:
        cloud.clock.advance(hours=1)
        s3 = cloud.client("s3")
        keys = [one["Key"] for one in s3.list_objects_v2(Bucket=BUCKET)["Contents"] if "Digest" not in one["Key"]]
        bodies = [gzip.decompress(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()) for key in keys]
    records = [record for body in bodies for record in json.loads(body)["Records"]]
    found = Counter(one["requestParameters"]["queueName"] for one in records if one["eventName"] == "CreateQueue")
    assert found == {f"q-{number}-{n}": 1 for number in range(3) for n in range(5)}


def test_what_only_reads_is_not_lost_while_time_runs(cloud: Cloud, logging: Any, files: Any, cloudtrail: Any) -> None:
    """Such calls are written down later than they are made, with nothing that has changed."""
    logging(IsMultiRegionTrail=True)
    sqs = cloud.client("sqs", region_name="us-west-2")
    cloud.clock.run(30_000)  # a hundred deliveries a second
    made = 0
    while "LatestDeliveryTime" not in (status := cloudtrail.get_trail_status(Name="main")) or made < 400:
        sqs.list_queues(QueueNamePrefix=f"n{made}")
        made += 1
    cloud.clock.run(1)
    cloud.clock.advance(minutes=10)
    found = [
        one["requestParameters"]["queueNamePrefix"]
        for file in files().values()
        for one in file["Records"]
        if one["eventName"] == "ListQueues"
    ]
    assert Counter(found) == {f"n{number}": 1 for number in range(made)}
    assert status["IsLogging"]


def test_a_trail_that_comes_to_all_regions_begins_there_then(
    cloud: Cloud, logging: Any, files: Any, cloudtrail: Any
) -> None:
    logging()
    there = cloud.client("sqs", region_name="eu-west-1")
    for name, everywhere in (("before", True), ("seen", False), ("between", True), ("again", True)):
        there.create_queue(QueueName=name)
        cloud.clock.advance(minutes=6)
        if cloudtrail.get_trail(Name="main")["Trail"]["IsMultiRegionTrail"] is not everywhere:
            cloudtrail.update_trail(Name="main", IsMultiRegionTrail=everywhere)
    made = [
        record["requestParameters"]["queueName"]
        for file in files("/CloudTrail/eu-west-1/").values()
        for record in file["Records"]
    ]
    assert made == ["seen", "again"]


def test_a_trail_that_stops_while_s3_is_in_trouble(cloud: Cloud, logging: Any, files: Any, cloudtrail: Any) -> None:
    cloud.clock.freeze()
    cloud.fault(service="s3", operation="GetBucketAcl", error="SlowDown", count=1)
    logging(EnableLogFileValidation=True)  # the SDK has tried again
    cloud.client("sqs").create_queue(QueueName="seen")
    down = cloud.fault(service="s3", operation="PutObject", error="ServiceUnavailable")
    cloudtrail.stop_logging(Name="main")
    cloud.clock.advance(hours=2)
    assert files() == {}
    assert down.id in [fault.id for fault in cloud.faults() if fault.hits > 10]
    cloud.clear_faults()
    cloud.fault(service="s3", operation="PutObject", error="SlowDown", rate=0.5)
    cloud.clock.advance(hours=2)
    records = [record for file in files().values() for record in file["Records"]]
    assert {"StartLogging", "CreateQueue", "StopLogging"} <= set(names(files()))
    assert len({record["eventID"] for record in records}) == len(records)
    listed = [file["s3Object"] for digest in files("Digest").values() for file in digest["logFiles"]]
    assert sorted(listed) == sorted(files())
