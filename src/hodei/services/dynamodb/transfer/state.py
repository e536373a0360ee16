"""What is kept of exports and imports."""

from __future__ import annotations

from typing import Any

from hodei.kernel.iam.keys import Caller
from hodei.kernel.tables import Record
from hodei.services.dynamodb.encryption.rows import Sealable, sealed_table
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import Item


class Job(Record):
    """What exports and imports have in common.

    `told` are the members of its description that the request settles. Of those who may work on it, after a restart or
    a failure, only the one with the latest `turn` goes on.
    """

    arn: str
    table: str  # the name
    table_id: str
    started: float
    told: dict[str, Any]
    token: str | None  # ClientToken
    digest: bytes  # of the request
    caller: Caller  # whose permissions at S3 count
    status: str = "IN_PROGRESS"
    ended: float = 0.0
    failure: tuple[str, str] | None = None  # FailureCode, FailureMessage
    turn: int = 0
    tries: int = 0  # since it last got on


class Export(Job):
    """An export. What it reads is a backup (of type PITR) that is never completed: see `exporting`."""

    backup: str = ""  # the id
    files: int = 0  # that are written
    read: bool = False  # to the end
    items: int = 0
    size: int = 0  # BilledSizeBytes


class DataFile(Record):
    """A file that an export has written."""

    export: str  # the ARN
    number: int
    key: str
    items: int
    md5: str  # base64
    etag: str


class Gathered(Sealable):
    """What an item was before its first change in the window of an incremental export; `at`: its last change there."""

    backup: str  # the id
    partition: bytes
    sort: bytes
    at: float
    item: Item | None = None  # None: it was not there
    size: int = 0


class Import(Job):
    """An import. `after` is the key of the last object that has been read to its end; the counts are up to there."""

    after: str = ""
    processed: int = 0
    imported: int = 0
    errors: int = 0
    size: int = 0  # ProcessedSizeBytes: uncompressed


exports = dynamodb.table("exports", Export, key="arn", index={"token": ("token",)})
data_files = dynamodb.table("data_files", DataFile, key=("export", "number"))
gathered = sealed_table("gathered", Gathered, ("backup", "partition", "sort"))
imports = dynamodb.table("imports", Import, key="arn", index={"token": ("token",)})
