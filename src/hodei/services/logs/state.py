"""What CloudWatch Logs keeps.

Events lie in chunks, in the order in which they came. A stream numbers its events; what a put adds is a row of
`recent`, and when a stream has many of those they become one row of `chunks`. Where a chunk begins and ends in time
stands in its key, so a search by time reads the keys and then but those chunks that it needs.
"""

from __future__ import annotations

from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.tables import Record
from hodei.services.logs.service import logs

Wire = dict[str, Any]  # as boto3 has it


class Group(Record):
    """A log group. `wrapped` is the data key of its events, under `key`, the ARN of a KMS key."""

    name: str
    id: str  # of this group, not of another one that had the name before
    created: float
    kind: str = "STANDARD"
    retention: int = 0  # days; 0: for ever
    key: str = ""
    protected: bool = False  # from deletion
    metric_filters: int = 0  # how many it has
    subscriptions: int = 0
    transformed: bool = False  # whether it has a transformer

    def arn(self, ctx: Context) -> str:
        return ctx.arn(f"log-group:{self.name}")


class Stream(Record):
    """A log stream. `next` is the number of its next event; `loose` of its rows of `recent` hold `loose_bytes`."""

    group: str  # id
    name: str
    id: str  # hex digits
    created: float
    next: int = 0
    first: int | None = None  # ms, of its events
    last: int | None = None
    ingested: int | None = None
    bytes: int = 0
    loose: int = 0
    loose_bytes: int = 0

    def arn(self, ctx: Context, group: Group) -> str:
        return f"{group.arn(ctx)}:log-stream:{self.name}"


class Chunk(Record):
    """Events of one stream, numbered from `number` on; `first` and `last` are their least and greatest times (ms).

    `body` is a `Batch` (see events/chunks.py), or its ciphertext under the data key `sealed` of the group.
    """

    group: str
    stream: str
    number: int
    first: int
    last: int
    body: bytes
    sealed: str = ""


class DataKey(Record):
    """A data key of a group, wrapped by the KMS key that the group had from `created` on."""

    group: str
    id: str
    key: str
    wrapped: bytes
    created: float


class MetricFilter(Record):
    """A metric filter; `transformation` is boto3's."""

    group: str
    name: str
    pattern: str
    created: float
    transformation: Wire
    transformed: bool = False  # whether it is for events as they are transformed


class Transformer(Record):
    """The transformer of a group: `config` is boto3's. From `updated` on (seconds) it is as it is."""

    group: str
    config: list[Wire]
    created: float
    updated: float


class Subscription(Record):
    """A subscription filter. `distribution` is ByLogStream or Random."""

    group: str
    name: str
    pattern: str
    created: float
    destination: str  # ARN
    role: str = ""
    distribution: str = "ByLogStream"
    transformed: bool = False


class Destination(Record):
    """Where another account's subscription filters may send; `policy` says whose."""

    name: str
    target: str  # ARN
    role: str
    created: float
    policy: str = ""


class AccountPolicy(Record):
    """A policy for all groups of the account. `criteria` excludes some."""

    type: str
    name: str
    document: str
    updated: float
    criteria: str = ""
    since: float = 0.0


class ResourcePolicy(Record):
    """What lets services put events: into all groups, or that with the ARN `resource`."""

    resource: str
    name: str
    document: str
    updated: float
    revision: str = ""


class QueryRun(Record):
    """A query that was started. Times are in seconds, `took` in ms."""

    id: str
    query: str
    groups: list[str]
    start: int
    end: int
    limit: int
    created: float
    status: str = "Scheduled"
    statistics: dict[str, float] = {}
    took: int = 0
    selected: bool = False  # whether it says itself what groups it looks at
    nested: list[list[str]] = []  # the groups of each query within it
    scheduled: str = ""  # the id of the scheduled query that it is a run of
    destinations: Wire = {}  # where its results go, as boto3 has it


class Result(Record):
    """What came of a query: of each row its fields and their values."""

    id: str
    rows: list[list[tuple[str, str]]]


class ScheduledQuery(Record):
    """A query that runs by itself; `given` are the members that boto3 has for it."""

    id: str
    name: str
    created: float
    updated: float
    state: str = "ENABLED"
    given: Wire = {}


class Trigger(Record):
    """A run of a scheduled query at a time (ms): of which query it is, or why of none."""

    id: str
    at: int
    query: str = ""
    status: str = "Failed"
    message: str = ""
    destinations: list[Wire] = []  # as boto3 has them


class QueryDefinition(Record):
    """A saved query."""

    id: str
    name: str
    query: str
    language: str
    groups: list[str]
    parameters: list[dict[str, str]]
    modified: float
    token: str = ""


class LookupTable(Record):
    """A lookup table; `body` is compressed CSV of `size` bytes, with `records` rows below its header."""

    name: str
    created: float
    updated: float = 0.0
    description: str = ""
    columns: list[str] = []
    records: int = 0
    size: int = 0
    body: bytes = b""

    def arn(self, ctx: Context) -> str:
        return ctx.arn(f"lookup-table:{self.name}")


class IndexPolicy(Record):
    """The field index policy of a group."""

    group: str
    document: str
    updated: float


class Protection(Record):
    """The data protection policy of a group, which has had one since then."""

    group: str
    document: str
    updated: float
    since: float


class ExportTask(Record):
    """Events of [start, end], in ms, of the streams whose names begin so, on their way to a bucket."""

    id: str
    name: str
    group: str
    streams: str
    start: int
    end: int
    bucket: str
    prefix: str
    created: float
    status: str = "PENDING"
    message: str = ""
    completed: float = 0.0


groups = logs.table("groups", Group, key="name", index={"ids": ("id",)}, cached=True)
streams = logs.table("streams", Stream, key=("group", "name"), index={"ids": ("id",)})
recent = logs.table("recent", Chunk, key=("group", "stream", "number", "first", "last"))
chunks = logs.table("chunks", Chunk, key=("group", "stream", "number", "first", "last"))
data_keys = logs.table("data_keys", DataKey, key=("group", "id"))
metric_filters = logs.table("metric_filters", MetricFilter, key=("group", "name"))
transformers = logs.table("transformers", Transformer, key="group")
subscriptions = logs.table("subscriptions", Subscription, key=("group", "name"))
destinations = logs.table("destinations", Destination, key="name")
account_policies = logs.table("account_policies", AccountPolicy, key=("type", "name"))
resource_policies = logs.table("resource_policies", ResourcePolicy, key=("resource", "name"))
queries = logs.table("queries", QueryRun, key="id")
scheduled_queries = logs.table("scheduled_queries", ScheduledQuery, key="id", index={"names": ("name",)})
triggers = logs.table("triggers", Trigger, key=("id", "at"))
results = logs.table("results", Result, key="id")
definitions = logs.table("definitions", QueryDefinition, key="id")
lookup_tables = logs.table("lookup_tables", LookupTable, key="name")
index_policies = logs.table("index_policies", IndexPolicy, key="group")
protections = logs.table("protections", Protection, key="group")
export_tasks = logs.table("export_tasks", ExportTask, key="id")
