"""What DynamoDB keeps.

Items lie in the order in which they are read: by table (or index), hash of the partition key, partition key, sort key.
So a Query is one range, a Scan another, and a segment of a parallel scan a part of it.
"""

from __future__ import annotations

from typing import Any

from hodei.kernel.tables import Record
from hodei.services.dynamodb.encryption.rows import Sealable, sealed_table
from hodei.services.dynamodb.service import dynamodb

Item = dict[str, Any]  # attribute name -> AttributeValue as boto3 has it: {"S": "x"}, {"B": b"..."}, {"N": "1"}


class Key(Record):
    """A key schema: names and types ("S", "N", "B") of its attributes, those of the partition key first.

    Global indexes may have up to four `partitions`, and up to four attributes of the sort key behind them; tables and
    local indexes have one, and one or none.
    """

    names: tuple[str, ...]
    types: tuple[str, ...]
    partitions: int = 1

    @property
    def composed(self) -> bool:
        """Whether the partition key or the sort key has several attributes."""
        return self.partitions > 1 or len(self.names) > 2


class Throughput(Record):
    """Provisioned capacity. `decreases` are those on the UTC day of `decreased`, the time of the latest one."""

    read: int = 0
    write: int = 0
    increased: float = 0.0
    decreased: float = 0.0
    decreases: int = 0


class Index(Record):
    """A secondary index; `local` shares the table's partition key."""

    name: str
    key: Key
    local: bool = False
    projection: str = "ALL"  # KEYS_ONLY, INCLUDE, ALL
    included: tuple[str, ...] = ()
    status: str = "ACTIVE"
    backfilling: bool = False
    throughput: Throughput = Throughput()
    next_throughput: Throughput | None = None  # while its table is UPDATING
    on_demand: dict[str, int] = {}
    warm: dict[str, int] = {}


class Replica(Record):
    """Another member of a global table. `source` is the region it was added from, if it was.

    `overrides` are the settings of its own, named as in CreateReplicationGroupMemberAction.
    """

    status: str  # CREATING, ACTIVE, UPDATING, DELETING
    created: float
    source: str = ""
    overrides: dict[str, Any] = {}


class Table(Record):
    """A table. `id` is AWS's TableId; items hang on it, so a table made anew under the same name starts empty."""

    name: str
    id: str
    created: float
    status: str  # CREATING, ACTIVE, UPDATING, DELETING
    key: Key
    attributes: dict[str, str]  # AttributeDefinitions: name -> type
    indexes: tuple[Index, ...] = ()
    billing: str = "PROVISIONED"
    billing_changed: float = 0.0
    throughput: Throughput = Throughput()
    next_billing: str = ""  # while the table is UPDATING; so too the next one
    next_throughput: Throughput | None = None
    on_demand: dict[str, int] = {}
    warm: dict[str, int] = {}
    stream_view: str = ""  # "" : no stream
    stream_label: str = ""  # of the latest stream, also when it is off
    table_class: str = ""
    class_changed: float = 0.0
    protected: bool = False
    sse: dict[str, Any] = {}  # SSEType and KMSMasterKeyArn, of a table with a `table_key`
    table_key: str = ""  # the id of the key that its rows are put under; "" under the one that AWS owns
    rekeying: bool = False  # whether those that were there are still being put under it
    rekeyed: tuple[float, ...] = ()  # when its KMS key was changed, within the window that counts
    inaccessible: float = 0.0  # since when its KMS key is known not to be usable; 0: it is
    archived: str = ""  # the id of the backup that it has become
    ttl_attribute: str = ""
    ttl_status: str = "DISABLED"  # DISABLED, ENABLING, ENABLED, DISABLING
    ttl_id: str = ""  # of the expiry dates kept since TTL was switched on
    pitr: float = 0.0  # since when point-in-time recovery is on; 0: off
    pitr_days: int = 35
    copying: tuple[str, ...] = ()  # ids of the backups that are being made of it
    restored: dict[str, Any] = {}  # RestoreSummary, of a table that comes from a backup
    guarded: bool = False  # whether it has a resource policy
    kinesis: tuple[str, ...] = ()  # ARNs of the active destinations of its changes
    replicas: dict[str, Replica] = {}  # of a global table: region -> the member there; this one left out
    global_version: str = ""  # of global tables, that it is one of

    def index(self, name: str) -> Index | None:
        return next((index for index in self.indexes if index.name == name), None)

    @property
    def has_local_indexes(self) -> bool:
        return any(index.local for index in self.indexes)


class Stats(Record):
    """How many items a table (`index` "") or index has, and their bytes as DynamoDB counts them."""

    table: str
    index: str
    count: int = 0
    size: int = 0


