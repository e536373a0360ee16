"""What usage costs: AWS's list prices, as the manifests have them with their date and source.

    [billing]
    product = "Amazon Simple Queue Service"      # as Cost Explorer and the bill call the service
    source = "https://aws.amazon.com/sqs/pricing/"
    date = "2026-11-23"                          # when they were looked up
    prefix = "code"                              # of its usage types: "code" (none in us-east-1), "always" or "region"
    [billing.usages.requests]
    type = "Requests-Tier1"                      # the usage type
    in_us_east_1 = "Requests-RBP"                # where that region has another one
    unit = "Requests"
    operations = ["*"]                           # each call of them that succeeds counts one; "*": all others
    resource = "QueueUrl"                        # the parameter that names what the call is billed to, for its tags
    free = 1_000_000                             # units a month that cost nothing, in all regions together
    pool = "requests"                            # the usages that share a free amount, if it is not this one's alone
    prices = [[1e11, 4e-7], [inf, 3e-7]]         # USD a unit, up to so many units a month; or price = 4e-7

What is counted otherwise, `@svc.meters` or a handler says (`ctx.meter("write-units", 3, arn)`), or `@svc.stocks` of
what is billed by time. "GB" are counted in bytes. What is billed by the month ("GB-Mo", or `monthly = true`) is counted
as amount times hours. What a resource uses is billed to its owner, unless `caller = true`. Prices are those of
us-east-1, in all regions; a free amount, and the tiers of what is `global`, hold for all regions together.
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
    pool: str = ""  # who else shares the free amount; "": nobody
    monthly: bool = False
    operations: tuple[str, ...] = ()
    resource: str = ""
    caller: bool = False  # billed to who calls, whoever owns the resource
    global_: bool = False  # billed alike wherever it is: no prefix of a region
    in_us_east_1: str = ""
    prefix: str = "code"

    def quantity(self, amount: float, at: float) -> float:
        """What was counted, in the unit; `at` says the month."""
        if self.unit.startswith("GB"):
            amount /= GIB
        return amount / hours_of_month(at) if self.monthly else amount

    def cost(self, before: float, quantity: float) -> float:
        """USD for `quantity` units, none of them free, after `before` such units of the same month."""
        end, total, floor = before + quantity, 0.0, 0.0
        for ceiling, price in self.tiers:
            total += max(min(end, ceiling) - max(before, floor), 0.0) * price
            floor = ceiling
        return total

    def type_in(self, region: str) -> str:
        """As the bill has it: "EU-Requests-Tier1"."""
        if self.global_:
            return self.type
        if region == "us-east-1" and self.prefix == "code":
            return self.in_us_east_1 or self.type
        prefix = region if self.prefix == "region" else PREFIXES.get(region, region)
        return f"{prefix}-{self.type}"


def hours_of_month(at: float) -> int:
    moment = datetime.fromtimestamp(at, UTC)
    return calendar.monthrange(moment.year, moment.month)[1] * 24


@functools.cache
def usages(service: str) -> dict[str, Usage]:
    """What a service bills, by key."""
    billing = manifest(service).billing
    prefix = billing.get("prefix", "code")
    return {key: _usage(key, given, prefix) for key, given in billing.get("usages", {}).items()}


def _usage(key: str, given: dict[str, Any], prefix: str) -> Usage:
    given = dict(given)
    tiers = tuple((up_to, price) for up_to, price in given.pop("prices", ())) or ((inf, given.pop("price")),)
    return Usage(
        key=key,
        tiers=tiers,
        operations=tuple(given.pop("operations", ())),
        monthly=given.pop("monthly", given["unit"].endswith("-Mo")),
        global_=given.pop("global", False),
        prefix=prefix,
        **given,
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


# The prefixes of usage types: docs.aws.amazon.com/global-infrastructure/latest/regions/aws-region-billing-codes.html.
# Those of most services have none in us-east-1; KMS has the names of regions.
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
    "us-east-1": "USE1",
    "us-east-2": "USE2",
    "us-gov-east-1": "UGE1",
    "us-gov-west-1": "UGW1",
    "us-west-1": "USW1",
    "us-west-2": "USW2",
}
