"""Another KMS key for a table that is there: what it writes goes under the new one, what it has follows bit by bit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from hodei.kernel.context import ANONYMOUS, Context
from hodei.kernel.tables import Record
from hodei.services.dynamodb import errors
from hodei.services.dynamodb.encryption import keys
from hodei.services.dynamodb.encryption.rows import Sealed
from hodei.services.dynamodb.encryption.specification import described, key_in
from hodei.services.dynamodb.replication.state import outgoing
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import Table, index_entries, items, pasts, pendings, tables
from hodei.services.dynamodb.streams.state import shards, stream_records, streams
from hodei.services.dynamodb.values import invalid

ROWS = 250  # that one batch puts under the new key, of each kind
TIMER = "rekey"
SHOWN, SECONDS = 9.0, 22.0  # until AWS shows the new key, and has done
MOST, WINDOW, PAUSE = 4, 86400.0, 21600.0  # changes in a day, and the time between any more
KINDS: tuple[Sealed[Any], ...] = (items, index_entries, pendings, pasts, outgoing, stream_records)

replace = msgspec.structs.replace


class Rekeying(Record):
    """How far a table's rows have been put under its new key: those of `kind` with that prefix up to the last one."""

    table: str  # the id
    old: str  # the table key before
    sse: dict[str, Any]  # what will be told of the new one
    done: float  # when it is done at the earliest
    kind: int = 0
    prefix: str = ""
    last: tuple[Any, ...] | None = None


rekeyings = dynamodb.table("rekeyings", Rekeying, key="table")


def change(ctx: Context, table: Table, given: Mapping[str, Any], *, replica: bool = False) -> Table:
    """A table on its way to the key that an SSESpecification asks for; `begin` it when it is stored.

    Raises: ResourceInUseException, ValidationException, LimitExceededException, as `keys.make`.
    """
    if table.rekeying:
        raise errors.ResourceInUseException(
            "Attempt to change a resource which is still in use: Server-Side Encryption is still being updated"
        )
    key, current = key_in(given), table.sse["KMSMasterKeyArn"] if table.table_key else None
    if key is None and current is None:
        raise invalid("Table is already encrypted by default")
    if key and key == current:
        raise invalid(
            "Table is already encrypted with given KMSMasterKeyId. Use KMSMasterKeyId parameter if you want to change "
            "Master Key"
        )
    counted = _counted(ctx, table)
    if (
        table.table_key
        and (error := keys.probe(ctx, table.table_key))
        and keys.probe(ctx.by(ANONYMOUS), table.table_key)
    ):
        raise error
    made = None if key is None else keys.make(ctx, table.name, key, replica=replica)
    rekeying = Rekeying(
        table=table.id, old=table.table_key, sse=described(made) if made else {}, done=ctx.now + SECONDS
    )
    rekeyings.put(ctx, rekeying)
    return replace(table, table_key=made.id if made else "", rekeying=True, rekeyed=counted)


def begin(ctx: Context, table: Table) -> None:
    if ctx.setting("lifecycle") == "aws":
        ctx.timers.set(ctx, TIMER, ctx.now + SHOWN, table.name, table.id)
    else:
        rekey(ctx, table.name, table.id)


@dynamodb.timer(TIMER)
def rekey(ctx: Context, name: str, table_id: str) -> None:
    """Put some more rows under the new key; then the old one is no longer needed."""
    table, done = tables.get(ctx, name), rekeyings.get(ctx, table_id)
    if table is None or done is None or table.id != table_id:
        return
    if any(keys.put_off(ctx, TIMER, (name, table_id), key) for key in (done.old, table.table_key)):
        return
    table = replace(table, sse=done.sse)
    further = _further(ctx, table, done)
    if further is None and (ctx.setting("lifecycle") != "aws" or ctx.now >= done.done):
        _finish(ctx, table, done)
        return
    tables.put(ctx, table)
    rekeyings.put(ctx, further or replace(done, kind=len(KINDS)))
    ctx.timers.set(ctx, TIMER, ctx.now if further else done.done, name, table_id)


def _further(ctx: Context, table: Table, done: Rekeying) -> Rekeying | None:
    """None at the end."""
    for number in range(done.kind, len(KINDS)):
        for prefix in _prefixes(ctx, table, KINDS[number]):
            began = number == done.kind and prefix == done.prefix
            if number == done.kind and prefix < done.prefix:
                continue
            after = done.last if began else None
            last = KINDS[number].reseal(ctx, table.table_key, prefix, after=after, most=ROWS)
            if last is not None:
                return replace(done, kind=number, prefix=prefix, last=last)
    return None


def _prefixes(ctx: Context, table: Table, rows: Sealed[Any]) -> Sequence[str]:
    """Below what the rows of a table lie: its id, stream records their shards."""
    if rows is not stream_records:
        return (table.id,)
    own = [stream for stream in streams.scan(ctx, table.name) if stream.created >= table.created]
    return sorted(shard.id for stream in own for shard in shards.scan(ctx, table.name, stream.label))


def _finish(ctx: Context, table: Table, done: Rekeying) -> None:
    rekeyings.delete(ctx, table.id)
    tables.put(ctx, replace(table, rekeying=False, inaccessible=0.0))
    if done.old:
        keys.let_go(ctx, table.name, table.id, done.old)
    if table.table_key:
        keys.watch(ctx, table.name, table.id)


def _counted(ctx: Context, table: Table) -> tuple[float, ...]:
    """When the table's key was changed within the window that the first change opens, this one included.

    Raises: LimitExceededException.
    """
    now, before = ctx.now, table.rekeyed
    if not before or now >= before[0] + WINDOW:
        return (now,)
    following = before[-1] + PAUSE
    if len(before) >= MOST and now < following:
        end, last, following_at = (_iso(at) for at in (before[0] + WINDOW, before[-1], following))
        raise errors.LimitExceededException(
            f"Subscriber limit exceeded: Encryption mode changes are limited in the 24h window ending at {end}. After "
            f"the first {MOST} change, each subsequent change in the same window can be performed at most once every "
            f"{PAUSE:.0f} seconds. Number of updates today: {len(before)}. Last change at {last}. Next changes can be "
            f"made at {following_at}."
        )
    return (*before, now)


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
