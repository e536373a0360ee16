"""`kill -9` while calls between services fail: what waits for its next attempt is made up for, once."""

from __future__ import annotations

import json
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hostile.process import Process

pytestmark = [pytest.mark.socket, pytest.mark.slow]
PATIENCE = 60.0  # seconds
BUCKET, TABLE, QUEUE = "things", "things", "events"


def post(process: Process, path: str, **body: Any) -> None:
    request = urllib.request.Request(f"{process.url}/_hodei/{path}", json.dumps(body).encode(), method="POST")
    urllib.request.urlopen(request).read()


def until(done: Callable[[], bool], process: Process) -> None:
    """Time goes on meanwhile."""
    end = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < end
        post(process, "clock", advance="60s")


def set_up(process: Process) -> str:
    """A bucket that tells a queue, and a table that is exported to it. The ARN of the table."""
    s3, sqs, dynamodb = process.client("s3"), process.client("sqs"), process.client("dynamodb")
    s3.create_bucket(Bucket=BUCKET)
    let = {
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": "*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [let]})
    url = sqs.create_queue(QueueName=QUEUE, Attributes={"Policy": policy})["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    entry = {"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}
    entry["Filter"] = {"Key": {"FilterRules": [{"Name": "prefix", "Value": "in/"}]}}
    s3.put_bucket_notification_configuration(
        Bucket=BUCKET, NotificationConfiguration={"QueueConfigurations": [entry]}, SkipDestinationValidation=True
    )
    table = dynamodb.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )["TableDescription"]["TableArn"]
    recovery = {"PointInTimeRecoveryEnabled": True}
    dynamodb.update_continuous_backups(TableName=TABLE, PointInTimeRecoverySpecification=recovery)
    dynamodb.put_item(TableName=TABLE, Item={"id": {"S": "a"}})
    return str(table)


def put(process: Process, key: str) -> None:
    """Until S3 takes it."""
    while True:
        with suppress(ClientError):
            process.client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"x")
            return


def told(process: Process, found: Counter[str]) -> set[str]:
    """Of which objects there has been word by now; `found`: how often."""
    sqs = process.client("sqs")
    url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            found.update(record["s3"]["object"]["key"] for record in json.loads(message["Body"])["Records"])
    return {*found}


def status(dynamodb: Any, export: str) -> str:
    return str(dynamodb.describe_export(ExportArn=export)["ExportDescription"]["ExportStatus"])


@pytest.mark.feature("cloud.durability", "s3.notifications", "dynamodb.export-import")
def test_what_waits_for_its_next_attempt_survives(tmp_path: Path) -> None:
    process = Process(tmp_path / "data", tmp_path / "log")
    table = set_up(process)
    post(process, "faults", service="sqs", operation="SendMessage", error="InternalFailure", rate=0.5)
    export = process.client("dynamodb").export_table_to_point_in_time(TableArn=table, S3Bucket=BUCKET)
    post(process, "faults", service="s3", operation="PutObject", error="SlowDown", rate=0.3)
    keys = [f"in/{number}" for number in range(20)]
    for key in keys:
        put(process, key)
        if key in keys[6::6]:
            process.kill()
            process = Process(tmp_path / "data", tmp_path / "log")
    found = Counter[str]()
    until(lambda: told(process, found) == {*keys}, process)
    assert found == Counter(keys)
    dynamodb, arn = process.client("dynamodb"), export["ExportDescription"]["ExportArn"]
    until(lambda: status(dynamodb, arn) == "COMPLETED", process)
    process.stop()
