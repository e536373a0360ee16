"""What DynamoDB keeps of replication, each region for itself."""

from __future__ import annotations

from hodei.kernel.tables import Record
from hodei.services.dynamodb.encryption.rows import Sealable, sealed_table
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import Item


class Version(Record):
    """The last write of an item of a global table, by whichever region; it stays for a day when the item is deleted.

    `at` are microseconds. The item with the greatest (at, region) is the one that all members come to have.
    """

    table: str  # the id
    partition: bytes
    sort: bytes
    at: int
    region: str
    deleted: float | None = None  # when, if it was

    @property
    def rank(self) -> tuple[int, str]:
        return self.at, self.region


class Outgoing(Sealable):
    """A write that another region has yet to hear of, in the order of the writes."""

    table: str  # the id
    to: str  # the region
    number: int
    due: float
    written: float
    version: Version
    item: Item | None  # None: deleted
    size: int


class Seeding(Record):
    """How far the items that a new replica begins with have been copied."""

    table: str  # the id
    to: str  # the region
    partition: bytes = b""
    sort: bytes = b""


class GlobalTable(Record):
    """A global table of version 2017.11.29."""

    name: str
    regions: tuple[str, ...]
    created: float
    status: str  # until `ready`: CREATING, UPDATING; then it is ACTIVE
    ready: float


versions = dynamodb.table(
    "versions", Version, key=("table", "partition", "sort"), index={"deleted": ("table", "deleted")}
)
outgoing = sealed_table("outgoing", Outgoing, ("table", "to", "number"))
seedings = dynamodb.table("seedings", Seeding, key=("table", "to"))
global_tables = dynamodb.table("global_tables", GlobalTable, key="name", scope="account")
