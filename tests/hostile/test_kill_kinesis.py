"""`kill -9` under producers while the stream is resharded: every acknowledged record is there once, in order."""

from __future__ import annotations

import json
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from hostile.killing import SEED, Load, rounds
from hostile.process import Process

pytestmark = [pytest.mark.socket, pytest.mark.slow]
ARN = "arn:aws:kinesis:us-east-1:000000000000:stream/"
HINT = f"HODEI_KILL_SEED={SEED}"


class Producer(Load):
    """Writes numbers under its own key, and now and then reshards. `known` were acknowledged."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.known: list[tuple[str, str]] = []  # (label, sequence number)

    def connect(self, process: Process) -> None:
        self.kinesis = process.client("kinesis")

    def step(self) -> None:
        label = self.label()
        if self.random.random() < 0.5:
            put = self.kinesis.put_record(StreamName="stream", Data=label.encode(), PartitionKey=self.name)
        else:
            record = {"Data": label.encode(), "PartitionKey": self.name}
            (put,) = self.kinesis.put_records(StreamName="stream", Records=[record])["Records"]
        self.known.append((label, put["SequenceNumber"]))
        self.acknowledged += 1

    def check(self) -> None:
        found = dict(read(self.kinesis, "stream")[self.name])
        lost = [label for label, number in self.known if found.get(label) != number]
        assert not lost, HINT


class Resharder(Load):
    def connect(self, process: Process) -> None:
        self.kinesis = process.client("kinesis")

    def step(self) -> None:
        count = self.kinesis.describe_stream_summary(StreamName="stream")["StreamDescriptionSummary"]["OpenShardCount"]
        target = self.random.choice([max(1, -(-count // 2)), count + 1, count])
        with suppress(self.kinesis.exceptions.LimitExceededException):  # ten times a day
            self.kinesis.update_shard_count(
                StreamName="stream", TargetShardCount=min(target, 6), ScalingType="UNIFORM_SCALING"
            )
        self.acknowledged += 1


def read(kinesis: Any, name: str) -> dict[str, list[tuple[str, str]]]:
    """(data, sequence number) of all records, by key, parents before their children."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for page in kinesis.get_paginator("list_shards").paginate(StreamName=name):
        for shard in page["Shards"]:
            iterator: str | None = kinesis.get_shard_iterator(
                StreamName=name, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
            )["ShardIterator"]
            while iterator:
                answer = kinesis.get_records(ShardIterator=iterator)
                for record in answer["Records"]:
                    found[record["PartitionKey"]].append((record["Data"].decode(), record["SequenceNumber"]))
                iterator = answer.get("NextShardIterator") if answer["Records"] else None
    return found


@pytest.mark.feature("kinesis.streams")
def test_no_record_is_lost_doubled_or_out_of_order(tmp_path: Path) -> None:
    producers = [Producer("ann"), Producer("bob")]

    def create(process: Process) -> None:
        process.client("kinesis").create_stream(StreamName="stream", ShardCount=2)

    loads: list[Load] = [*producers, Resharder("carl")]
    with rounds(tmp_path / "data", tmp_path / "log", loads, create) as process:
        found = read(process.client("kinesis"), "stream")
    for producer in producers:
        labels = [label for label, _ in found[producer.name]]
        numbers = [int(label.rpartition("-")[2]) for label in labels]
        assert numbers == sorted(set(numbers)), HINT
        sequence = [int(number) for _, number in found[producer.name]]
        assert sequence == sorted(set(sequence)), HINT
        assert {label for label, _ in producer.known} <= set(labels), HINT


class Writer(Load):
    """Writes items of a table whose changes go to a stream."""

    def connect(self, process: Process) -> None:
        self.dynamodb = process.client("dynamodb")

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.known: list[int] = []

    def step(self) -> None:
        number = next(self.numbers)
        self.dynamodb.put_item(TableName="table", Item={"pk": {"S": self.name}, "number": {"N": str(number)}})
        self.known.append(number)
        self.acknowledged += 1


@pytest.mark.feature("dynamodb.kinesis")
def test_every_change_of_a_table_arrives_once_and_in_order(tmp_path: Path) -> None:
    writers = [Writer("ann"), Writer("bob")]

    def create(process: Process) -> None:
        process.client("kinesis").create_stream(StreamName="stream", ShardCount=2)
        dynamodb = process.client("dynamodb")
        dynamodb.create_table(
            TableName="table",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        dynamodb.enable_kinesis_streaming_destination(TableName="table", StreamArn=f"{ARN}stream")

    with rounds(tmp_path / "data", tmp_path / "log", writers, create) as process:
        kinesis, dynamodb = process.client("kinesis"), process.client("dynamodb")
        last = {one.name: dynamodb.get_item(TableName="table", Key={"pk": {"S": one.name}})["Item"] for one in writers}
        changes: dict[str, list[int]] = {}
        for _ in range(100):
            changes = defaultdict(list)
            for records in read(kinesis, "stream").values():
                for data, _ in records:
                    image = json.loads(data)["dynamodb"]["NewImage"]
                    changes[image["pk"]["S"]].append(int(image["number"]["N"]))
            if all(changes[name][-1:] == [int(item["number"]["N"])] for name, item in last.items()):
                break
    for writer in writers:
        found = changes[writer.name]
        assert found == sorted(set(found)), HINT
        assert set(writer.known) <= set(found), HINT
