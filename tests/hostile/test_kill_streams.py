"""`kill -9` while streams feed functions: every record that was acknowledged is processed, those of a key in order."""

from __future__ import annotations

import io
import json
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from hostile.killing import ROUNDS, SEED, Load, rounds
from hostile.process import Process

pytestmark = [pytest.mark.socket, pytest.mark.slow, pytest.mark.feature("lambda.event-sources")]

HINT = f"HODEI_KILL_SEED={SEED}"
PATIENCE = 60  # seconds
ARN = "arn:aws:kinesis:us-east-1:000000000000:stream/stream"
TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
POLICIES = ("AmazonDynamoDBFullAccess", "service-role/AWSLambdaKinesisExecutionRole")
CODE = """
import base64, boto3
seen = boto3.resource("dynamodb").Table("seen")

def handler(event, context):
    for record in event["Records"]:
        if "kinesis" in record:
            label = base64.b64decode(record["kinesis"]["data"]).decode()
        else:
            label = record["dynamodb"]["Keys"]["id"]["S"]
        seen.update_item(Key={"id": label}, UpdateExpression="ADD times :one", ExpressionAttributeValues={":one": 1})
"""


class Producer(Load):
    """Writes numbers; `known` were acknowledged."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.known: list[str] = []

    def connect(self, process: Process) -> None:
        self.kinesis, self.dynamodb = process.client("kinesis"), process.client("dynamodb")
        self.put(self.label())  # so that the round is not over before the services are loaded

    def step(self) -> None:
        label = self.label()
        self.put(label)
        self.known.append(label)
        self.acknowledged += 1

    def put(self, label: str) -> None:
        raise NotImplementedError


class ToStream(Producer):
    def put(self, label: str) -> None:
        self.kinesis.put_record(StreamName="stream", Data=label.encode(), PartitionKey=label)


class ToTable(Producer):
    def put(self, label: str) -> None:
        self.dynamodb.put_item(TableName="things", Item={"id": {"S": label}})


def create(process: Process) -> None:
    iam, dynamodb, kinesis = process.client("iam"), process.client("dynamodb"), process.client("kinesis")
    document = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    role = iam.create_role(RoleName="fn", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    for policy in POLICIES:
        iam.attach_role_policy(RoleName="fn", PolicyArn=f"arn:aws:iam::aws:policy/{policy}")
    view = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    things = table(dynamodb, "things", StreamSpecification=view)["LatestStreamArn"]
    table(dynamodb, "seen")
    kinesis.create_stream(StreamName="stream", ShardCount=2)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(zipfile.ZipInfo("app.py"), CODE)
    fn = process.client("lambda")
    given = {"Runtime": "python3.11", "Handler": "app.handler", "Role": role, "MemorySize": 1769, "Timeout": 30}
    fn.create_function(FunctionName="see", Code={"ZipFile": packed.getvalue()}, **given)
    for source, lanes in ((ARN, 3), (things, 1)):
        fn.create_event_source_mapping(
            FunctionName="see",
            EventSourceArn=source,
            StartingPosition="TRIM_HORIZON",
            ParallelizationFactor=lanes,
            BatchSize=10,
        )


def table(dynamodb: Any, name: str, **more: Any) -> dict[str, Any]:
    described: dict[str, Any] = dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        **more,
    )["TableDescription"]
    return described


def seen(process: Process) -> dict[str, int]:
    pages = process.client("dynamodb").get_paginator("scan").paginate(TableName="seen")
    return {item["id"]["S"]: int(item["times"]["N"]) for page in pages for item in page["Items"]}


def test_every_record_is_processed(tmp_path: Path) -> None:
    loads: list[Producer] = [ToStream("ann"), ToTable("bob")]
    with rounds(tmp_path / "data", tmp_path / "log", loads, create) as process:
        known = {label for load in loads for label in load.known}
        until = time.monotonic() + PATIENCE
        while (missing := known - seen(process).keys()) and time.monotonic() < until:
            time.sleep(0.5)
        assert not missing, HINT
        assert max(seen(process).values()) <= ROUNDS + 1, f"done again without need: {HINT}"
