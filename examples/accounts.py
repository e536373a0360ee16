"""Accounts whose truth is the list of what happened to them, under everything that goes wrong:

    commands append events to a table, on condition that nobody was faster -> its stream -> a function keeps balances,
    another one sends a job for each withdrawal to a queue

Meanwhile calls fail by chance, events that no function understands are appended, and Hodei is killed with kill -9.
In the end nothing is lost or doubled, poison has stopped nobody, and a view that is built again from the first event is
the same.

    python examples/accounts.py
    python examples/accounts.py --commands 2000

It starts a Hodei of its own, with boto3 and `hodei` as the only clients, and checks everything it sees.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from functions import allow, arn_of, feed, function, until
from server import Hodei

EVENTS, BALANCES, REBUILT = "events", "balances", "rebuilt"
JOBS, POISONED = "payouts.fifo", "poisoned"
ACCOUNTS = [f"account-{number}" for number in range(12)]
POISON = [f"poison-{number}" for number in range(3)]
WORKERS = 6
READING = ["dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream", "dynamodb:ListStreams"]

PROJECT = """
import os
import boto3
from botocore.config import Config

once = Config(retries={"total_max_attempts": 1})  # what fails is Lambda's to try again
table = boto3.resource("dynamodb", config=once).Table(os.environ["TABLE"])
SIGNS = {"opened": 0, "deposited": 1, "withdrawn": -1}

def handler(event, context):
    for record in event["Records"]:
        image = record["dynamodb"]["NewImage"]
        account, version, kind = image["account"]["S"], int(image["version"]["N"]), image["kind"]["S"]
        change = SIGNS[kind] * int(image["amount"]["N"])
        try:
            table.update_item(
                Key={"account": account},
                UpdateExpression="SET balance = if_not_exists(balance, :none) + :change, version = :version",
                ConditionExpression="version = :before OR (attribute_not_exists(version) AND :before = :none)",
                ExpressionAttributeValues={":none": 0, ":change": change, ":version": version, ":before": version - 1},
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except table.meta.client.exceptions.ConditionalCheckFailedException as error:
            if "Item" not in error.response or int(error.response["Item"]["version"]["N"]) < version:
                raise RuntimeError(f"version {version} of {account} before the one before it") from None
"""

PAY = """
import json, os
import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

sqs = boto3.client("sqs", config=Config(retries={"total_max_attempts": 1}))

def handler(event, context):
    for record in event["Records"]:
        image = record["dynamodb"]["NewImage"]
        job = f"{image['account']['S']}#{image['version']['N']}"
        try:
            sqs.send_message(
                QueueUrl=os.environ["QUEUE"],
                MessageBody=json.dumps({"job": job, "amount": int(image["amount"]["N"])}),
                MessageGroupId=image["account"]["S"],
                MessageDeduplicationId=job,
            )
        except BotoCoreError:  # what came before is done: it must not come again, as the queue forgets it in 5 minutes
            return {"batchItemFailures": [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]}]}
