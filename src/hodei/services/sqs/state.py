"""What SQS keeps.

A message is one row of `messages` that changes as it is received; what was sent with it never changes, and lies in that
row if it is small, else in `contents`, so that a receive does not rewrite a big body. Everything a receive looks for
stands in front of an index:

    visible   every message, by the time at which it can (again) be received: what a standard queue gives out
    heads     the first message of each group of a FIFO queue, by the same time: what a FIFO queue gives out
    groups    the messages with a group, in order
    delayed   what was sent with a delay and not received since: only to count it
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from hodei.kernel.context import Context
from hodei.kernel.tables import Record
from hodei.services.sqs.service import sqs


class RedrivePolicy(msgspec.Struct, frozen=True):
    """The queue attribute of that name."""

    deadLetterTargetArn: str
    maxReceiveCount: int


class Queue(Record):
    """A queue. `attributes` are those that can be set and have a value, as AWS writes them."""

    name: str
    id: str  # of this queue, not of another one that had the name before
    mailbox: str  # where its messages lie; a purge gives it a new one
    created: float
    modified: float
    attributes: dict[str, str]
    dead_letters: str | None = None  # the ARN of its dead-letter queue
    purged: float = 0.0

    @property
    def fifo(self) -> bool:
        return self.name.endswith(".fifo")

    @property
    def redrive(self) -> RedrivePolicy | None:
        policy = self.attributes.get("RedrivePolicy")
        return msgspec.json.decode(policy, type=RedrivePolicy, strict=False) if policy else None

    def seconds(self, attribute: str) -> int:
        """VisibilityTimeout, DelaySeconds, ..."""
        return int(self.attributes[attribute])

    def arn(self, ctx: Context) -> str:
        return ctx.arn(self.name)

    def url(self, ctx: Context) -> str:
        return f"{ctx.world.url}/{ctx.account}/{self.name}"


class Deleted(Record):
    """The name of a queue that was there until `at`."""

    name: str
    at: float


class Sealed(Record):
    """A body as ciphertext. With a data key that the KMS key has wrapped, for the queue with that ARN; else both are
    empty, and it is the vault's."""

    arn: str
    wrapped: bytes
    body: bytes


class Content(Record):
    """What was sent: it never changes. Attributes are in boto3's form: {"DataType": "String", "StringValue": "x"}.

    `body` is empty where it is `sealed`.
    """

    id: str
    body: str
    md5: str
    sender: str
    attributes: Mapping[str, Any] = {}
    trace: str = ""
    group: str = ""
    deduplication: str = ""
    source: str = ""  # in a dead-letter queue: the ARN of the queue it comes from
    sealed: Sealed | None = None


class Message(Record):
    """A message in a queue. `sequence` tells the order of arrival; `receives` counts over all queues."""

    mailbox: str
    sequence: int
    enqueued: float
    visible_at: float
    receives: int = 0
    first_received: float = 0.0
    received: float = 0.0
    changed: int = 0  # 1: its visibility was changed since it was received
    group: str | None = None
    head_at: float | None = None  # visible_at of the first message of its group, in a FIFO queue
    delayed_until: float | None = None
    content: Content | None = None  # None: it lies in `contents`


class BigContent(Record):
    mailbox: str
    sequence: int
    content: Content


class Sent(Record):
    """That a deduplication id was used. `bucket` (minutes / 5) lets old ones be dropped by range."""

    queue: str
    bucket: int
    scope: str
    deduplication: str
    at: float
    message: str
    sequence: int


class Attempt(Record):
    """What a receive with a ReceiveRequestAttemptId gave out: (sequence, receives) of each message."""

    queue: str
    bucket: int
    id: str
    at: float
    given: list[tuple[int, int]]


class MoveTask(Record):
    """A message move task. `source` and `destination` are ARNs; `rate` is in messages a second."""

    source: str
    started: float
    id: str
    status: str
    to_move: int
    destination: str = ""
    rate: int = 0
    moved: int = 0
    failure: str = ""


queues = sqs.table("queues", Queue, key="name", index={"sources": ("dead_letters",)}, cached=True)
deleted = sqs.table("deleted", Deleted, key="name")
messages = sqs.table(
    "messages",
    Message,
    key=("mailbox", "sequence"),
    index={
        "visible": ("mailbox", "visible_at"),
        "heads": ("mailbox", "head_at"),
        "groups": ("mailbox", "group"),
        "delayed": ("mailbox", "delayed_until"),
    },
)
contents = sqs.table("contents", BigContent, key=("mailbox", "sequence"))
sent = sqs.table("sent", Sent, key=("queue", "bucket", "scope", "deduplication"))
attempts = sqs.table("attempts", Attempt, key=("queue", "bucket", "id"))
move_tasks = sqs.table("move_tasks", MoveTask, key=("source", "started", "id"))
