"""Patterns of event-driven systems, as AWS recommends them, on what is there: nothing of them is in Hodei itself."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hodei.testing import ACCOUNT, Cloud
from services.lambda_.functions import function_of, role_of, zipped

EVENTS = """
import boto3
from boto3.dynamodb.types import TypeDeserializer

dynamodb = boto3.resource("dynamodb")
read = TypeDeserializer().deserialize

def apply(view, event):
    sign = {"deposited": 1, "withdrawn": -1}[event["kind"]]
    try:
        view.update_item(
            Key={"id": event["id"]},
            UpdateExpression="SET version = :version ADD balance :change",
            ConditionExpression="version = :before OR (attribute_not_exists(id) AND :before = :none)",
            ExpressionAttributeValues={
                ":version": event["version"], ":before": event["version"] - 1, ":none": 0,
                ":change": sign * event["amount"],
            },
        )
    except view.meta.client.exceptions.ConditionalCheckFailedException:
        known = view.get_item(Key={"id": event["id"]}, ConsistentRead=True)["Item"]["version"]
        assert known >= event["version"], "an event is missing"

def project(event, context):
    for record in event["Records"]:
        image = record["dynamodb"]["NewImage"]
        apply(dynamodb.Table("view"), {name: read(value) for name, value in image.items()})

def rebuild(event, context):
    for page in dynamodb.meta.client.get_paginator("scan").paginate(TableName="events"):
        for one in page["Items"]:
            apply(dynamodb.Table("rebuilt"), one)
"""
JOBS = """
import boto3, json, os
sqs, jobs = boto3.client("sqs"), boto3.resource("dynamodb").Table("jobs")

def dispatch(event, context):
    for record in event["Records"]:
        if record["eventName"] == "INSERT":
            id = record["dynamodb"]["Keys"]["id"]["S"]
            sqs.send_message(QueueUrl=os.environ["WORK"], MessageBody=id)

def work(event, context):
    for record in event["Records"]:
        try:
            jobs.update_item(
                Key={"id": record["body"]},
                UpdateExpression="SET #s = :done ADD runs :one",
                ConditionExpression="#s = :submitted",
                ExpressionAttributeNames={"#s": "status"},
                ExpressionAttributeValues={":done": "done", ":submitted": "submitted", ":one": 1},
            )
        except jobs.meta.client.exceptions.ConditionalCheckFailedException:
            pass  # it came twice
