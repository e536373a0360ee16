"""What Parameter Store bills: advanced parameters, what is done with them, and higher throughput.

https://aws.amazon.com/systems-manager/pricing/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.kernel.ledger.meter import Stock
from hodei.kernel.store import Store
from hodei.services.ssm import settings
from hodei.services.ssm.service import ssm
from hodei.services.ssm.state import ADVANCED, arn_of, parameters, totals, versions

PARAMETER = "parameter/"


@ssm.meters("GetParameter", "GetParameters", "GetParametersByPath", "GetParameterHistory", "PutParameter")
def interactions(ctx: Context, params: Mapping[str, Any], result: Mapping[str, Any], error: Exception | None) -> None:
    """Public parameters, and secrets that are read as parameters, are none of the account's."""
    if error is not None:
        return
    for arn in dict.fromkeys(_arns(ctx, params, result)):
        place = Arn.parse(arn)
        home = ctx.at(account=place.account, region=place.region)
        if not place.resource.startswith(PARAMETER):
            continue
        name = place.resource.removeprefix(PARAMETER)
        found = parameters.get(home, f"/{name}") or parameters.get(home, name)
        latest = versions.get(home, found.name, found.version) if found else None
        if latest and latest.tier == ADVANCED:
            ctx.meter("advanced-interactions", 1.0, arn)
        elif latest and settings.value(home, settings.THROUGHPUT) == "true":
            ctx.meter("standard-interactions", 1.0, arn)


def _arns(ctx: Context, params: Mapping[str, Any], result: Mapping[str, Any]) -> Iterator[str]:
    """Of the parameters of this place that a call is about."""
    if ctx.operation in ("PutParameter", "GetParameterHistory"):
        name = params["Name"]
        yield name if name.startswith("arn:") else arn_of(ctx, name)
    else:
        found = result["Parameters"] if "Parameters" in result else [result["Parameter"]]
        yield from (one["ARN"] for one in found)


@ssm.stocks
def kept(store: Store) -> Iterator[Stock]:
    for account, region, total in totals.all(store):
        if total.tier == ADVANCED:
            yield Stock(account, region, "parameters", total.count)
