"""What the accounts that a caller may see have used, with what it costs."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from hodei.kernel.context import Context
from hodei.kernel.ledger import Line
from hodei.services.ce import errors, periods
from hodei.services.ce.periods import Period

NOTHING = "N/A"
DIGITS = 10


class Charge(NamedTuple):
    """A line of the bill, with what it costs at the average rate that its organization has in that month."""

    line: Line
    blended: float


METRICS: dict[str, Callable[[Charge], float]] = {
    "AmortizedCost": lambda charge: charge.line.cost,
    "BlendedCost": lambda charge: charge.blended,
    "NetAmortizedCost": lambda charge: charge.line.cost,
    "NetUnblendedCost": lambda charge: charge.line.cost,
    "NormalizedUsageAmount": lambda charge: 0.0,  # of reserved instances
    "UnblendedCost": lambda charge: charge.line.cost,
    "UsageQuantity": lambda charge: charge.line.quantity,
}
QUANTITIES = ("NormalizedUsageAmount", "UsageQuantity")


def charges(ctx: Context, period: Period) -> list[Charge]:
    """A management account sees its members' too."""
    ledger = ctx.world.ledger
    start, end = period.start.timestamp(), period.end.timestamp()
    payer = ledger.meter.payer(ctx.account)
    together = ledger.meter.paid_by(payer)
    lines = ledger.bill(periods.month(period.start).timestamp(), end, together)
    rates = _rates(lines) if len(together) > 1 else {}
    seen = together if payer == ctx.account else {ctx.account}
    return [
        Charge(line, line.quantity * rates[_rate_of(line)] if rates else line.cost)
        for line in lines
        if line.account in seen and line.metered.hour >= start
    ]


def _rates(lines: Iterable[Line]) -> dict[tuple[str, str, datetime], float]:
    cost: defaultdict[tuple[str, str, datetime], float] = defaultdict(float)
    quantity: defaultdict[tuple[str, str, datetime], float] = defaultdict(float)
    for line in lines:
        key = _rate_of(line)
        cost[key] += line.cost
        quantity[key] += line.quantity
    return {key: cost[key] / quantity[key] if quantity[key] else 0.0 for key in cost}


def _rate_of(line: Line) -> tuple[str, str, datetime]:
    return line.service, line.usage_type, periods.month(datetime.fromtimestamp(line.metered.hour, UTC))


def check_metrics(names: Sequence[str]) -> None:
    """Raises: ValidationException, in words of our own."""
    if not names or any(name not in METRICS for name in names):
        raise errors.ValidationException(f"Metrics are invalid. Valid values are {', '.join(METRICS)}")


def told(charges: Sequence[Charge], metrics: Iterable[str]) -> dict[str, dict[str, str]]:
    """The metrics of some charges together."""
    units = {charge.line.usage.unit for charge in charges}
    unit = units.pop() if len(units) == 1 else NOTHING
    found: dict[str, dict[str, str]] = {}
    for name in metrics:
        amount = math.fsum(map(METRICS[name], charges))
        kind = "USD" if name not in QUANTITIES else unit if name == "UsageQuantity" else NOTHING
        found[name] = {"Amount": decimal(amount), "Unit": kind}
    return found


def decimal(amount: float) -> str:
    """ "0.0000004", "12.5", "0"."""
    return f"{amount:.{DIGITS}f}".rstrip("0").rstrip(".")


def sorted_by(metric: str, found: dict[str, list[Charge]], *, descending: bool) -> list[str]:
    """Names in the order of what they cost."""

    def cost(name: str) -> Any:
        return math.fsum(map(METRICS[metric], found[name]))

    return sorted(found, key=cost, reverse=descending)
