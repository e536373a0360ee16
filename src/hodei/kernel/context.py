"""`ctx`: what a handler knows of its call and of the cloud around it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from hodei.kernel.arns import Arn, partition_of
from hodei.kernel.iam.principals import PrincipalKind

if TYPE_CHECKING:
    from hodei.kernel.agenda import Agenda
    from hodei.kernel.blobs import Blobs
    from hodei.kernel.deliver import Retry
    from hodei.kernel.iam.keys import Session
    from hodei.kernel.ids import Ids
    from hodei.kernel.service import Service
    from hodei.kernel.store import Store
    from hodei.kernel.tags import Tags
    from hodei.kernel.world import World
    from hodei.protocol.http import Request

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls. `access_key` is empty for an anonymous call and for one that the cloud makes itself."""

    account: str
    arn: str
    access_key: str = ""
    service: str = ""  # a service principal: "s3.amazonaws.com"
    source: str = ""  # of a service: the ARN of the resource of `account` that it calls for
    kind: PrincipalKind = "root"
    id: str = ""  # as aws:userid has it; of a root its account
    session: Session | None = None  # of temporary credentials

    @property
    def anonymous(self) -> bool:
        return not self.access_key and not self.service and self.kind != "web-identity"

    @property
    def requester(self) -> str:
        """For whom services remember data keys: the sessions of a role are one, where no policies narrow them."""
        session = self.session
        return f"{session.issuer} {session.policies}" if session and session.issuer else self.arn


ANONYMOUS = Principal(account="", arn="*", kind="anonymous")


def service_principal(name: str, account: str, source: str = "") -> Principal:
    """A service ("s3.amazonaws.com") that calls for a resource of an account."""
    return Principal(account=account, arn=name, service=name, kind="service", source=source)


class Context:
    """The place (account, region), time and caller of one operation, timer or delivery.

    `store`, `account` and `region` make it a `Scope` for tables. `via` are the services ("dynamodb.amazonaws.com") that
    have called one another for the caller, the first one first.
    """

    __slots__ = (
        "_trace", "account", "operation", "principal", "region", "request", "request_id", "service", "store", "via",
        "world",
    )  # fmt: skip

    principal: Principal
    region: str

    def __init__(
        self,
        world: World,
        service: Service,
        account: str,
        region: str,
        *,
        principal: Principal = ANONYMOUS,
        request_id: str = "",
        operation: str = "",
        request: Request | None = None,
        via: tuple[str, ...] = (),
        trace: str = "",
    ) -> None:
        self.world = world
        self.store: Store = world.store
        self.service = service
        self.account = account
        self.region = region
        self.principal = principal
        self.request_id = request_id
        self.operation = operation
        self.request = request
        self.via = via
        self._trace = trace

    def at(self, *, account: str | None = None, region: str | None = None) -> Context:
        """The same call seen from another account or region."""
        return Context(
            self.world,
            self.service,
            self.account if account is None else account,
            self.region if region is None else region,
            principal=self.principal,
            request_id=self.request_id,
            operation=self.operation,
            request=self.request,
            via=self.via,
            trace=self._trace,
        )

    def by(self, principal: Principal, operation: str = "") -> Context:
        """The same place as somebody else sees it, for this operation."""
        return Context(
            self.world,
            self.service,
            self.account,
            self.region,
            principal=principal,
            request_id=self.request_id,
            operation=operation or self.operation,
            request=self.request,
            via=self.via,
            trace=self._trace,
        )

    def traced(self, trace: str) -> Context:
        """The same call with another tracing header."""
        there = self.at()
        there._trace = trace
        return there

    @property
    def trace(self) -> str:
        """The X-Ray tracing header of what all this is done for; "" if there is none."""
        return self._trace or (self.request.headers.get("x-amzn-trace-id") if self.request else "")

    @property
    def now(self) -> float:
        """The cloud's time, in epoch seconds."""
        return self.world.clock.now()

    @property
    def elapsed(self) -> float:
        """Seconds since the request came; 0 of what has none."""
        return max(0.0, self.now - self.request.arrived) if self.request else 0.0

    @property
    def ids(self) -> Ids:
        return self.world.ids

    @property
    def timers(self) -> Agenda:
        return self.world.agenda

    @property
    def blobs(self) -> Blobs:
        return self.world.blobs

    @property
    def tags(self) -> Tags:
        return self.world.tags

    def arn(self, resource: str) -> str:
        """The ARN of a regional resource of this service in this place."""
        return str(Arn(partition_of(self.region), self.service.name, self.region, self.account, resource))

    def setting(self, key: str) -> Any:
        """A setting of this service, as `hodei config` or the default in its manifest has it."""
        return self.world.settings.get(self.service.name, key)

    def quota(self, key: str) -> float:
        """The value of a quota of this service in this account and region."""
        return self.world.quotas.get(self, key)

    def token(self, *parts: Any) -> str:
        """An opaque pagination token that carries `parts` and cannot be forged."""
        return self.world.tokens.make(self.service.name, parts)

    def read_token(self, token: str) -> tuple[Any, ...]:
        """Raises: ValueError if the token is not one that this service gave out."""
        return self.world.tokens.read(self.service.name, token)

    async def wait(self, channel: Hashable, until: float) -> bool:
        """Sleep until `signal(channel)` (True) or virtual time `until` (False)."""
        return await self.world.agenda.wait(channel, until)

    def signal(self, channel: Hashable) -> None:
        self.world.agenda.signal(channel)

    async def offload(self, function: Callable[..., T], *args: Any) -> T:
        """Run blocking or CPU-heavy work in a thread. It gets values, never state."""
        return await asyncio.get_running_loop().run_in_executor(None, function, *args)

    async def call(self, service: str, operation: str, **params: Any) -> dict[str, Any]:
        """An AWS operation in-process, in this place, as this caller: same validation, same errors, no HTTP."""
        return await self.world.call(self, service, operation, params)

    def deliver(
        self, arn: str, payload: bytes, *, source: str, source_arn: str = "", retry: Retry | None = None, dlq: str = ""
    ) -> None:
        """Send an event to anything that can receive, asynchronously: durable until it is delivered or given up.

        `source` is the service principal that sends, `source_arn` what it sends for.
        """
        self.world.deliveries.add(self, arn, payload, source=source, source_arn=source_arn, retry=retry, dlq=dlq)

    def emit(self, detail_type: str, detail: dict[str, Any], resources: tuple[str, ...] = ()) -> None:
        """Tell the cloud of a state change of this service; whoever listens to it hears it in this batch."""
        self.world.bus.emit(self, detail_type, detail, resources)

    def meter(self, usage: str, amount: float, resource: str = "") -> None:
        """Count what AWS bills: so much of a usage in this service's manifest, for a resource (its ARN)."""
        self.world.ledger.count(self, usage, amount, resource)

    def metric(self, namespace: str, name: str, value: float, unit: str = "Count", /, **dimensions: str) -> None:
        """Record a value of one of the service's own AWS/* metrics."""
        self.world.metrics.record(self, namespace, name, value, unit, dimensions)
