"""What changes in a table goes to its Kinesis data streams: kept in order in a durable queue, and sent from there.

A record is sent in the batch that takes it from the queue: it arrives once, though AWS promises only "at least once".
What finds no place in a stream is tried again for a day.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/kds.html
"""

from __future__ import annotations

import hashlib
import logging
from itertools import islice
from typing import Any

import msgspec

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.dynamodb import changes
from hodei.services.dynamodb.changes import Cause
from hodei.services.dynamodb.encryption import keys
from hodei.services.dynamodb.encryption.rows import Sealable, sealed_table
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import Item, StoredItem, Table, destinations, tables
from hodei.services.dynamodb.streams.writing import same
from hodei.services.dynamodb.values import item_size

log = logging.getLogger("hodei.dynamodb")

ROWS = 250  # that one batch sends
AGAIN = 1.0  # seconds until a stream that takes nothing is tried again
KEPT = 86400.0
TIME_TO_LIVE = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
REFUSED = frozenset(("InvalidArgumentException", "ValidationException"))  # a record that will never be taken


class Change(Sealable):
    """A change that a stream (`to`, its ARN) has yet to hear of."""

    secret = ("keys", "old", "new")
    table: str  # the id
    to: str
    number: int
    at: float
    name: str  # INSERT, MODIFY, REMOVE
    place: str  # of the item: all changes of one go to one shard
    size: int
    keys: Item
    old: Item | None = None
    new: Item | None = None
    expired: bool = False  # deleted by time to live


waiting = sealed_table("kinesis_changes", Change, ("table", "to", "number"))


@changes.follow
def changed(ctx: Context, table: Table, old: StoredItem | None, new: StoredItem | None, cause: Cause) -> None:
    """What changes nothing leaves no record."""
    one = new or old
    if not table.kinesis or one is None or (old and new and same(old, new)):
        return
    key: Item = {name: one.item[name] for name in table.key.names}
    for stream in table.kinesis:
        last = next((number for *_, number in waiting.keys(ctx, table.id, stream, reverse=True)), None)
        change = Change(
            table=table.id,
            to=stream,
            number=last + 1 if last is not None else 0,
            at=ctx.now,
            name="INSERT" if old is None else "REMOVE" if new is None else "MODIFY",
            place=hashlib.md5(one.partition + one.sort, usedforsecurity=False).hexdigest().upper(),
            size=item_size(key) + (old.size if old else 0) + (new.size if new else 0),
            keys=key,
            old=old.item if old else None,
            new=new.item if new else None,
            expired=cause == "ttl",
        )
        waiting.put_under(ctx, table.table_key, change)
        ctx.meter("kinesis-units", _units(old, new), ctx.arn(f"table/{table.name}"))
        if last is None:
            ctx.timers.set(ctx, "to_kinesis", ctx.now, table.name, table.id, stream)


def _units(old: StoredItem | None, new: StoredItem | None) -> int:
    """Change data capture units: one for each KB of a write."""
    return -(-max(one.size for one in (old, new) if one) // 1024)


@dynamodb.timer("to_kinesis")
def to_kinesis(ctx: Context, name: str, table_id: str, stream: str) -> None:
    """Send some of what waits. What was written before a destination is disabled is still sent."""
    table = tables.get(ctx, name)
    own = table if table and table.id == table_id else None
    if own and keys.put_off(ctx, "to_kinesis", (name, table_id, stream), own.table_key):
        return
    destination = destinations.get(ctx, table_id, stream)
    precision = destination.precision if destination else ""
    for change in islice(waiting.scan(ctx, table_id, stream), ROWS):
        if not _send(ctx, name, change, precision) and ctx.now < change.at + KEPT:
            ctx.timers.set(ctx, "to_kinesis", ctx.now + AGAIN, name, table_id, stream)
            return
        waiting.delete(ctx, table_id, stream, change.number)
    if next(waiting.keys(ctx, table_id, stream), None):
        ctx.timers.set(ctx, "to_kinesis", ctx.now, name, table_id, stream)


def _send(ctx: Context, table: str, change: Change, precision: str) -> bool:
    """Whether the stream has it, or can never have it."""
    import hodei.services.kinesis.api as kinesis  # loaded where a table has such a destination

    data = msgspec.json.encode(_record(ctx, table, change, precision))
    try:
        there, stream = kinesis.open_stream(ctx, change.to)
        (answer,) = kinesis.put_records(there, stream, [kinesis.Put(change.place, data)])
    except AwsError as error:
        if error.code in REFUSED:
            log.warning("a change of %s cannot be sent to %s: %s", table, change.to, error)
        return error.code in REFUSED
    return "ErrorCode" not in answer


def _record(ctx: Context, table: str, change: Change, precision: str) -> dict[str, Any]:
    """As AWS writes it. Its time is in milliseconds if nobody has asked for another precision."""
    unit = 1_000_000 if precision == "MICROSECOND" else 1000
    told: dict[str, Any] = {"ApproximateCreationDateTime": int(change.at * unit), "Keys": change.keys}
    if change.new is not None:
        told["NewImage"] = change.new
    if change.old is not None:
        told["OldImage"] = change.old
    told["SizeBytes"] = change.size
    if precision:
        told["ApproximateCreationDateTimePrecision"] = precision
    return {
        "awsRegion": ctx.region,
        "eventID": ctx.ids.uuid(),
        "eventName": change.name,
        "userIdentity": TIME_TO_LIVE if change.expired else None,
        "recordFormat": "application/json",
        "tableName": table,
        "dynamodb": told,
        "eventSource": "aws:dynamodb",
    }
