"""What is kept is billed by time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from hodei.kernel.ledger.meter import Stock
from hodei.kernel.store import Store
from hodei.services.logs.service import logs
from hodei.services.logs.state import streams

COMPRESSED = 0.15  # of the bytes that came, as AWS's pricing examples have it


@logs.stocks
def stored(store: Store) -> Iterator[Stock]:
    total: Counter[tuple[str, str]] = Counter()
    for account, region, stream in streams.all(store):
        total[account, region] += stream.bytes
    for (account, region), size in total.items():
        yield Stock(account, region, "stored", size * COMPRESSED)
