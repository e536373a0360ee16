"""What usage costs: AWS's list prices, as the manifests have them with their date and source.

    [billing]
    product = "Amazon Simple Queue Service"      # as Cost Explorer and the bill call the service
    source = "https://aws.amazon.com/sqs/pricing/"
    date = "2026-11-23"                          # when they were looked up
    [billing.usages.requests]
    type = "Requests-Tier1"                      # the usage type; the bill puts the region's prefix before it
    unit = "Requests"
    operations = ["*"]                           # each call of them that succeeds counts one; "*": all others
    resource = "QueueUrl"                        # the parameter that names what the call is billed to, for its tags
    free = 1_000_000                             # units a month of an account that cost nothing
    prices = [[1e11, 4e-7], [inf, 3e-7]]         # USD a unit, up to so many units a month; or price = 4e-7

What is counted otherwise, a handler says (`ctx.meter("write-units", 3, arn)`), or `@svc.stocks` of what is billed by
time. "GB" are counted in bytes, units of a month ("GB-Mo", "Keys-Mo") as amount times hours. Prices are those of
us-east-1, in all regions.
"""

from __future__ import annotations

import calendar
import functools
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf
from typing import Any

from hodei.kernel.manifest import all_manifests, manifest

GIB = 2**30
Tier = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Usage:
    """A kind of usage that AWS bills."""

    key: str
    type: str
    unit: str
    tiers: tuple[Tier, ...]  # (up to so many units a month, USD a unit)
    free: float = 0.0
    operations: tuple[str, ...] = ()
    resource: str = ""
    global_: bool = False  # billed alike wherever it is: no prefix of a region

    def quantity(self, amount: float, at: float) -> float:
        """What was counted, in the unit; `at` says the month."""
        if self.unit.startswith("GB"):
            amount /= GIB
        return amount / hours_of_month(at) if self.unit.endswith("-Mo") else amount

    def cost(self, before: float, quantity: float) -> float:
        """USD for `quantity` units after `before` units of the same month."""
        start, end = max(before - self.free, 0.0), max(before + quantity - self.free, 0.0)
        total = floor = 0.0
        for ceiling, price in self.tiers:
            total += max(min(end, ceiling) - max(start, floor), 0.0) * price
            floor = ceiling
        return total


def hours_of_month(at: float) -> int:
    moment = datetime.fromtimestamp(at, UTC)
    return calendar.monthrange(moment.year, moment.month)[1] * 24


@functools.cache
def usages(service: str) -> dict[str, Usage]:
    """What a service bills, by key."""
    return {key: _usage(key, given) for key, given in manifest(service).billing.get("usages", {}).items()}


def _usage(key: str, given: dict[str, Any]) -> Usage:
    tiers = tuple((up_to, price) for up_to, price in given.get("prices", ())) or ((inf, given["price"]),)
    return Usage(
        key=key,
        type=given["type"],
        unit=given["unit"],
        tiers=tiers,
        free=given.get("free", 0.0),
        operations=tuple(given.get("operations", ())),
        resource=given.get("resource", ""),
        global_=given.get("global", False),
    )


@functools.cache
def usage_of(service: str, operation: str) -> Usage | None:
    """The usage of which each successful call of an operation counts one, if there is any."""
    found = usages(service).values()
    named = next((usage for usage in found if operation in usage.operations), None)
    return named or next((usage for usage in found if "*" in usage.operations), None)


def product(service: str) -> str:
    """The service as the bill calls it."""
    return str(manifest(service).billing.get("product") or manifest(service).title)


def billed_services() -> list[str]:
    return [name for name, found in all_manifests().items() if found.billing]


# The prefix of a usage type in each region but us-east-1: "Understanding your AWS billing and usage reports for
# Amazon S3" (docs.aws.amazon.com/AmazonS3/latest/userguide/aws-usage-report-understand.html).
PREFIXES = {
    "af-south-1": "AFS1",
    "ap-east-1": "APE1",
    "ap-northeast-1": "APN1",
    "ap-northeast-2": "APN2",
    "ap-northeast-3": "APN3",
    "ap-south-1": "APS3",
    "ap-south-2": "APS5",
    "ap-southeast-1": "APS1",
    "ap-southeast-2": "APS2",
    "ap-southeast-3": "APS4",
    "ap-southeast-4": "APS6",
    "ca-central-1": "CAN1",
    "ca-west-1": "CAN2",
    "eu-central-1": "EUC1",
    "eu-central-2": "EUC2",
    "eu-north-1": "EUN1",
    "eu-south-1": "EUS1",
    "eu-south-2": "EUS2",
    "eu-west-1": "EU",
    "eu-west-2": "EUW2",
    "eu-west-3": "EUW3",
    "il-central-1": "ILC1",
    "me-central-1": "MEC1",
    "me-south-1": "MES1",
    "sa-east-1": "SAE1",
    "us-east-2": "USE2",
    "us-gov-east-1": "UGE1",
    "us-gov-west-1": "UGW1",
    "us-west-1": "USW1",
    "us-west-2": "USW2",
}


def usage_type(usage: Usage, region: str) -> str:
    """As the bill has it: "EU-Requests-Tier1"; without a prefix in us-east-1."""
    prefix = "" if usage.global_ else PREFIXES.get(region, "")
    return f"{prefix}-{usage.type}" if prefix else usage.type
