"""`kill -9` under writers of events: every acknowledged event is there once, in order, whatever was being folded."""

from __future__ import annotations

import gzip
import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hostile.killing import ROUNDS, SEED, Load, rounds
from hostile.process import Process

pytestmark = [pytest.mark.socket, pytest.mark.slow]
GROUP = "app"
PATIENCE = 60  # seconds of the cloud's clock, which goes as the real one does
HINT = f"HODEI_KILL_SEED={SEED}"


class Writer(Load):
    """Puts events into its own stream, one or many at once. `known` were acknowledged."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.known: list[str] = []

    def connect(self, process: Process) -> None:
        self.logs = process.client("logs")

    def step(self) -> None:
        labels = [self.label() for _ in range(self.random.choice([1, 1, 1, 5, 200]))]
        now = int(time.time() * 1000)
        events = [{"timestamp": now, "message": f"{label} {'x' * self.random.randrange(300)}"} for label in labels]
        self.logs.put_log_events(logGroupName=GROUP, logStreamName=self.name, logEvents=events)
        self.known += labels
        self.acknowledged += 1

    def check(self) -> None:
        found = [event["message"].partition(" ")[0] for event in read(self.logs, self.name)]
        assert len(found) == len(set(found)), HINT
        assert not set(self.known) - set(found), HINT


def read(logs: Any, stream: str) -> Iterator[Any]:
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=GROUP, logStreamNames=[stream])
    for page in pages:
        yield from page["events"]


def subscribe(process: Process) -> None:
    """All events go to a stream, too."""
    iam, kinesis = process.client("iam"), process.client("kinesis")
    kinesis.create_stream(StreamName="copies", ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName="copies", WaiterConfig={"Delay": 1})
    trust = {"Effect": "Allow", "Principal": {"Service": "logs.amazonaws.com"}, "Action": "sts:AssumeRole"}
    allowed = {"Effect": "Allow", "Action": "kinesis:PutRecord", "Resource": "*"}
    documents = [json.dumps({"Version": "2012-10-17", "Statement": [one]}) for one in (trust, allowed)]
    role = iam.create_role(RoleName="copy", AssumeRolePolicyDocument=documents[0])["Role"]["Arn"]
    iam.put_role_policy(RoleName="copy", PolicyName="p", PolicyDocument=documents[1])
    arn = kinesis.describe_stream_summary(StreamName="copies")["StreamDescriptionSummary"]["StreamARN"]
    process.client("logs").put_subscription_filter(
        logGroupName=GROUP, filterName="all", filterPattern="", destinationArn=arn, roleArn=role
    )


def copied(process: Process) -> dict[str, int]:
    """How often the stream has each event."""
    kinesis, found = process.client("kinesis"), Counter[str]()
    (shard,) = kinesis.list_shards(StreamName="copies")["Shards"]
    start = {"StreamName": "copies", "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
    at = kinesis.get_shard_iterator(**start)["ShardIterator"]
    while True:
        page = kinesis.get_records(ShardIterator=at)
        for record in page["Records"]:
            events = json.loads(gzip.decompress(record["Data"]))["logEvents"]
            found.update(event["message"].partition(" ")[0] for event in events)
        if not page["Records"] and not page["MillisBehindLatest"]:
            return found
        at = page["NextShardIterator"]


@pytest.mark.feature("logs.subscriptions")
def test_subscribers_get_every_event(tmp_path: Path) -> None:
    writers = [Writer("ann"), Writer("bob")]

    def create(process: Process) -> None:
        create_group(process, writers)
        subscribe(process)

    process = rounds(tmp_path / "data", tmp_path / "log", writers, create)
    known = {label for writer in writers for label in writer.known}
    until = time.monotonic() + PATIENCE
    while (missing := known - copied(process).keys()) and time.monotonic() < until:
        time.sleep(0.5)
    assert not missing, HINT
    assert max(copied(process).values()) <= ROUNDS + 1, f"sent again without need: {HINT}"
    process.stop()


def create_group(process: Process, writers: list[Writer]) -> None:
    logs = process.client("logs")
    logs.create_log_group(logGroupName=GROUP)
    for writer in writers:
        logs.create_log_stream(logGroupName=GROUP, logStreamName=writer.name)


@pytest.mark.feature("logs.groups-streams")
def test_no_event_is_lost_or_doubled(tmp_path: Path) -> None:
    writers = [Writer("ann"), Writer("bob")]
    process = rounds(tmp_path / "data", tmp_path / "log", writers, lambda process: create_group(process, writers))
    process.stop()
    assert all(writer.acknowledged for writer in writers)
