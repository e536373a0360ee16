"""How many units a second a table or an index may consume, and in which words AWS says that it was too much."""

from __future__ import annotations

import math
from typing import Any, Literal, NamedTuple

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.dynamodb import errors
from hodei.services.dynamodb.capacity import TABLE
from hodei.services.dynamodb.state import Index, Table, Throughput

Kind = Literal["Read", "Write"]
ThrottleType = Literal[
    "ProvisionedThroughputExceeded",
    "AccountLimitExceeded",
    "KeyRangeThroughputExceeded",
    "MaxOnDemandThroughputExceeded",
]

BURST_SECONDS = 300.0  # unused provisioned capacity that is kept
ON_DEMAND: dict[Kind, float] = {"Read": 12000.0, "Write": 4000.0}  # what a new on-demand table can take at once
PARTITION: dict[Kind, float] = {"Read": 3000.0, "Write": 1000.0}


class Limit(NamedTuple):
    """`rate` units a second, `burst` seconds of which may be saved up; `type` is what AWS calls going over it."""

    rate: float
    burst: float
    type: ThrottleType
    since: float  # when saving up began


def limit_of(ctx: Context, table: Table, name: str, kind: Kind, peak: float) -> Limit:
    """The limit of a table (`name` TABLE) or of a global index. `peak`: the most it has consumed in a second before."""
    index = table.index(name) if name != TABLE else None
    one: Table | Index = index or table
    if table.billing == "PROVISIONED":
        throughput: Throughput = one.throughput
        provisioned = throughput.read if kind == "Read" else throughput.write
        since = max(table.created, throughput.increased, throughput.decreased)
        return Limit(float(provisioned), BURST_SECONDS, "ProvisionedThroughputExceeded", since)
    most = one.on_demand.get(f"Max{kind}RequestUnits", -1)
    quota = ctx.quota(f"table-{kind.lower()}")
    warm = max(ON_DEMAND[kind], one.warm.get(f"{kind}UnitsPerSecond", 0))
    rate = min(max(warm, 2 * peak), quota)
    if 0 < most <= rate:
        return Limit(float(most), 1.0, "MaxOnDemandThroughputExceeded", table.created)
    return Limit(rate, 1.0, "AccountLimitExceeded" if rate == quota else "KeyRangeThroughputExceeded", table.created)


def partitions_of(table: Table, name: str) -> int:
    """Into how many partitions a table or an index is divided for its capacity."""
    one: Table | Index = (table.index(name) if name != TABLE else None) or table
    if table.billing == "PROVISIONED":
        return max(1, math.ceil(one.throughput.read / PARTITION["Read"] + one.throughput.write / PARTITION["Write"]))
    return max(
        math.ceil(max(ON_DEMAND[kind], one.warm.get(f"{kind}UnitsPerSecond", 0)) / PARTITION[kind])
        for kind in PARTITION
    )


def throttled(ctx: Context, table: Table, name: str, kind: Kind, type: ThrottleType) -> AwsError:
    """The error of a request that a limit of that type refuses; counted in CloudWatch."""
    dimensions = {"TableName": table.name} | ({"GlobalSecondaryIndexName": name} if name != TABLE else {})
    ctx.metric("AWS/DynamoDB", f"{kind}ThrottleEvents", 1, "Count", **dimensions)
    ctx.metric("AWS/DynamoDB", f"{kind}{type.removesuffix('Exceeded')}ThrottleEvents", 1, "Count", **dimensions)
    ctx.metric("AWS/DynamoDB", "ThrottledRequests", 1, "Count", TableName=table.name, Operation=ctx.operation)
    arn = ctx.arn(f"table/{table.name}" + (f"/index/{name}" if name != TABLE else ""))
    reasons: list[dict[str, Any]] = [
        {"reason": f"{'Index' if name != TABLE else 'Table'}{kind}{type}", "resource": arn}
    ]
    if table.billing == "PROVISIONED":
        error = errors.IndexThroughputExceeded if name != TABLE else errors.TableThroughputExceeded
        return error(ThrottlingReasons=reasons)
    if type == "AccountLimitExceeded":
        return errors.RequestLimitExceeded(ThrottlingReasons=reasons)
    error = errors.OnDemandMaximumExceeded if type == "MaxOnDemandThroughputExceeded" else errors.OnDemandExceeded
    return error(throttlingReasons=reasons)
