"""`kill -9` under a mixed write load on S3 and SQS: what was acknowledged is there, whole; what was not may be, whole."""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

import pytest

from hodei.kernel import keys
from hodei.kernel.store import Store
from hostile.killing import SEED, Load, rounds
from hostile.process import Process

pytestmark = [pytest.mark.socket, pytest.mark.slow, pytest.mark.feature("cloud.durability")]

PART = 5 * 2**20  # bytes, the least that a part has
VISIBILITY = 1  # seconds


class Content(NamedTuple):
    """A body that can be made again: `label` fills `size` bytes. `parts`: that it was sent in two."""

    label: str
    size: int
    parts: bool = False

    @property
    def body(self) -> bytes:
        text = f"{self.label}|".encode()
        return (text * (self.size // len(text) + 1))[: self.size]

    @property
    def etag(self) -> str:
        body = self.body
        if not self.parts:
            return hashlib.md5(body).hexdigest()
        digests = hashlib.md5(body[:PART]).digest() + hashlib.md5(body[PART:]).digest()
        return f"{hashlib.md5(digests).hexdigest()}-2"


class Bodies(Load):
    """Of S3."""

    def connect(self, process: Process) -> None:
        self.s3 = process.client("s3")


class Objects(Bodies):
    """Puts of all sizes, multipart uploads, copies and deletions in a bucket that notifies a queue of each creation."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.known: dict[str, Content] = {}
        self.tried: dict[str, Content | None] = {}  # what was under way when the server died
        self.events: Counter[tuple[str, str]] = Counter()  # (key, etag) of each creation that there was
        self.doubtful: Counter[tuple[str, str]] = Counter()

    def step(self) -> None:
        key = f"{self.name}/{self.random.randrange(12)}"
        match self.random.choices(["small", "large", "multipart", "copy", "delete"], [8, 5, 1, 2, 4])[0]:
            case "small":
                self.attempt(key, Content(self.label(), self.random.randrange(2000)), self.put)
            case "large":
                self.attempt(key, Content(self.label(), self.random.randrange(65_537, 900_000)), self.put)
            case "multipart":
                self.attempt(key, Content(self.label(), PART + 1000, parts=True), self.upload)
            case "copy" if self.known.keys() - {key}:
                source = self.random.choice([other for other in self.known if other != key])
                copied = self.known[source]._replace(parts=False)
                self.attempt(
                    key,
                    copied,
                    lambda key, _: self.s3.copy_object(Bucket="objects", Key=key, CopySource=f"objects/{source}"),
                )
            case "delete":
                self.attempt(key, None, lambda key, _: self.s3.delete_object(Bucket="objects", Key=key))

    def attempt(self, key: str, content: Content | None, call: Callable[[str, Any], Any]) -> None:
        if content is not None and self.known.get(key) == content:
            return  # a copy on itself: nothing would tell whether it was done
        self.tried[key] = content
        call(key, content)
        del self.tried[key]
        self.acknowledged += 1
        self.settle(key, content)

    def settle(self, key: str, content: Content | None) -> None:
        """It has happened."""
        if content is None:
            self.known.pop(key, None)
        else:
            self.known[key] = content
            self.events[key, content.etag] += 1

    def put(self, key: str, content: Content) -> None:
        assert self.s3.put_object(Bucket="objects", Key=key, Body=content.body)["ETag"] == f'"{content.etag}"'

    def upload(self, key: str, content: Content) -> None:
        body, target = content.body, {"Bucket": "objects", "Key": key}
        target["UploadId"] = self.s3.create_multipart_upload(**target, ChecksumAlgorithm="CRC32")["UploadId"]
        parts = []
        for number, piece in enumerate((body[:PART], body[PART:]), 1):
            part = self.s3.upload_part(**target, PartNumber=number, Body=piece)
            parts.append({"PartNumber": number, "ETag": part["ETag"], "ChecksumCRC32": part["ChecksumCRC32"]})
        etag = self.s3.complete_multipart_upload(**target, MultipartUpload={"Parts": parts})["ETag"]
        assert etag == f'"{content.etag}"'

    def check(self) -> None:
        """Listing, HEAD and GET agree on each object, and it is the one last acknowledged or the one under way."""
        listed = {}
        for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket="objects", Prefix=f"{self.name}/"):
            listed |= {entry["Key"]: (entry["Size"], entry["ETag"]) for entry in page.get("Contents", ())}
        tried, self.tried = self.tried, {}
        for key, content in tried.items():
            if content != self.known.get(key) and self.is_there(listed, key, content):
                self.settle(key, content)
        expected = {key: (content.size, f'"{content.etag}"') for key, content in self.known.items()}
        assert listed == expected, f"seed {SEED}: of {self.name}"
        for key, content in self.known.items():
            head, got = self.s3.head_object(Bucket="objects", Key=key), self.s3.get_object(Bucket="objects", Key=key)
            assert (head["ContentLength"], head["ETag"]) == (got["ContentLength"], got["ETag"]) == expected[key]
            assert got["Body"].read() == content.body, f"seed {SEED}: {key}"

    @staticmethod
    def is_there(listed: dict[str, Any], key: str, content: Content | None) -> bool:
        if content is None:
            return key not in listed
        return bool(listed.get(key) == (content.size, f'"{content.etag}"'))


class Versions(Bodies):
    """Versions put, hidden behind delete markers, and taken away for good."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.known: dict[str, list[tuple[str, Content | None]]] = defaultdict(list)  # oldest first; None: a marker
        self.tried: tuple[str, str, Content | None] | None = None  # (key, the version to go or "", the new one)

    def step(self) -> None:
        key = f"{self.name}/{self.random.randrange(4)}"
        versions = self.known[key]
        target = {"Bucket": "versions", "Key": key}
        match self.random.choices(["put", "delete", "take"], [6, 2, 2])[0]:
            case "put":
                content = Content(self.label(), self.random.choice([10, 200_000]))
                self.tried = key, "", content
                versions.append((self.s3.put_object(**target, Body=content.body)["VersionId"], content))
            case "delete":
                self.tried = key, "", None
                versions.append((self.s3.delete_object(**target)["VersionId"], None))
            case "take" if versions:
                version = self.random.choice(versions)
                self.tried = key, version[0], None
                self.s3.delete_object(**target, VersionId=version[0])
                versions.remove(version)
        self.tried = None
        self.acknowledged += 1

    def check(self) -> None:
        found = self.list()
        if self.tried:
            key, gone, content = self.tried
            self.tried = None
            if gone and gone not in dict(found[key]):
                self.known[key] = [version for version in self.known[key] if version[0] != gone]
            elif not gone and len(found[key]) == len(self.known[key]) + 1:
                self.known[key].append((found[key][-1][0], content))
        for key, versions in self.known.items():
            assert found[key] == [(id, content is None) for id, content in versions], f"seed {SEED}: {key}"
            for id, content in versions:
                if content is not None:
                    got = self.s3.get_object(Bucket="versions", Key=key, VersionId=id)["Body"].read()
                    assert got == content.body, f"seed {SEED}: {key} {id}"

    def list(self) -> dict[str, list[tuple[str, bool]]]:
        """key -> (version id, whether it is a marker), oldest first."""
        found: dict[str, list[tuple[Any, str, bool]]] = defaultdict(list)
        for page in self.s3.get_paginator("list_object_versions").paginate(Bucket="versions", Prefix=f"{self.name}/"):
            for kind in ("Versions", "DeleteMarkers"):
                for entry in page.get(kind, ()):
                    found[entry["Key"]].append((entry["IsLatest"], entry["VersionId"], kind == "DeleteMarkers"))
        order = self.orders()
        return defaultdict(
            list, {k: sorted([(id, m) for _, id, m in v], key=lambda v: order[k, v[0]]) for k, v in found.items()}
        )

    def orders(self) -> dict[tuple[str, str], int]:
        """(key, version id) -> its place by age: the order that the listing of one key has, markers among the rest."""
        places: dict[tuple[str, str], int] = {}
        for key in self.known:
            marker: dict[str, str] = {}
            at = 0
            while True:
                page = self.s3.list_object_versions(Bucket="versions", Prefix=key, MaxKeys=1, **marker)
                for entry in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                    places[key, entry["VersionId"]] = at = at - 1
                if not page["IsTruncated"]:
                    break
                marker = {"KeyMarker": page["NextKeyMarker"], "VersionIdMarker": page["NextVersionIdMarker"]}
        return places


class Messages(Load):
    """Sends, receives and deletions on a standard queue."""

    queue = "standard"

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.sent: list[str] = []
        self.deleted: set[str] = set()
        self.maybe_sent: set[str] = set()
        self.maybe_deleted: set[str] = set()

    def connect(self, process: Process) -> None:
        self.sqs = process.client("sqs")
        self.url = self.sqs.get_queue_url(QueueName=self.queue)["QueueUrl"]

    def step(self) -> None:
        if self.random.random() < 0.6:
            bodies = [self.label() for _ in range(self.random.choice([1, 1, 4]))]
            self.maybe_sent.update(bodies)
            self.send(bodies)
            self.maybe_sent.difference_update(bodies)
            self.sent += bodies
        else:
            self.take(self.random.randrange(1, 4))
        self.acknowledged += 1

    def send(self, bodies: list[str]) -> None:
        if len(bodies) == 1:
            self.sqs.send_message(QueueUrl=self.url, MessageBody=self.whole(bodies[0]))
        else:
            entries = [{"Id": body, "MessageBody": self.whole(body)} for body in bodies]
            assert "Failed" not in self.sqs.send_message_batch(QueueUrl=self.url, Entries=entries)

    def whole(self, label: str) -> str:
        """What is sent: every third message is large."""
        return label + "." * (70_000 if int(label.rpartition("-")[2]) % 3 == 0 else 0)

    def take(self, count: int) -> list[str]:
        got = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=count).get("Messages", [])
        labels = [message["Body"].rstrip(".") for message in got]
        for label, message in zip(labels, got):
            assert message["Body"] == self.whole(label)
            assert label not in self.deleted, f"seed {SEED}: {label} is back"
            self.maybe_deleted.add(label)
            self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
            self.maybe_deleted.discard(label)
            self.deleted.add(label)
        return labels

    def check_end(self) -> None:
        certain = set(self.sent) - self.deleted - self.maybe_deleted
        possible = (set(self.sent) | self.maybe_sent) - self.deleted
        left = list(self.drain())
        assert len(left) == len(set(left)), f"seed {SEED}: received twice"
        assert certain <= set(left), f"seed {SEED}: lost {certain - set(left)}"
        assert set(left) <= possible, f"seed {SEED}: risen {set(left) - possible}"

    def drain(self) -> Iterator[str]:
        """All there is, when what was received at a kill is visible again."""
        time.sleep(VISIBILITY)
        while labels := self.take(10):
            yield from (label for label in labels)


class Fifo(Messages):
    """The same in one group of a FIFO queue: in order, whatever happens."""

    queue = "ordered.fifo"
    last = -1

    def send(self, bodies: list[str]) -> None:
        for body in bodies:
            more = {"MessageGroupId": self.name, "MessageDeduplicationId": body}
            self.sqs.send_message(QueueUrl=self.url, MessageBody=self.whole(body), **more)

    def take(self, count: int) -> list[str]:
        labels = super().take(count)
        for number in (int(label.rpartition("-")[2]) for label in labels):
            assert number > self.last or f"{self.name}-{number}" in self.maybe_deleted, (
                f"seed {SEED}: {number} after {self.last}"
            )
            self.last = number
        return labels


def create(process: Process) -> None:
    s3, sqs = process.client("s3"), process.client("sqs")
    statement = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = {
        "Version": "2012-10-17",
        "Statement": statement | {"Resource": "arn:aws:sqs:us-east-1:000000000000:events"},
    }
    sqs.create_queue(QueueName="events", Attributes={"Policy": json.dumps(policy)})
    sqs.create_queue(QueueName="standard", Attributes={"VisibilityTimeout": str(VISIBILITY)})
    sqs.create_queue(QueueName="ordered.fifo", Attributes={"VisibilityTimeout": str(VISIBILITY), "FifoQueue": "true"})
    s3.create_bucket(Bucket="objects")
    rule = {"QueueArn": "arn:aws:sqs:us-east-1:000000000000:events", "Events": ["s3:ObjectCreated:*"]}
    s3.put_bucket_notification_configuration(
        Bucket="objects", NotificationConfiguration={"QueueConfigurations": [rule]}
    )
    s3.create_bucket(Bucket="versions")
    s3.put_bucket_versioning(Bucket="versions", VersioningConfiguration={"Status": "Enabled"})


def check_events(process: Process, expected: Counter[tuple[str, str]]) -> None:
    """One event for each object that was made, and no other (but for S3's test event)."""
    sqs = process.client("sqs")
    url = sqs.get_queue_url(QueueName="events")["QueueUrl"]
    seen: Counter[tuple[str, str]] = Counter()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=600).get("Messages", [])
        for message in got:
            for record in json.loads(message["Body"]).get("Records", ()):
                seen[unquote_plus(record["s3"]["object"]["key"]), record["s3"]["object"]["eTag"]] += 1
        if not got and seen == expected:
            break
    assert seen == expected, f"seed {SEED}: lost {expected - seen}, too many {seen - expected}"


def check_files(data: Path) -> None:
    """Each file of a body belongs to the cloud and none is missing."""
    store = Store.open(data / "hodei.db")
    prefix = keys.pack(("", "", "kernel", "blobs"))
    rows = {keys.unpack(key)[-1] for key in store.keys(prefix, keys.prefix_end(prefix))}
    store.close()
    files = {path.name for path in (data / "blobs").rglob("*") if path.is_file()}
    assert files == rows


def test_nothing_acknowledged_is_lost_by_kill_9(tmp_path: Path) -> None:
    data = tmp_path / "data"
    loads: list[Load] = [Objects("one"), Objects("two"), Versions("v"), Messages("m"), Fifo("f")]
    process = rounds(data, tmp_path / "log", loads, create)
    with process:
        for load in loads:
            load.check_end()
        check_events(process, sum((load.events for load in loads if isinstance(load, Objects)), Counter()))
    check_files(data)
