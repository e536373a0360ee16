"""`kill -9` under producers of a stream whose channel delivers all the time: every acknowledged record is delivered."""

from __future__ import annotations

import json
import urllib.request
from http.client import HTTPException
from pathlib import Path

import pytest
from botocore.exceptions import EndpointConnectionError

from hostile.killing import SEED, Load, rounds
from hostile.process import Process

pytestmark = [pytest.mark.socket, pytest.mark.slow]
ACCOUNT = "000000000000"
HINT = f"HODEI_KILL_SEED={SEED}"
TRUST = {"Effect": "Allow", "Principal": {"Service": "kinesis.amazonaws.com"}, "Action": "sts:AssumeRole"}
MAY = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}


class Producer(Load):
    """Writes lines. `known` were acknowledged."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.known: set[str] = set()

    def connect(self, process: Process) -> None:
        self.kinesis = process.client("kinesis")

    def step(self) -> None:
        label = self.label()
        self.kinesis.put_record(StreamName="stream", Data=label.encode(), PartitionKey=label)
        self.known.add(label)
        self.acknowledged += 1


class Clock(Load):
    """Makes the time pass that channels wait for."""

    def connect(self, process: Process) -> None:
        self.process = process

    def step(self) -> None:
        try:
            advance(self.process, 100)
        except (OSError, HTTPException) as error:  # as boto3 has it, when the server dies
            raise EndpointConnectionError(endpoint_url=self.process.url) from error
        self.acknowledged += 1


def advance(process: Process, seconds: int) -> None:
    body = json.dumps({"advance": f"{seconds}s"}).encode()
    urllib.request.urlopen(urllib.request.Request(f"{process.url}/_hodei/clock", body, method="POST")).read()


def create(process: Process) -> None:
    def document(statement: dict[str, object]) -> str:
        return json.dumps({"Version": "2012-10-17", "Statement": statement})

    process.client("s3").create_bucket(Bucket="lake")
    iam, kinesis = process.client("iam"), process.client("kinesis")
    role = iam.create_role(RoleName="delivery", AssumeRolePolicyDocument=document(TRUST))["Role"]["Arn"]
    iam.put_role_policy(RoleName="delivery", PolicyName="may", PolicyDocument=document(MAY))
    kinesis.create_stream(StreamName="stream", StreamModeDetails={"StreamMode": "ON_DEMAND"})
    source = {
        "StreamARN": f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/stream",
        "RecordConfiguration": {"RecordFormatType": "STRING"},
    }
    storage = {"BucketARN": "arn:aws:s3:::lake", "ExpectedBucketOwner": ACCOUNT, "CompressionType": "NONE"}
    kinesis.create_channel(
        ChannelName="channel",
        ServiceExecutionRoleARN=role,
        StreamConfigurationList=[source],
        S3DestinationConfiguration={"StorageConfiguration": storage},
    )


def delivered(process: Process) -> list[str]:
    s3 = process.client("s3")
    lines: list[str] = []
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket="lake"):
        for one in page.get("Contents", []):
            lines += s3.get_object(Bucket="lake", Key=one["Key"])["Body"].read().decode().splitlines()
    return lines


@pytest.mark.feature("kinesis.streams")
def test_every_record_is_delivered(tmp_path: Path) -> None:
    producers = [Producer("ann"), Producer("bob")]
    loads: list[Load] = [*producers, Clock("clock")]
    with rounds(tmp_path / "data", tmp_path / "log", loads, create) as process:
        advance(process, 400)
        found = delivered(process)
    for producer in producers:
        assert producer.known <= set(found), HINT
    assert len(found) == len(set(found)), HINT
