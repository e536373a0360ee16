"""`kill -9` while a trail delivers: every acknowledged change is in its files once, and every file in a digest."""

from __future__ import annotations

import gzip
import hashlib
import json
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from hostile import trails
from hostile.killing import SEED, Load, rounds
from hostile.process import Process

pytestmark = [pytest.mark.socket, pytest.mark.slow, pytest.mark.feature("cloudtrail.recording")]

FAST = 1000  # times: a delivery every 0.3 seconds


def turn(process: Process, **how: Any) -> None:
    body = json.dumps(how).encode()
    urllib.request.urlopen(urllib.request.Request(f"{process.url}/_hodei/clock", body, method="POST")).read()


class Queues(Load):
    """Makes queues, whose names it remembers."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.known: list[str] = []

    def connect(self, process: Process) -> None:
        self.sqs = process.client("sqs")
        turn(process, rate=FAST)

    def step(self) -> None:
        name = self.label()
        self.sqs.create_queue(QueueName=name)
        self.known.append(name)
        self.acknowledged += 1


def files(process: Process) -> dict[str, bytes]:
    s3 = process.client("s3")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=trails.BUCKET)
    keys = [one["Key"] for page in pages for one in page.get("Contents", ())]
    return {key: gzip.decompress(s3.get_object(Bucket=trails.BUCKET, Key=key)["Body"].read()) for key in keys}


def create(process: Process) -> None:
    s3, cloudtrail = process.client("s3"), process.client("cloudtrail")
    s3.create_bucket(Bucket=trails.BUCKET)
    s3.put_bucket_policy(Bucket=trails.BUCKET, Policy=trails.POLICY)
    cloudtrail.create_trail(Name="main", S3BucketName=trails.BUCKET, EnableLogFileValidation=True)
    cloudtrail.start_logging(Name="main")


def test_no_event_is_lost_or_doubled(tmp_path: Path) -> None:
    loads = [Queues("ann"), Queues("bob")]
    process = rounds(tmp_path / "data", tmp_path / "log", loads, create)
    with process:
        turn(process, rate=1)
        process.client("cloudtrail").stop_logging(Name="main")
        turn(process, advance="2h")
        found = files(process)
    logs = {key: body for key, body in found.items() if "CloudTrail-Digest" not in key}
    records = [record for body in logs.values() for record in json.loads(body)["Records"]]
    made = Counter(one["requestParameters"]["queueName"] for one in records if one["eventName"] == "CreateQueue")
    lost = [name for load in loads for name in load.known if name not in made]
    assert not lost, f"HODEI_KILL_SEED={SEED}"
    assert set(made.values()) == {1}, f"HODEI_KILL_SEED={SEED}"
    assert max(Counter(one["eventID"] for one in records).values()) == 1
    digests = [json.loads(body) for key, body in found.items() if key not in logs]
    told = [(file["s3Object"], file["hashValue"]) for digest in digests for file in digest["logFiles"]]
    assert sorted(told) == sorted((key, hashlib.sha256(body).hexdigest()) for key, body in logs.items())
