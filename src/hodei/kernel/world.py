"""The cloud itself: its state, its time, its services. A gateway (or a test) drives one world."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from hodei.kernel import errors, keys
from hodei.kernel.agenda import Agenda
from hodei.kernel.atomic import in_batch, in_batches
from hodei.kernel.blobs import Blobs
from hodei.kernel.bus import Bus
from hodei.kernel.clock import Clock
from hodei.kernel.context import ANONYMOUS, Context, Principal
from hodei.kernel.deliver import Deliveries
from hodei.kernel.faults import Faults
from hodei.kernel.iam.authorise import authorise
from hodei.kernel.iam.controls import table as controls
from hodei.kernel.iam.keys import keys as access_keys
from hodei.kernel.iam.pins import pins
from hodei.kernel.iam.record import Decisions
from hodei.kernel.ids import Ids
from hodei.kernel.ledger import Ledger
from hodei.kernel.ledger.audit import wants
from hodei.kernel.ledger.uses import Uses
from hodei.kernel.limits import Limits
from hodei.kernel.manifest import all_manifests
from hodei.kernel.metrics import Metrics
from hodei.kernel.service import Operation, Service, load_service
from hodei.kernel.settings import Quotas, Settings
from hodei.kernel.store import DataTooNew, Store
from hodei.kernel.tables import Place, Table, check_age, check_schema
from hodei.kernel.tags import Tags
from hodei.kernel.tokens import Tokens
from hodei.kernel.vault import Vault

if TYPE_CHECKING:
    from hodei.kernel.datadir import DataDir
    from hodei.kernel.iam.hooks import Endpoint
    from hodei.protocol.http import Request, Response

Result = dict[str, Any]
Address = tuple[str, int]  # of an end of a connection


class Memory(Protocol):
    def forget(self) -> None:
        """The store shows another state: what was read from it no longer holds."""


M = TypeVar("M", bound=Memory)


class Door(Protocol):
    @property
    def address(self) -> str:
        """host:port"""

    async def close(self) -> None: ...


class Doors(Protocol):
    """How programs that the cloud has started reach it. The gateway makes them."""

    async def home(self) -> str:
        """The URL of the whole cloud."""

    async def open(
        self, app: Callable[[Request], Response | Awaitable[Response]], admits: Callable[[Address, Address], bool]
    ) -> Door:
        """An address of its own for `app`, at which it answers those connections that `admits` (their end, ours)."""

    async def close(self) -> None: ...


class World:
    """One isolated cloud. `directory` None keeps it in memory; a `seed` makes the ids and the chances of a
    new one repeatable: what goes on with data that is there would make ids again that are in use.

    Raises: DataError for data that cannot be read, DataTooNew where a newer version has written it.
    """

    def __init__(self, directory: DataDir | None = None, *, seed: int | None = None, url: str = "") -> None:
        self.directory = directory
        self.url = url or "http://localhost:4566"  # how clients reach it: what queue URLs and the like begin with
        new = directory is None or not directory.database.exists()
        self.store = Store.open(directory.database if directory else None)
        self._check_age()
        self.blobs = Blobs(directory.blobs if directory else None)
        self.ids = Ids(seed if new else None)
        self.clock = Clock(self.store)
        self.agenda = Agenda(self)
        self.deliveries = Deliveries(self)
        self.bus = Bus()
        self.metrics = Metrics(self)
        self.tags = Tags()
        self.tokens = Tokens(self.store, self.ids)
        self.vault = Vault(self.store, self.ids)
        self.settings = Settings(self.store)
        self.quotas = Quotas()
        self.limits = Limits(self.store, self.quotas)
        self.faults = Faults(self.store, self.clock, self.ids)
        self.decisions = Decisions(self.store)
        self.ledger = Ledger(self)
        self.doors: Doors | None = None
        self.closing: list[Callable[[], Awaitable[None]]] = []  # what services have to end before the store is closed
        self.signer: Callable[[Service, Request, bytes], Principal] | None = None  # who has signed a request and its
        # body, as the gateway finds out; raises an AwsError for a signature that does not hold
        self.strict_auth = False  # whether keys that were not issued here are refused
        self.vpc_endpoint: Callable[[Request], Endpoint | None] | None = None  # that a request came through
        self._services: dict[str, Service] = {}
        self._memories: dict[type[Memory], Any] = {}
        self._turning = asyncio.Lock()  # one hand at a time on the clock

    def _check_age(self) -> None:
        """Each service is checked again when it is loaded, which would be too late to refuse to start."""
        try:
            for name, manifest in all_manifests().items():
                check_age(self.store, name, manifest.schema)
        except DataTooNew:
            self.store.close()
            raise

    async def start(self) -> None:
        """Take up where the data left off: timers and deliveries go on. Call it on the loop that will serve."""
        loop = asyncio.get_running_loop()
        self.store.attach(loop)
        self.ledger.start(loop)
        self.agenda.start(loop)
        self._resume()
        if self.directory:
            self.agenda.spawn(self.blobs.sweep(self.store))  # bodies that a crash left without their object

    async def stop(self) -> None:
        """Everything acknowledged is already durable; this ends background work and closes the files."""
        await self.agenda.stop()
        for close in self.closing:
            await close()
        if self.doors:
            await self.doors.close()
        self.metrics.flush()
        self.ledger.stop()
        self.store.flush()
        self.store.close()
        self.blobs.close()

    def service(self, name: str) -> Service:
        """The service, its data brought to today's schema. Raises: KeyError if Hodei does not have it."""
        if (service := self._services.get(name)) is None:
            service = load_service(name)
            check_schema(self.store, name, service.manifest.schema, service.migrations)
            self._services[name] = service
        return service

    def memory(self, kind: type[M]) -> M:
        """What a service remembers of this cloud, in the process alone: one of a kind, made when it is first wanted."""
        if (found := self._memories.get(kind)) is None:
            found = self._memories[kind] = kind()
            self.store.on_switch(found.forget)
        return found

    def service_with_data(self, name: str) -> Service | None:
        """The service, if it was ever called in this cloud."""
        if name in self._services or check_age(self.store, name, all_manifests()[name].schema) is not None:
            return self.service(name)
        return None

    def context(
        self,
        service: str,
        *,
        account: str,
        region: str,
        principal: Principal = ANONYMOUS,
        request_id: str = "",
        operation: str = "",
        request: Request | None = None,
        via: tuple[str, ...] = (),
        trace: str = "",
    ) -> Context:
        return Context(
            self,
            self.service(service),
            account,
            region,
            principal=principal,
            request_id=request_id,
            operation=operation,
            request=request,
            via=via,
            trace=trace,
        )

    def invoke(self, ctx: Context, operation: Operation, params: Mapping[str, Any]) -> Result | Awaitable[Result]:
        """Run a handler on valid parameters: a plain one at once and as one batch, an async one as its awaitable.

        A plain one may return a coroutine for what it cannot do at once: that goes on as an async handler's would.
        """
        arguments = operation.arguments(params)
        if operation.is_async:
            return in_batches(self.store, operation.handler(ctx, **arguments))
        result = in_batch(self.store, operation.handler, ctx, **arguments)
        return in_batches(self.store, result) if inspect.iscoroutine(result) else result or {}

    async def call(self, caller: Context, service: str, operation: str, params: dict[str, Any]) -> Result:
        """An AWS operation asked for from inside the cloud; see `Context.call`."""
        found = self.service(service).find(operation)
        if found is None:
            raise errors.NotImplementedByHodei(service=service, operation=operation)
        if violations := found.validate(params):
            raise self.service(service).violations(found.model, violations)
        ctx = self.context(
            service,
            account=caller.account,
            region=caller.region,
            principal=caller.principal,
            request_id=self.ids.uuid(),
            operation=operation,
            via=(*caller.via, f"{caller.service.name}.amazonaws.com"),
            trace=caller.trace,
        )
        if caller.principal.anonymous:  # a call that the cloud makes itself
            return await self._run(ctx, found, params)
        try:
            authorise(ctx, operation, params)
            if self.limits.active:
                self.limits.take(ctx, operation, params)
            result = await self._run(ctx, found, params)
        except Exception as error:
            self.ledger.note(ctx, found, params, {}, error)
            raise
        self.ledger.note(ctx, found, params, result)
        return result

    async def _run(self, ctx: Context, operation: Operation, params: Mapping[str, Any]) -> Result:
        if self.faults.active:
            await self.faults.inside(ctx)
        result = self.invoke(ctx, operation, params)
        return (result if isinstance(result, dict) else await result) or {}

    # the whole cloud: what the admin API offers

    async def advance(self, seconds: float) -> None:
        """Make `seconds` happen; on return all that fell due meanwhile is done."""
        async with self._turning:
            await self.agenda.advance(self.clock.now() + seconds)

    async def set_time(self, at: float) -> None:
        """Go to a moment, in epoch seconds: forward as `advance` does, back without undoing anything."""
        async with self._turning:
            if at >= self.clock.now():
                await self.agenda.advance(at)
            else:
                self.clock.set(at)
                self.agenda.reschedule()

    def set_rate(self, rate: float) -> None:
        """Let time run `rate` times as fast as real time; 0 freezes it."""
        self.clock.run(rate)
        self.agenda.reschedule()

    def set_quota(self, account: str, region: str, service: str, key: str, value: float) -> None:
        """Raises: KeyError if there is no such quota."""
        with self.store.batch():
            self.quotas.set(Place(self.store, account, region), service, key, value)

    def save(self, name: str) -> None:
        """Keep the state of the whole cloud under `name`, at no cost; replaces an older snapshot of that name."""
        self.metrics.flush()
        self.ledger.flush()
        self.clock.mark()
        self.store.flush()
        self.store.save_snapshot(name)

    def load(self, name: str) -> None:
        """Go back to a snapshot, its time included. Raises: KeyError if there is none of that name."""
        self.store.flush()
        self.store.load_snapshot(name)
        self.clock.rewind()
        self._state_changed()

    def drop(self, name: str) -> None:
        """Take a snapshot away, and the bodies that only it had. Raises: KeyError if there is none of that name."""
        self.store.delete_snapshot(name)
        self.agenda.spawn(self.blobs.sweep(self.store))

    def reset(self, account: str | None = None) -> None:
        """Forget everything, or all that one account has. Snapshots stay."""
        if account is None:
            self.store.flush()
            self.store.reset()
            self.clock.load()
        else:
            self.forget(account)
        self._state_changed()

    def forget(self, account: str) -> None:
        """Delete an account's rows and timers, and those rows of global tables that say they are its own."""
        everywhere = Place(self.store, "", "")
        self.faults.clear(account)
        self.limits.clear(account)
        self.metrics.flush()
        self.ledger.flush()
        with self.store.batch():
            self.agenda.forget(account)
            of_services = [table for name in all_manifests() for table in self.service(name).tables.values()]
            every: list[Table[Any]] = [access_keys, Decisions.table, controls, Uses.table, wants, pins, *of_services]
            for table in every:
                if table.scope == "global":
                    for record in [r for r in table.scan(everywhere) if getattr(r, "account", None) == account]:
                        table.delete(everywhere, *(getattr(record, field) for field in table.key))
            prefix = keys.pack((account,))
            self.store.delete_range(prefix, keys.prefix_end(prefix))

    def _state_changed(self) -> None:
        self.agenda.reschedule()
        self._resume()

    def _resume(self) -> None:
        """Let go on what goes on by itself."""
        self.deliveries.resume()
        for name, found in all_manifests().items():
            if found.resumes and (service := self.service_with_data(name)):
                for start in service.starters:
                    start(self)
