"""Request rates: token buckets per account, region and operation, answered by the service's own throttling error.

Off by default. AWS's documented rates lie in the manifests (`[limits]`) and are turned on together; single ones can be
set besides. What is set is kept in the store; the buckets are in memory, full at the start, and fill by the cloud's
clock: while it is frozen nothing refills, `advance` refills at once.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

from hodei.kernel.errors import AwsError, declare
from hodei.kernel.manifest import Limit, all_manifests, manifest
from hodei.kernel.tables import Place, Record, Table
from hodei.protocol.model import load_model

if TYPE_CHECKING:
    from hodei.kernel.context import Context
    from hodei.kernel.service import Service
    from hodei.kernel.settings import Quotas
    from hodei.kernel.store import Store

ALL = "*"  # instead of an operation: all of the service together
BUCKETS = 10_000  # kept at a time; a bucket that is forgotten starts anew, full

Mode = Literal["off", "aws"]


class SetLimit(Record):
    """A rate set by hand: `rate` requests a second of an operation (or of all together), `burst` at once.

    For each account and region apart, or for the one that is named alone.
    """

    service: str
    operation: str
    rate: float
    burst: float
    account: str = ""
    region: str = ""


class Switch(Record):
    id: str
    mode: Mode


class Bucket:
    """Tokens, one a request."""

    __slots__ = ("at", "tokens")

    def __init__(self, tokens: float, at: float) -> None:
        self.tokens = tokens
        self.at = at

    def fill(self, now: float, rate: float, burst: float) -> bool:
        """Bring it up to now; True if it has a token."""
        self.tokens = min(burst, self.tokens + max(now - self.at, 0.0) * rate)
        self.at = now
        return self.tokens >= 1


class Limits:
    """The rates of a cloud. While there are none (`active` is false), nobody asks it anything."""

    table = Table("kernel", "limits", SetLimit, key=("service", "operation", "account", "region"), scope="global")
    switch = Table("kernel", "limits_mode", Switch, key="id", scope="global")

    def __init__(self, store: Store, quotas: Quotas) -> None:
        self._place = Place(store)
        self._quotas = quotas
        self._load()
        store.on_switch(self._load)

    def _load(self) -> None:
        switch = self.switch.get(self._place, "")
        self.mode: Mode = switch.mode if switch else "off"
        self._set = list(self.table.scan(self._place))
        self._buckets: dict[tuple[object, ...], Bucket] = {}
        self.active = bool(self._set) or self.mode == "aws"

    def turn(self, mode: Mode) -> None:
        """Let AWS's documented rates hold, or not."""
        with self._place.store.batch():
            self.switch.put(self._place, Switch(id="", mode=mode))
        self._load()

    def set(self, limit: SetLimit) -> None:
        """Raises: ValueError for what makes no sense."""
        if limit.service not in all_manifests():
            raise ValueError(f"no service {limit.service!r}; there are {', '.join(all_manifests())}")
        if limit.operation != ALL and limit.operation not in load_model(manifest(limit.service).model).operations:
            raise ValueError(f"{limit.service} has no operation {limit.operation!r}; {ALL} is all of them together")
        if limit.rate < 0 or limit.burst < 1:
            raise ValueError("rate is 0 or more requests a second, burst 1 or more at once")
        with self._place.store.batch():
            self.table.put(self._place, limit)
        self._load()

    def remove(self, service: str, operation: str, account: str = "", region: str = "") -> None:
        """Raises: KeyError if it is not set."""
        with self._place.store.batch():
            if not self.table.delete(self._place, service, operation, account, region):
                raise KeyError(operation)
        self._load()

    def listed(self) -> list[SetLimit]:
        """Those set by hand."""
        return self._set

    def clear(self, account: str | None = None) -> None:
        """Forget what was set, or what was set for one account. AWS's own stay as they are."""
        with self._place.store.batch():
            for limit in self._set:
                if account in (None, limit.account):
                    self.table.delete(self._place, limit.service, limit.operation, limit.account, limit.region)
        self._load()

    def take(self, ctx: Context, operation: str, params: Mapping[str, Any]) -> None:
        """Count a call of this caller. Raises: the service's throttling error."""
        now, account = ctx.now, ctx.principal.account or ctx.account
        if len(self._buckets) > BUCKETS:
            self._buckets.clear()
        found = []
        for key, rate, burst in self._limits(ctx, account, operation, params):
            if (bucket := self._buckets.get(key)) is None:
                bucket = self._buckets[key] = Bucket(burst, now)
            if not bucket.fill(now, rate, burst):
                raise throttled(ctx.service)
            found.append(bucket)
        for bucket in found:
            bucket.tokens -= 1

    def _limits(
        self, ctx: Context, account: str, operation: str, params: Mapping[str, Any]
    ) -> Iterator[tuple[tuple[object, ...], float, float]]:
        """(bucket, rate, burst) of all that hold for a call. AWS counts calls for whoever makes them."""
        service, region = ctx.service.name, ctx.region
        for limit in self._set:
            if (
                limit.service == service
                and limit.operation in (operation, ALL)
                and limit.account in (account, "")
                and limit.region in (region, "")
            ):
                yield (limit, account, region), limit.rate, limit.burst
        if self.mode == "aws":
            for documented in _by_operation(service).get(operation, ()):
                owner = ctx.service.rates.get(documented.key)
                subject = owner(ctx, params) if owner else f"{account}/{region}"
                if subject is not None:
                    rate = self._quotas.at(Place(self._place.store, account, region), service, documented.key)
                    each = operation if documented.each else ""
                    yield (service, documented.key, each, subject), rate, documented.burst or max(rate, 1)


@functools.cache
def _by_operation(service: str) -> dict[str, list[Limit]]:
    found: dict[str, list[Limit]] = {}
    for limit in manifest(service).limits.values():
        for operation in limit.operations:
            found.setdefault(operation, []).append(limit)
    return found


def throttled(service: Service) -> AwsError:
    """How a service says that there are too many requests: as its manifest says, or as its protocol mostly does."""
    told = service.manifest.throttled
    if told:
        members = told.get("members", {})
        return declare(told["code"], status=told.get("status"))(told.get("message", "Rate exceeded"), **members)
    protocol = service.model.metadata["protocol"]
    if protocol == "ec2":
        return declare("RequestLimitExceeded", status=503)("Request limit exceeded.")
    if protocol in ("query", "rest-xml"):
        return declare("Throttling", status=400)("Rate exceeded")
    for code in ("ThrottlingException", "TooManyRequestsException"):
        if service.model.error_shape(code):
            return declare(code)("Rate exceeded")
    return declare("ThrottlingException", status=429 if protocol == "rest-json" else 400)("Rate exceeded")
