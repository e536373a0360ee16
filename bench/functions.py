"""What the servers are asked of Lambda: functions in Python, started, started already, many at once, fed by a queue."""

from __future__ import annotations

import base64
import io
import itertools
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from bench.client import Call, Client

CODE = """
import time
import boto3

def echo(event, context):
    return event

def nap(event, context):
    time.sleep(1)
    return event
"""
TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
POLICY = "arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole"
AT_ONCE = 1000
MESSAGES = 2000
PATIENCE = 120
PAYLOAD = b'{"key": "value"}'


def function(client: Client, name: str, handler: str = "app.echo") -> str:
    """Make it, warm. Its path to be invoked by."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", CODE)
    client.function("POST", "functions", {
        "FunctionName": name,
        "Runtime": "python3.12",
        "Handler": handler,
        "Role": role(client),
        "MemorySize": 1769,
        "Timeout": 60,
        "Code": {"ZipFile": base64.b64encode(packed.getvalue()).decode()},
    })  # fmt: skip
    until(lambda: client.function("GET", f"functions/{name}/configuration")["State"] == "Active")
    path = f"functions/{name}/invocations"
    client.invoke(path, PAYLOAD)
    return path


def role(client: Client) -> str:
    """Its ARN."""
    document = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    try:
        client.iam("CreateRole", RoleName="bench", AssumeRolePolicyDocument=document)
        client.iam("AttachRolePolicy", RoleName="bench", PolicyArn=POLICY)
    except RuntimeError as error:
        if "EntityAlreadyExists" not in str(error):
            raise
    return "arn:aws:iam::000000000000:role/bench"


def warm(client: Client) -> Iterator[Call]:
    path = function(client, "warm")
    while True:
        yield lambda: client.invoke(path, PAYLOAD) and None


def cold(client: Client) -> Iterator[Call]:
    """After a change of the configuration, which is not in the latency but in the CPU time."""
    path = function(client, "cold")
    for number in itertools.count():
        change(client, "cold", number)
        yield lambda: client.invoke(path, PAYLOAD) and None


def many(client: Client) -> Iterator[Call]:
    """All of them are under way at the same time, each for a second, in environments that are started for them."""
    path = function(client, "many", "app.nap")

    def call() -> None:
        with ThreadPoolExecutor(AT_ONCE) as threads:
            answers = threads.map(lambda _: Client(client.server).invoke(path, PAYLOAD), range(AT_ONCE))
            assert all(answer == PAYLOAD for answer in answers)

    for number in itertools.count():
        change(client, "many", number)
        yield call


def change(client: Client, name: str, number: int) -> None:
    """So that none of its environments is used again."""
    client.function("PUT", f"functions/{name}/configuration", {"Description": str(number)})


def from_queue(client: Client) -> Iterator[Call]:
    """Messages that are there already, until the queue is empty."""
    function(client, "fed")
    url = client.sqs("CreateQueue", QueueName="feeding", Attributes={"VisibilityTimeout": "60"})["QueueUrl"]
    mapping = {
        "EventSourceArn": "arn:aws:sqs:us-east-1:000000000000:feeding",
        "FunctionName": "fed",
        "BatchSize": 10,
        "Enabled": False,
    }
    uuid = client.function("POST", "event-source-mappings", mapping)["UUID"]
    while True:
        settled(client, uuid, enabled=False)
        for start in range(0, MESSAGES, 10):
            entries = [{"Id": str(n), "MessageBody": f"message {start + n}"} for n in range(10)]
            client.sqs("SendMessageBatch", QueueUrl=url, Entries=entries)
        yield lambda: drained(client, uuid, url)


def drained(client: Client, uuid: str, url: str) -> None:
    settled(client, uuid, enabled=True)
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]

    def empty() -> bool:
        told = client.sqs("GetQueueAttributes", QueueUrl=url, AttributeNames=names)["Attributes"]
        return not any(int(told[name]) for name in names)

    until(empty)


def settled(client: Client, uuid: str, *, enabled: bool) -> None:
    path, wanted = f"event-source-mappings/{uuid}", "Enabled" if enabled else "Disabled"
    client.function("PUT", path, {"Enabled": enabled})
    until(lambda: client.function("GET", path)["State"] == wanted)


def until(done: Callable[[], bool]) -> None:
    """Raises: RuntimeError, if it takes too long."""
    end = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > end:
            raise RuntimeError(f"not there after {PATIENCE} seconds")
        time.sleep(0.02)
