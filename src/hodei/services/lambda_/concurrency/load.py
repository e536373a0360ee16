"""How much runs now, and what provisioned concurrency is there: what the process alone knows of a cloud."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from hodei.kernel.context import Context
from hodei.kernel.limits import Bucket
from hodei.services.lambda_.state import Version

Place = tuple[str, ...]  # account, region, function; of a version its number too


class Load:
    """`allocated` is the provisioned concurrency that is ready, by version; `requests` are by function."""

    def __init__(self) -> None:
        self.on_demand: Counter[Place] = Counter()  # invokes that run, by function
        self.provisioned: Counter[Place] = Counter()  # those that run on provisioned concurrency, by version
        self.allocated: dict[Place, int] = {}
        self.requests: dict[Place, Bucket] = {}

    def forget(self) -> None:
        """What runs goes on to run."""
        self.allocated.clear()
        self.requests.clear()

    def of(self, function: Place) -> int:
        """How many invokes of a function run."""
        return self.on_demand[function] + sum(
            count for version, count in self.provisioned.items() if version[:3] == function
        )

    def in_region(self, ctx: Context) -> int:
        """How many invokes run in an account and region."""
        here = (ctx.account, ctx.region)
        of_both = (*self.on_demand.items(), *self.provisioned.items())
        return sum(count for place, count in of_both if place[:2] == here)

    @contextmanager
    def invoke(self, version: Place, *, provisioned: bool) -> Iterator[None]:
        """Count one while it runs."""
        counter, place = (self.provisioned, version) if provisioned else (self.on_demand, version[:3])
        counter[place] += 1
        try:
            yield
        finally:
            counter[place] -= 1
            if not counter[place]:
                del counter[place]


def load_of(ctx: Context) -> Load:
    return ctx.world.memory(Load)


def place_of(ctx: Context, version: Version) -> Place:
    return (ctx.account, ctx.region, version.function, version.version)
