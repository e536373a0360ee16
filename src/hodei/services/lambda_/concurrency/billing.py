"""What provisioned concurrency costs, be it used or not. https://aws.amazon.com/lambda/pricing/"""

from __future__ import annotations

from collections.abc import Iterator

from hodei.kernel.arns import partition_of
from hodei.kernel.ledger.meter import Stock
from hodei.kernel.store import Store
from hodei.kernel.tables import Place
from hodei.services.lambda_.durable import billing as durable
from hodei.services.lambda_.service import lambda_
from hodei.services.lambda_.state import Provisioned, Version, aliases, provisioned, versions

HOUR = 3600.0
MB = 1024.0  # of a GB


@lambda_.stocks
def kept(store: Store) -> Iterator[Stock]:
    """GB-seconds of an hour, of each version and alias; and what is kept of durable executions."""
    yield from durable.kept(store)
    for account, region, config in provisioned.all(store):
        if version := _version(Place(store, account, region), config):
            usage = "provisioned-arm" if "arm64" in version.architectures else "provisioned"
            amount = config.allocated * version.memory / MB * HOUR
            arn = f"arn:{partition_of(region)}:lambda:{region}:{account}:function:{config.function}"
            yield Stock(account, region, usage, amount, arn)


def _version(place: Place, config: Provisioned) -> Version | None:
    alias = aliases.get(place, config.function, config.qualifier)
    return versions.get(place, config.function, alias.version if alias else config.qualifier)