"""


def table(cloud: Cloud, name: str, sort: str = "", view: str = "") -> str:
    """The ARN of its stream, if it has one."""
    keys = [("id", "HASH", "S"), *([(sort, "RANGE", "N")] if sort else [])]
    stream: dict[str, Any] = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": view}} if view else {}
    made = cloud.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind, _ in keys],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": type} for name, _, type in keys],
        BillingMode="PAY_PER_REQUEST",
        **stream,
    )
    arn: str = made["TableDescription"].get("LatestStreamArn", "")
    return arn


def items(cloud: Cloud, name: str) -> dict[str, Any]:
    pages = cloud.client("dynamodb").get_paginator("scan").paginate(TableName=name)
    return {item["id"]["S"]: item for page in pages for item in page["Items"]}


def role(cloud: Cloud) -> str:
    return role_of(
        cloud, "AmazonDynamoDBFullAccess", "AmazonSQSFullAccess", "service-role/AWSLambdaDynamoDBExecutionRole"
    )


class Account:
    """Commands on an account: they append events, if nobody was faster."""

    def __init__(self, cloud: Cloud, id: str) -> None:
        self._dynamodb, self._id, self.version, self.balance = cloud.client("dynamodb"), id, 0, 0

    def append(self, kind: str, amount: int, version: int) -> None:
        """Raises: ClientError."""
        event = {"id": {"S": self._id}, "version": {"N": str(version)}, "kind": {"S": kind}}
        self._dynamodb.put_item(
            TableName="events",
            Item={**event, "amount": {"N": str(amount)}},
            ConditionExpression="attribute_not_exists(id)",
        )
        self.version, self.balance = version, self.balance + (amount if kind == "deposited" else -amount)


@pytest.mark.feature("patterns.event-sourcing")
def test_a_rebuild_from_the_first_event_gives_the_same_view(cloud: Cloud) -> None:
    chance, source, fn, of = (
        random.Random(7),
        table(cloud, "events", "version", "NEW_IMAGE"),
        cloud.client("lambda"),
        role(cloud),
    )
    for name in ("view", "rebuilt"):
        table(cloud, name)
    project, rebuild = (function_of(cloud, of, f"app.{one}", zipped(app__py=EVENTS)) for one in ("project", "rebuild"))
    fn.create_event_source_mapping(
        FunctionName=project,
        EventSourceArn=source,
        StartingPosition="TRIM_HORIZON",
        ParallelizationFactor=3,
        BatchSize=5,
    )
    cloud.fault(service="dynamodb", operation="UpdateItem", error="InternalServerError", status=400, rate=0.2, seed=3)
    accounts = {f"account{number}": Account(cloud, f"account{number}") for number in range(6)}
    for _ in range(60):
        account = accounts[f"account{chance.randrange(6)}"]
        account.append(chance.choice(["deposited", "withdrawn"]), chance.randrange(1, 100), account.version + 1)
    account = max(accounts.values(), key=lambda one: one.version)
    with pytest.raises(ClientError, match="conditional request failed"):
        account.append("deposited", 1, account.version)  # somebody was faster
    cloud.clock.advance(minutes=30)
    assert all(fault.hits for fault in cloud.faults())
    cloud.clear_faults()
    cloud.clock.advance(minutes=5)
    view = items(cloud, "view")
    told = {id: (int(one["version"]["N"]), int(one["balance"]["N"])) for id, one in view.items()}
    assert told == {id: (one.version, one.balance) for id, one in accounts.items()}
    assert "FunctionError" not in fn.invoke(FunctionName=rebuild)
    assert items(cloud, "rebuilt") == view


@pytest.mark.feature("patterns.no-distributed-transaction")
def test_no_job_is_lost_or_doubled_under_faults(cloud: Cloud) -> None:
    """The job and its message are two writes. Nobody makes them one: the message follows from the stream."""
    source, fn, sqs, of = (
        table(cloud, "jobs", view="KEYS_ONLY"),
        cloud.client("lambda"),
        cloud.client("sqs"),
        role(cloud),
    )
    queue = sqs.create_queue(QueueName="work", Attributes={"VisibilityTimeout": "60"})["QueueUrl"]
    options: dict[str, Any] = {"Environment": {"Variables": {"WORK": queue}}}
    dispatch, work = (
        function_of(cloud, of, f"app.{one}", zipped(app__py=JOBS), **options) for one in ("dispatch", "work")
    )
    fn.create_event_source_mapping(
        FunctionName=dispatch, EventSourceArn=source, StartingPosition="TRIM_HORIZON", BatchSize=4
    )
    fn.create_event_source_mapping(FunctionName=work, EventSourceArn=f"arn:aws:sqs:us-east-1:{ACCOUNT}:work")
    for service, operation in (
        *(("sqs", "SendMessage"), ("sqs", "DeleteMessageBatch"), ("dynamodb", "UpdateItem")),
        ("dynamodbstreams", "GetRecords"),
    ):
        cloud.fault(service=service, operation=operation, error="AccessDenied", status=400, rate=0.3, role="fn", seed=5)
    jobs = [f"job{number}" for number in range(40)]
    for id in jobs:
        cloud.client("dynamodb").put_item(TableName="jobs", Item={"id": {"S": id}, "status": {"S": "submitted"}})
    cloud.clock.advance(hours=1)
    assert all(fault.hits for fault in cloud.faults())
    cloud.clear_faults()
    cloud.clock.advance(minutes=5)
    done = items(cloud, "jobs")
    assert {id: (one["status"]["S"], one["runs"]["N"]) for id, one in done.items()} == dict.fromkeys(
        jobs, ("done", "1")
    )
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    left = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
    assert set(left.values()) == {"0"}, json.dumps(left)