class Backfill(Record):
    """How far a new index has been filled: up to the item at (partition, sort)."""

    table: str
    index: str
    partition: bytes = b""
    sort: bytes = b""


class Expiry(Record):
    """When an item expires; `ttl` is its table's ttl_id."""

    ttl: str
    at: float
    partition: bytes
    sort: bytes


class Insights(Record):
    """Contributor Insights of a table (`index` "") or index."""

    table: str  # the id
    index: str
    name: str  # of the table
    enabled: bool
    changed: float
    mode: str


class Destination(Record):
    """A Kinesis data stream that a table's changes go to. `stream` is its ARN."""

    table: str  # the id
    stream: str
    status: str  # ACTIVE, DISABLED, ENABLE_FAILED
    precision: str = ""


class Backup(Record):
    """A backup. Its items lie in `items` with `items` for the id of a table; those of size -1 are holes.

    USER: made by CreateBackup. SYSTEM: what a deleted table with point-in-time recovery leaves. PITR: of a moment in
    the past, only to restore a table from, or for an export, which reads it while it is CREATING.
    """

    table: str  # the name
    id: str  # the last part of its ARN
    items: str
    type: str
    name: str
    created: float
    source: Table
    count: int
    size: int
    status: str = "CREATING"  # SEEDING (of type PITR), CREATING, AVAILABLE
    moment: float = 0.0  # of type PITR: what it holds is the table as it was then
    since: float = 0.0  # of an incremental export: it wants the changes after that, up to the moment
    target: tuple[str, ...] = ()  # of type PITR: name and id of the table that waits for it
    export: str = ""  # or the ARN of the export
    expires: float = 0.0
    seeded: tuple[float, bytes, bytes] | None = None  # while SEEDING: how far the past has been gone through
    restoring: int = 0  # how many tables are being restored from it
    partition: bytes = b""  # while CREATING: how far the items have been copied
    sort: bytes = b""


class Past(Sealable):
    """What an item was before its first change at that moment; `item` None: it was not there."""

    table: str
    at: float
    partition: bytes
    sort: bytes
    item: Item | None = None
    size: int = 0


class Restore(Record):
    """How far a table has been restored from a backup: up to the item at (partition, sort)."""

    table: str  # the name
    backup_table: str
    backup: str
    partition: bytes = b""
    sort: bytes = b""


class Policy(Record):
    """The resource-based policy of a table or a stream."""

    arn: str
    document: str
    revision: str


class StoredItem(Sealable):
    """An item of a table. `partition` is 8 bytes of hash and the key's bytes; `sort` orders as the key's type does."""

    table: str
    partition: bytes
    sort: bytes
    item: Item
    size: int


class IndexEntry(Sealable):
    """What an index has of an item: the projected attributes. `base` is the item's own (partition, sort)."""

    table: str
    index: str
    partition: bytes
    sort: bytes
    base_partition: bytes
    base_sort: bytes
    item: Item
    size: int


class Pending(Sealable):
    """A change of an entry in a global index that is still to be made; numbered in the order of the writes."""

    secret = ("before", "after")
    blank = None
    table: str  # the id
    number: int
    due: float
    before: IndexEntry | None
    after: IndexEntry | None


class Collection(Record):
    """The bytes of all items with one partition key, with their entries in local indexes; only where there are any."""

    table: str
    partition: bytes
    size: int


class Token(Record):
    """A ClientRequestToken of a transaction, and a digest of what was asked with it."""

    token: str
    digest: bytes
    expires: float


tables = dynamodb.table("tables", Table, key="name", cached=True)
backups = dynamodb.table("backups", Backup, key=("table", "id"))
pasts = sealed_table("pasts", Past, ("table", "at", "partition", "sort"))
restores = dynamodb.table("restores", Restore, key="table")
backfills = dynamodb.table("backfills", Backfill, key=("table", "index"))
expiries = dynamodb.table("expiries", Expiry, key=("ttl", "at", "partition", "sort"))
insights = dynamodb.table("insights", Insights, key=("table", "index"))
destinations = dynamodb.table("destinations", Destination, key=("table", "stream"))
policies = dynamodb.table("policies", Policy, key="arn", cached=True)
stats = dynamodb.table("stats", Stats, key=("table", "index"))
items = sealed_table("items", StoredItem, ("table", "partition", "sort"))
index_entries = sealed_table(
    "index_entries", IndexEntry, ("table", "index", "partition", "sort", "base_partition", "base_sort")
)
pendings = sealed_table("pendings", Pending, ("table", "number"))
collections = dynamodb.table("collections", Collection, key=("table", "partition"))
tokens = dynamodb.table("tokens", Token, key="token", index={"expires": ("expires",)})
