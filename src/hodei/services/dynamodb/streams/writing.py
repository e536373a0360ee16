"""What changes in a table with a stream is written there, in the batch of the change."""

from __future__ import annotations

from hodei.kernel.context import Context
from hodei.services.dynamodb import changes
from hodei.services.dynamodb.changes import Cause
from hodei.services.dynamodb.state import Item, StoredItem, Table
from hodei.services.dynamodb.streams import numbers
from hodei.services.dynamodb.streams.state import StreamRecord, stream_records, streams
from hodei.services.dynamodb.values import equal, item_size

OLD, NEW = ("OLD_IMAGE", "NEW_AND_OLD_IMAGES"), ("NEW_IMAGE", "NEW_AND_OLD_IMAGES")


@changes.follow
def changed(ctx: Context, table: Table, old: StoredItem | None, new: StoredItem | None, cause: Cause) -> None:
    """What changes nothing leaves no record."""
    if not table.stream_view or (old and new and same(old, new)):
        return
    stream, one = streams.get(ctx, table.name, table.stream_label), new or old
    if stream is None or one is None:
        return
    keys: Item = {name: one.item[name] for name in table.key.names}
    before = old if stream.view in OLD else None
    after = new if stream.view in NEW else None
    record = StreamRecord(
        shard=stream.shards[int.from_bytes(one.partition[:8]) * len(stream.shards) >> 64],
        number=numbers.following(ctx, stream),
        name="INSERT" if old is None else "REMOVE" if new is None else "MODIFY",
        keys=keys,
        old=before.item if before else None,
        new=after.item if after else None,
        size=item_size(keys) + (before.size if before else 0) + (after.size if after else 0),
        expired=cause == "ttl",
    )
    stream_records.put_under(ctx, table.table_key, record)
    ctx.signal(numbers.channel(record.shard))


def same(old: StoredItem, new: StoredItem) -> bool:
    """Whether two states of an item say the same; the order of a set says nothing."""
    if old.size != new.size or old.item.keys() != new.item.keys():
        return False
    return old.item == new.item or all(equal(value, new.item[name]) for name, value in old.item.items())
