"""What AWS bills for tables and backups besides requests: see the manifest's [billing]."""

from __future__ import annotations

from collections.abc import Iterator

from hodei.kernel.context import Context
from hodei.kernel.ledger.meter import Stock
from hodei.kernel.store import Store
from hodei.kernel.tables import Place
from hodei.services.dynamodb import capacity
from hodei.services.dynamodb.capacity import Units
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import Stats, Table, backups, stats, tables

# "the raw byte size of the data you upload plus a per-item storage overhead of 100 bytes to account for indexing", and
# 48 more of an item of a global table: aws.amazon.com/dynamodb/pricing/on-demand
OVERHEAD = 100
REPLICATION_OVERHEAD = 48


def without_request(ctx: Context, table: Table, units: Units, size: int, cause: str) -> None:
    """Counts a change that nobody has asked for here. What TTL deletes is free, but not in the other regions."""
    if cause == "replication":
        capacity.bill(ctx, table, "Write", units)
    elif cause == "restore" and table.restored:
        ctx.meter("restore", size, capacity.arn_of(ctx.account, ctx.region, table.name))


@dynamodb.stocks
def stored(store: Store) -> Iterator[Stock]:
    for account, region, table in tables.all(store):
        if not table.archived:
            yield from _of_table(Place(store, account, region), table)
    for account, region, backup in backups.all(store):
        if backup.type == "USER":  # those that a deleted table leaves cost nothing
            arn = capacity.arn_of(account, region, backup.table)
            yield Stock(account, region, "backups", backup.size, f"{arn}/backup/{backup.id}")


def _of_table(place: Place, table: Table) -> Iterator[Stock]:
    arn = capacity.arn_of(place.account, place.region, table.name)
    overhead = OVERHEAD + (REPLICATION_OVERHEAD if table.replicas else 0)

    def stock(usage: str, amount: float) -> Stock:
        return Stock(place.account, place.region, usage, amount, arn)

    counted = [(True, _counted(place, table, ""))]
    counted += [(index.local, _counted(place, table, index.name)) for index in table.indexes]
    rare = capacity.rare(table)
    yield stock(f"{rare}storage", sum(one.size + one.count * overhead for _, one in counted))
    if table.pitr:
        yield stock("pitr", sum(one.size for local, one in counted if local))
    if table.billing == "PROVISIONED":
        settings = [table.throughput, *(index.throughput for index in table.indexes if not index.local)]
        yield stock(f"{rare}read-capacity", sum(one.read for one in settings))
        replicated = table.throughput.write if table.replicas else 0
        yield stock(f"{rare}repl-write-capacity", replicated)
        yield stock(f"{rare}write-capacity", sum(one.write for one in settings) - replicated)


def _counted(place: Place, table: Table, index: str) -> Stats:
    return stats.get(place, table.id, index) or Stats(table=table.id, index=index)