"""


# what is there


def set_up(hodei: Hodei) -> tuple[str, str]:
    """The tables, queues and functions. The URLs of the queues: of jobs, of what is poison."""
    dynamodb, sqs = hodei.client("dynamodb"), hodei.client("sqs")
    make_table(dynamodb, EVENTS, "version", StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
    for name in (BALANCES, REBUILT):
        make_table(dynamodb, name)
    jobs = sqs.create_queue(QueueName=JOBS, Attributes={"FifoQueue": "true"})["QueueUrl"]
    poisoned = sqs.create_queue(QueueName=POISONED)["QueueUrl"]
    source = stream(hodei)
    keep_view(hodei, "project", BALANCES, source)
    sending = allow(["sqs:SendMessage"], arn_of("sqs", JOBS))
    function(hodei, "pay", PAY, allow(READING, source), sending, Environment={"Variables": {"QUEUE": jobs}})
    withdrawn = {"dynamodb": {"NewImage": {"kind": {"S": ["withdrawn"]}}}}
    only = {"Filters": [{"Pattern": json.dumps(withdrawn)}]}
    partial = ["ReportBatchItemFailures"]
    feed(hodei, "pay", source, StartingPosition="TRIM_HORIZON", FilterCriteria=only, FunctionResponseTypes=partial)
    return jobs, poisoned


def make_table(dynamodb: Any, name: str, sort: str = "", **options: Any) -> None:
    keys = [("account", "HASH", "S"), *([(sort, "RANGE", "N")] if sort else [])]
    dynamodb.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": kind} for key, _, kind in keys],
        KeySchema=[{"AttributeName": key, "KeyType": role} for key, role, _ in keys],
        BillingMode="PAY_PER_REQUEST",
        **options,
    )


def stream(hodei: Hodei) -> str:
    found: str = hodei.client("dynamodb").describe_table(TableName=EVENTS)["Table"]["LatestStreamArn"]
    return found


def keep_view(hodei: Hodei, name: str, table: str, source: str) -> None:
    """A function that makes balances of events, from the first one on. What it fails of for good goes to a queue."""
    writing = allow(["dynamodb:UpdateItem"], arn_of("dynamodb", f"table/{table}"))
    telling = allow(["sqs:SendMessage"], arn_of("sqs", POISONED))
    environment = {"Variables": {"TABLE": table}}
    function(hodei, name, PROJECT, allow(READING, source), writing, telling, Environment=environment)
    feed(
        hodei,
        name,
        source,
        StartingPosition="TRIM_HORIZON",
        BatchSize=50,
        MaximumRetryAttempts=10,
        BisectBatchOnFunctionError=True,
        DestinationConfig={"OnFailure": {"Destination": arn_of("sqs", POISONED)}},
    )


# commands


@dataclass
class Ledger:
    """Decides by what has happened, and appends what happens."""

    hodei: Hodei

    @cached_property
    def dynamodb(self) -> Any:
        return self.hodei.client("dynamodb")

    def events(self, account: str) -> list[dict[str, Any]]:
        pages = self.dynamodb.get_paginator("query").paginate(
            TableName=EVENTS,
            KeyConditionExpression="account = :account",
            ExpressionAttributeValues={":account": {"S": account}},
            ConsistentRead=True,
        )
        return [plain(item) for page in pages for item in page["Items"]]

    def append(self, account: str, version: int, kind: str, amount: int, command: str) -> None:
        """Raises: ClientError, if there is such a version already, or something is wrong."""
        self.dynamodb.put_item(
            TableName=EVENTS,
            Item={
                "account": {"S": account},
                "version": {"N": str(version)},
                "kind": {"S": kind},
                "amount": {"N": str(amount)},
                "command": {"S": command},
            },
            ConditionExpression="attribute_not_exists(account)",
        )

    def do(self, command: str, account: str, kind: str, amount: int) -> str:
        """Until it is known to have happened once, or is refused ("")."""
        while True:
            try:
                events = self.events(account)
                if any(event["command"] == command for event in events):  # it had happened, but its answer was lost
                    return command
                if kind == "withdrawn" and balance(events) < amount:
                    return ""
                self.append(account, len(events) + 1, kind, amount, command)
            except (ClientError, BotoCoreError):
                time.sleep(0.02)
            else:
                return command


def plain(item: dict[str, Any]) -> dict[str, Any]:
    return {name: int(value["N"]) if "N" in value else value["S"] for name, value in item.items()}


def balance(events: list[dict[str, Any]]) -> int:
    signs = {"opened": 0, "deposited": 1, "withdrawn": -1}
    return sum(signs[event["kind"]] * event["amount"] for event in events)


def commands(count: int) -> list[tuple[str, str, str, int]]:
    chance = random.Random(5)
    opening = [(f"open-{account}", account, "opened", 0) for account in ACCOUNTS]
    kinds = ("deposited", "deposited", "withdrawn")
    rest = [
        (f"command-{number}", chance.choice(ACCOUNTS), chance.choice(kinds), chance.randint(1, 90))
        for number in range(count)
    ]
    return opening + rest


# what goes wrong


def break_things(hodei: Hodei) -> None:
    """One call of twenty fails, of those that the functions and the commands make."""
    for operation, error in (("UpdateItem", "ThrottlingException"), ("PutItem", "InternalServerError")):
        chance = ["--rate", "0.05", "--seed", "7"]
        hodei.hodei("fault", "add", "--service", "dynamodb", "--operation", operation, "--error", error, *chance)
    hodei.hodei("fault", "add", "--service", "sqs", "--operation", "SendMessage", "--reset", "--rate", "0.05")


def poison(ledger: Ledger) -> None:
    """Events of a kind that nobody knows."""
    for account in POISON:
        ledger.do(f"spoil-{account}", account, "spoiled", 1)


# what has come of it


def view(hodei: Hodei, table: str) -> dict[str, tuple[int, int]]:
    """Version and balance of each account."""
    pages = hodei.client("dynamodb").get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    items = (plain(item) for page in pages for item in page["Items"])
    return {item["account"]: (item["version"], item["balance"]) for item in items}


def messages(hodei: Hodei, url: str) -> Iterator[dict[str, Any]]:
    """All of a queue, which are deleted."""
    sqs = hodei.client("sqs")
    while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages"):
        for message in found:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            yield json.loads(message["Body"])


def caught_up(hodei: Hodei, table: str, truth: dict[str, tuple[int, int]]) -> None:
    """What waits for its next attempt is sent on its way by time."""

    def equal() -> bool:
        hodei.advance("30s")
        return view(hodei, table) == truth

    until(equal, f"the view {table}")


def run(hodei: Hodei, count: int) -> None:
    jobs, poisoned = set_up(hodei)
    ledger, todo = Ledger(hodei), commands(count)
    break_things(hodei)
    print(f"{len(todo)} commands by {WORKERS} workers, while one call of twenty fails ...")
    with ThreadPoolExecutor(WORKERS) as workers:
        half = len(todo) // 2
        under_way = [workers.submit(ledger.do, *command) for command in todo[:half]]
        poison(ledger)
        under_way += [workers.submit(ledger.do, *command) for command in todo[half:]]
        until(lambda: sum(one.done() for one in under_way) > half, "half of the commands")
        hodei.kill()
        hodei.start()
        print("killed with kill -9 and started again, in the midst of it")
        done = {one.result() for one in under_way} - {""}

    truth = {account: ledger.events(account) for account in ACCOUNTS}
    happened = Counter(event["command"] for events in truth.values() for event in events)
    assert set(happened) == done and set(happened.values()) == {1}, "a command is lost or doubled"
    assert all([event["version"] for event in events] == [*range(1, len(events) + 1)] for events in truth.values())
    print(f"{len(done)} commands have happened, each once; {len(todo) - len(done)} were refused")

    balances = {account: (len(events), balance(events)) for account, events in truth.items()}
    assert all(left >= 0 for _, left in balances.values())
    caught_up(hodei, BALANCES, balances)
    print("the balances are those that the events make")
    check_jobs(hodei, jobs, truth)
    check_poison(hodei, poisoned)

    hodei.hodei("fault", "clear")
    keep_view(hodei, "rebuild", REBUILT, stream(hodei))
    caught_up(hodei, REBUILT, balances)
    print("a view that is built again from the first event is the same")


def check_jobs(hodei: Hodei, url: str, truth: dict[str, list[dict[str, Any]]]) -> None:
    """One job for each withdrawal, those of an account in their order."""
    wanted = {
        account: [f"{account}#{event['version']}" for event in events if event["kind"] == "withdrawn"]
        for account, events in truth.items()
    }
    found: dict[str, list[str]] = {account: [] for account in truth}

    def all_there() -> bool:
        for message in messages(hodei, url):
            found[message["job"].partition("#")[0]].append(message["job"])
        there = sum(map(len, found.values())) >= sum(map(len, wanted.values()))
        if not there:
            hodei.advance("10s")
        return there

    until(all_there, "all jobs")
    assert found == wanted, (found, wanted)
    print(f"{sum(map(len, found.values()))} jobs, one for each withdrawal, in order")


def check_poison(hodei: Hodei, url: str) -> None:
    """What no function understands was set aside, and nothing else."""
    found: list[str] = []

    def all_there() -> bool:
        for message in messages(hodei, url):
            records = set_aside(hodei, message["DDBStreamBatchInfo"])
            found.extend(record["dynamodb"]["Keys"]["account"]["S"] for record in records)
        if len(found) < len(POISON):
            hodei.advance("30s")
        return len(found) >= len(POISON)

    until(all_there, "all that was set aside")
    assert sorted(found) == POISON, found
    print(f"{len(found)} events that nobody understands were set aside")


def set_aside(hodei: Hodei, batch: dict[str, Any]) -> list[dict[str, Any]]:
    """The records that a message in a destination means: they are still in the stream."""
    streams = hodei.client("dynamodbstreams")
    iterator = streams.get_shard_iterator(
        StreamArn=batch["streamArn"],
        ShardId=batch["shardId"],
        ShardIteratorType="AT_SEQUENCE_NUMBER",
        SequenceNumber=batch["startSequenceNumber"],
    )["ShardIterator"]
    found: list[dict[str, Any]] = streams.get_records(ShardIterator=iterator, Limit=batch["batchSize"])["Records"]
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--commands", type=int, default=400)
    count = parser.parse_args().commands
    with tempfile.TemporaryDirectory() as folder, Hodei(Path(folder) / "data") as hodei:
        run(hodei, count)
    print("done")


if __name__ == "__main__":
    main()
