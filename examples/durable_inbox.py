"""An inbox that loses nothing: files synced to S3, one event each in SQS, a kill -9, and time advanced by five days.

    python examples/durable_inbox.py            # a few thousand files of the Python library
    python examples/durable_inbox.py --files 300

It starts a Hodei of its own on a free port, with the aws CLI and boto3 as the only clients, and checks what it sees.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sysconfig
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

from server import Hodei

DAY = 86400


def source_tree(folder: Path, count: int) -> dict[str, int]:
    """A copy of about `count` files from all over the Python library; their sizes by the keys they will have."""
    library = Path(sysconfig.get_paths()["stdlib"])
    sizes: dict[str, int] = {}
    paths = sorted(library.rglob("*.py"))
    for path in paths[:: max(1, len(paths) // count)][:count]:
        key = str(path.relative_to(library))
        target = folder / key
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        sizes[key] = path.stat().st_size
    return sizes


def set_up(hodei: Hodei) -> tuple[str, str]:
    """A bucket whose new objects are told to a queue, which has a dead-letter queue; the two queue URLs."""
    s3, sqs = hodei.client("s3"), hodei.client("sqs")
    dead = sqs.create_queue(QueueName="inbox-dead", Attributes={"MessageRetentionPeriod": str(14 * DAY)})["QueueUrl"]
    dead_arn = arn(sqs, dead)
    redrive = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 2})
    attributes = {"RedrivePolicy": redrive, "MessageRetentionPeriod": str(4 * DAY), "VisibilityTimeout": "30"}
    inbox = sqs.create_queue(QueueName="inbox", Attributes=attributes)["QueueUrl"]
    let_send(sqs, inbox, "s3.amazonaws.com", "arn:aws:s3:::inbox")
    s3.create_bucket(Bucket="inbox")
    rules = [
        {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "test/"}, "Expiration": {"Days": 3}},
        {
            "ID": "cold",
            "Status": "Enabled",
            "Filter": {"And": {"Prefix": "site-packages/", "ObjectSizeGreaterThan": 0}},
            "Transitions": [{"Days": 2, "StorageClass": "GLACIER"}],
        },
    ]
    s3.put_bucket_lifecycle_configuration(Bucket="inbox", LifecycleConfiguration={"Rules": rules})
    queue = {"QueueArn": arn(sqs, inbox), "Events": ["s3:ObjectCreated:*"]}
    s3.put_bucket_notification_configuration(Bucket="inbox", NotificationConfiguration={"QueueConfigurations": [queue]})
    test_event = receive(sqs, inbox)[0]
    assert json.loads(test_event["Body"])["Event"] == "s3:TestEvent"
    sqs.delete_message(QueueUrl=inbox, ReceiptHandle=test_event["ReceiptHandle"])
    return inbox, dead


def let_send(sqs: Any, url: str, service: str, source: str) -> None:
    """The queue takes messages of a service, but only for this source."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sqs:SendMessage",
        "Resource": arn(sqs, url),
        "Condition": {"ArnEquals": {"aws:SourceArn": source}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})


def arn(sqs: Any, url: str) -> str:
    found: str = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return found


def receive(sqs: Any, url: str, wait: int = 5) -> list[dict[str, Any]]:
    answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=wait)
    found: list[dict[str, Any]] = answer.get("Messages", [])
    return found


def drain(sqs: Any, url: str, enough: int) -> Counter[str]:
    """Receive and delete until `enough` events came and no more follow; how often each key was told."""
    told: Counter[str] = Counter()
    while messages := receive(sqs, url, wait=1 if told.total() >= enough else 10):
        for message in messages:
            for record in json.loads(message["Body"])["Records"]:
                told[unquote_plus(record["s3"]["object"]["key"])] += 1
        entries = [{"Id": m["MessageId"], "ReceiptHandle": m["ReceiptHandle"]} for m in messages]
        assert not sqs.delete_message_batch(QueueUrl=url, Entries=entries).get("Failed")
    return told


def listed(s3: Any) -> dict[str, tuple[int, str]]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="inbox")
    return {item["Key"]: (item["Size"], item["StorageClass"]) for page in pages for item in page.get("Contents", [])}


def poison(hodei: Hodei, inbox: str, dead: str) -> None:
    """A message that nobody can work on ends in the dead-letter queue after two receives."""
    sqs = hodei.client("sqs")
    sqs.send_message(QueueUrl=inbox, MessageBody="poison")
    for _ in range(2):
        assert [message["Body"] for message in receive(sqs, inbox)] == ["poison"]
        hodei.advance("31s")
    assert receive(sqs, inbox, wait=1) == []
    assert depth(sqs, dead) == 1


def depth(sqs: Any, url: str) -> int:
    name = "ApproximateNumberOfMessages"
    return int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])


def run(hodei: Hodei, tree: Path, count: int) -> None:
    sizes = source_tree(tree, count)
    inbox, dead = set_up(hodei)
    s3, sqs = hodei.client("s3"), hodei.client("sqs")

    print(f"syncing {len(sizes)} files with the aws CLI ...")
    hodei.aws("s3", "sync", str(tree), "s3://inbox", "--only-show-errors")
    told = drain(sqs, inbox, len(sizes))
    wrong = {key: told[key] for key in sizes | told if told[key] != 1 or key not in sizes}
    assert not wrong, f"not exactly one event each: {wrong}"
    print(f"received exactly one event for each of {len(told)} objects")

    poison(hodei, inbox, dead)
    sqs.send_message_batch(QueueUrl=inbox, Entries=[{"Id": str(n), "MessageBody": f"m{n}"} for n in range(10)])
    before = listed(s3)
    hodei.kill()
    hodei.start()
    assert listed(s3) == before == {key: (size, "STANDARD") for key, size in sizes.items()}
    assert (depth(sqs, inbox), depth(sqs, dead)) == (10, 1)
    key = max(sizes, key=lambda key: sizes[key])
    assert s3.get_object(Bucket="inbox", Key=key)["Body"].read() == (tree / key).read_bytes()
    print("killed with kill -9 and started again: everything is still there")

    hodei.advance("5d")
    after = listed(s3)
    assert not [key for key in after if key.startswith("test/")]
    classes = {key: cls for key, (_, cls) in after.items() if sizes[key]}
    assert {cls for key, cls in classes.items() if key.startswith("site-packages/")} == {"GLACIER"}
    assert {cls for key, cls in classes.items() if not key.startswith("site-packages/")} == {"STANDARD"}
    assert depth(sqs, inbox) == 0
    print("five days later: messages are gone by retention, objects expired and moved by lifecycle")

    sqs.start_message_move_task(SourceArn=arn(sqs, dead))
    assert [message["Body"] for message in receive(sqs, inbox, wait=20)] == ["poison"]
    print("the dead letter was redriven and arrived")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--files", type=int, default=3000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        tree.mkdir()
        with Hodei(Path(folder) / "data") as hodei:
            run(hodei, tree, options.files)
    print("done")


if __name__ == "__main__":
    main()
