"""Functions that are fed from streams, for tests."""

from __future__ import annotations

import json
from typing import Any

from hodei.testing import ACCOUNT, Cloud

from .functions import function_of, role_of, zipped

STREAM = f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/readings"
QUEUES = f"arn:aws:sqs:us-east-1:{ACCOUNT}"
CODE = """
import base64, boto3, json, os, random, time
sqs = boto3.client("sqs")
tries = {}

def note(text):
    sqs.send_message(QueueUrl=os.environ["NOTES"], MessageBody=json.dumps(text))

def data_of(record):
    if "kinesis" in record:
        return base64.b64decode(record["kinesis"]["data"]).decode()
    return record["dynamodb"]["Keys"]["id"]["S"]

def all(event, context):
    note([data_of(record) for record in event["Records"]])

def sizes(event, context):
    note(len(event["Records"]))

def whole(event, context):
    note(event)

def fails(event, context):
    note([data_of(record) for record in event["Records"]])
    if any("poison" in data_of(record) for record in event["Records"]):
        raise ValueError("poison")

def some(event, context):
    failures = []
    for record in event["Records"]:
        if "poison" in data_of(record):
            inner = record.get("kinesis") or record["dynamodb"]
            failures.append({"itemIdentifier": inner.get("sequenceNumber") or inner["SequenceNumber"]})
    note([data_of(record) for record in event["Records"]])
    return {"batchItemFailures": failures}

def answers(event, context):
    note([data_of(record) for record in event["Records"]])
    return json.loads(os.environ["ANSWER"])

def chance(event, context):
    # it fails now and then as a whole, before it has done anything, or from a record on
    dice = random.Random(os.environ["SEED"] + event["Records"][0]["kinesis"]["sequenceNumber"] + str(time.time()))
    if dice.random() < 0.1:
        raise ValueError("all")
    count = len(event["Records"])
    done = dice.randrange(count) if dice.random() < 0.2 else count
    if done:
        note([data_of(record) for record in event["Records"][:done]])
    failed = [record["kinesis"]["sequenceNumber"] for record in event["Records"][done:]]
    return {"batchItemFailures": [{"itemIdentifier": one} for one in failed]}

def stateful(event, context):
    note(event)
    return {"state": {"n": event["state"].get("n", 0) + len(event["Records"])}}

def totals(event, context):
    state = event["state"]
    for record in event["Records"]:
        state["count"] = state.get("count", 0) + 1
        state["pad"] = "x" * int(os.environ.get("PAD", "0"))
    start, end = event["window"]["start"], event["window"]["end"]
    if event["isFinalInvokeForWindow"]:
        note([start, end, state.get("count"), event["isWindowTerminatedEarly"]])
    return {"state": state}
"""


class Feed:
    """A stream `readings` and a table `things` with a stream, functions fed from them, and what these have noted."""

    def __init__(self, cloud: Cloud, shards: int = 1) -> None:
        self.cloud = cloud
        self.kinesis, self.lambda_, self.sqs = cloud.client("kinesis"), cloud.client("lambda"), cloud.client("sqs")
        self.dynamodb = cloud.client("dynamodb")
        self.kinesis.create_stream(StreamName="readings", ShardCount=shards)
        self.notes_url = self.sqs.create_queue(QueueName="notes")["QueueUrl"]
        self.role = role_of(
            cloud,
            *("AmazonSQSFullAccess", "AmazonS3FullAccess", "AmazonDynamoDBFullAccess"),
            *("service-role/AWSLambdaKinesisExecutionRole", "service-role/AWSLambdaDynamoDBExecutionRole"),
        )

    def function(self, handler: str, **environment: str) -> str:
        variables = {"NOTES": self.notes_url, **environment}
        options: dict[str, Any] = {"Environment": {"Variables": variables}}
        return function_of(self.cloud, self.role, f"app.{handler}", zipped(app__py=CODE), **options)

    def table(self, view: str = "NEW_AND_OLD_IMAGES") -> str:
        """The ARN of the stream of the table."""
        made = self.dynamodb.create_table(
            TableName="things",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": view},
        )
        arn: str = made["TableDescription"]["LatestStreamArn"]
        return arn

    def feed(
        self, handler: str, source: str = STREAM, environment: dict[str, str] | None = None, **options: Any
    ) -> str:
        name = self.function(handler, **(environment or {}))
        given = {"StartingPosition": "TRIM_HORIZON", "EventSourceArn": source, "FunctionName": name, **options}
        uuid: str = self.lambda_.create_event_source_mapping(**given)["UUID"]
        return uuid

    def put(self, *texts: str, key: str = "k", **more: Any) -> None:
        for text in texts:
            self.kinesis.put_record(StreamName="readings", PartitionKey=key, Data=text.encode(), **more)

    def notes(self, seconds: float = 1) -> list[Any]:
        """Those of the next so many seconds, in order."""
        self.cloud.clock.advance(seconds=seconds)
        found = []
        while messages := self.received("notes"):
            found += messages
        return found

    def received(self, queue: str) -> list[Any]:
        url = self.sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        messages = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in messages]

    def destination(self, name: str = "dead") -> dict[str, Any]:
        """A queue for what is discarded, as a setting."""
        self.sqs.create_queue(QueueName=name)
        return {"OnFailure": {"Destination": f"{QUEUES}:{name}"}}
