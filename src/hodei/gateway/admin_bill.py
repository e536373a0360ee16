"""The part of the admin API that tells what AWS would bill."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, date, datetime

import msgspec

from hodei.gateway.admin import check_account, routes
from hodei.gateway.local import Local, Refused
from hodei.kernel.ledger import Line
from hodei.kernel.ledger.prices import product

TAG = "tag:"
BY: dict[str, Callable[[Line], str]] = {
    "service": lambda line: product(line.service),
    "usage": lambda line: line.usage_type,
    "region": lambda line: line.region,
    "account": lambda line: line.account,
    "operation": lambda line: line.operation,
    "resource": lambda line: line.resource,
    "day": lambda line: datetime.fromtimestamp(line.metered.hour, UTC).date().isoformat(),
}


class Row(msgspec.Struct):
    """What all usage with that name costs in USD; how much it is, where all is of one unit."""

    name: str
    cost: float
    quantity: float | None
    unit: str | None


class Bill(msgspec.Struct):
    total: float
    currency: str
    by: str
    rows: list[Row]


@routes.get("/_hodei/bill")
def bill(local: Local, *, account: str = "", by: str = "service", start: str = "", end: str = "") -> Bill:
    """What AWS would bill for what was used from the day `start` to the day before `end`, at its list prices.

    `by`: service, usage, region, account, operation, resource, day or tag:KEY.
    """
    if account:
        check_account(account)
    key = _key(by)
    rows: dict[str, list[Line]] = {}
    since, until = _moment(start, 0.0), _moment(end, math.inf)
    for line in local.world.ledger.bill(since, until, {account} if account else None):
        rows.setdefault(key(line), []).append(line)
    found = [_row(name, lines) for name, lines in sorted(rows.items())]
    return Bill(math.fsum(row.cost for row in found), "USD", by, found)


def _row(name: str, lines: list[Line]) -> Row:
    units = {line.usage.unit for line in lines}
    quantity = math.fsum(line.quantity for line in lines) if len(units) == 1 else None
    return Row(name, math.fsum(line.cost for line in lines), quantity, units.pop() if len(units) == 1 else None)


def _key(by: str) -> Callable[[Line], str]:
    if by.startswith(TAG):
        tag = by[len(TAG) :]
        return lambda line: line.tags.get(tag, "")
    if by not in BY:
        raise Refused(400, f"by {by!r}: there are {', '.join(BY)} and {TAG}KEY")
    return BY[by]


def _moment(day: str, otherwise: float) -> float:
    if not day:
        return otherwise
    try:
        found = date.fromisoformat(day)
    except ValueError:
        raise Refused(400, f"{day!r} is no day: write 2026-11-30") from None
    return datetime(found.year, found.month, found.day, tzinfo=UTC).timestamp()
