"""`sqs = Service("sqs")`: what a service folder registers, by decorator."""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, get_args, get_type_hints

from hodei.kernel import errors
from hodei.kernel.errors import AwsError
from hodei.kernel.iam.evaluate import AccessRequest, Decision
from hodei.kernel.iam.hooks import Entities, Identity, ResourcePolicy
from hodei.kernel.iam.needs import Find, Finder, Lister, Needs, find_of
from hodei.kernel.ledger.audit import audited
from hodei.kernel.ledger.meter import Stock
from hodei.kernel.ledger.prices import Usage, usage_of
from hodei.kernel.manifest import Manifest, folder, manifest
from hodei.kernel.metrics import Gauge
from hodei.kernel.store import Store
from hodei.kernel.tables import Record, Table
from hodei.protocol.http import Request
from hodei.protocol.model import OperationModel, ServiceModel, load_model
from hodei.protocol.validate import Violation, aggregated_message, validator_for

Handler = TypeVar("Handler", bound=Callable[..., Any])
R = TypeVar("R", bound=Record)

Endpoint = Callable[..., Any]
Violations = Callable[[OperationModel, list[Violation]], AwsError]


def validation_exception(operation: OperationModel, violations: list[Violation]) -> AwsError:
    """How most JSON services word what breaks their model."""
    return errors.ValidationException(aggregated_message(violations))


@dataclass(frozen=True, slots=True)
class Operation:
    """One AWS operation and its handler. `accepts` are the parameters that the handler honours."""

    name: str
    handler: Callable[..., Any]
    model: OperationModel
    accepts: frozenset[str]
    is_async: bool
    validate: Callable[[dict[str, Any]], list[Violation]]
    data_event: str = ""  # to CloudTrail: the type of its resource
    usage: Usage | None = None  # of which a call counts one
    meter: Callable[..., None] | None = None  # or how it is counted; see `Service.meters`

    def arguments(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """The parameters that the handler takes; what it does not honour is dropped (and listed by `coverage`)."""
        if params.keys() <= self.accepts:
            return params
        return {name: value for name, value in params.items() if name in self.accepts}


def accepted(handler: Callable[..., Any]) -> frozenset[str]:
    """The parameters that a handler honours: the keyword-only ones, and the keys of the TypedDict behind
    `**given: Unpack[...]` where operations share many."""
    names = set()
    for parameter in inspect.signature(handler).parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY:
            names.add(parameter.name)
        elif parameter.kind is parameter.VAR_KEYWORD:
            (shared,) = get_args(get_type_hints(handler)[parameter.name])
            names |= shared.__annotations__.keys()
    return frozenset(names)


class Service:
    """A registry filled by the noun modules of one service folder."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.handlers: dict[str, Callable[..., Any]] = {}
        self.timers: dict[str, Callable[..., None]] = {}
        self.tables: dict[str, Table[Any]] = {}
        self.migrations: dict[int, Callable[[Store], None]] = {}
        self.listeners: dict[str, list[Callable[..., Any]]] = {}
        self.violations: Violations = validation_exception
        self.target: Callable[..., Any] | None = None
        self.endpoints: list[tuple[Callable[[Request], bool], Endpoint, bool]] = []
        self.amend: Callable[[Any, dict[str, Any]], None] | None = None
        self.decorate: Callable[..., None] | None = None
        self.entities: Entities | None = None  # of IAM
        self.identity: Callable[[Any, Any], Identity] | None = None  # of IAM: what it has of a principal
        self.resource_policy: Callable[[Any, str], ResourcePolicy | None] | None = None  # of a resource, by ARN
        self.denied: Callable[[Any, AccessRequest, Decision], AwsError] | None = None
        self.unguarded: Callable[[Any, Mapping[str, Any]], bool] | None = None  # see `without_policy`
        self.resource_tags: Callable[[Any, str], Mapping[str, str]] = lambda ctx, arn: ctx.tags.get(ctx, arn)
        self.tools: dict[str, Callable[[Any, Mapping[str, Any]], dict[str, Any]]] = {}  # see `tool`
        self.starters: list[Callable[[Any], None]] = []
        self.stock: Callable[[Store], Iterable[Stock]] | None = None  # see `stocks`
        self.gauge: Callable[[Any], Iterable[Gauge]] | None = None  # see `gauges`
        self._meters: dict[str, Callable[..., None]] = {}
        self.rates: dict[str, Callable[[Any, Mapping[str, Any]], str | None]] = {}  # by keys of the manifest's limits
        self.condition_keys: dict[str, Callable[[Any, Mapping[str, Any]], Any]] = {}  # by names in lower case
        self._finders: dict[str, Finder] = {}
        self._listers: dict[str, Lister] = {}
        self._operations: dict[str, Operation] = {}

    @functools.cached_property
    def manifest(self) -> Manifest:
        return manifest(self.name)

    @functools.cached_property
    def model(self) -> ServiceModel:
        return load_model(self.manifest.model)

    @functools.cached_property
    def needs(self) -> Needs:
        """The permissions that its operations need."""
        declared = {key.lower(): find_of(given) for key, given in self.manifest.iam.get("keys", {}).items()}
        for key, find in declared.items():
            self.condition_keys.setdefault(key, functools.partial(_declared_key, find))
        return Needs(self.manifest, self._finders, self._listers)

    def finds(self, kind: str) -> Callable[[Handler], Handler]:
        """Register how a request names resources of a type: `def f(ctx, params) -> Iterable[str]`, their ARNs."""

        def register(handler: Handler) -> Handler:
            self._finders[kind] = handler
            return handler

        return register

    def needs_of(self, operation: str) -> Callable[[Handler], Handler]:
        """Register the permissions that an operation needs: `def f(ctx, params) -> Iterable[Need]`."""

        def register(handler: Handler) -> Handler:
            self._listers[operation] = handler
            return handler

        return register

    def on_resource(self, handler: Handler) -> Handler:
        """Register whose a resource is and what its policy says: `def f(ctx, arn) -> ResourcePolicy | None`."""
        self.resource_policy = handler
        return handler

    def without_policy(self, handler: Handler) -> Handler:
        """Register a quick look at what a request is about: `def f(ctx, params) -> bool`, True if that is the caller's
        account's own and has no policy. The root of the account, most callers, is then asked nothing more."""
        self.unguarded = handler
        return handler

    def on_start(self, handler: Handler) -> Handler:
        """Register what it has going on, to be taken up when the cloud is started or is another one now:
        `def f(world)`. For services whose manifest says `resumes = true`."""
        self.starters.append(handler)
        return handler

    def on_denied(self, handler: Handler) -> Handler:
        """Word denials as this service does, instead of as IAM: `def f(ctx, request, decision) -> AwsError`."""
        self.denied = handler
        return handler

    def rate(self, key: str) -> Callable[[Handler], Handler]:
        """Register whose a rate of the manifest's limits is, if not the account's: `def f(ctx, params) -> str | None`.

        What it gives (a queue's ARN) has the rate for itself; None: it does not hold for that call.
        """

        def register(handler: Handler) -> Handler:
            self.rates[key] = handler
            return handler

        return register

    def meters(self, *operations: str) -> Callable[[Handler], Handler]:
        """Register how calls of operations ("*": all others) are billed that do not count one each:
        `def f(ctx, params, result, error)`, told when one is over (`error` None: it has succeeded), which calls
        `ctx.meter`."""

        def register(handler: Handler) -> Handler:
            self._meters.update(dict.fromkeys(operations, handler))
            return handler

        return register

    def stocks(self, handler: Handler) -> Handler:
        """Register what it has that is billed by time, in all accounts and regions: `def f(store)` gives `Stock`s."""
        self.stock = handler
        return handler

    def gauges(self, handler: Handler) -> Handler:
        """Register what it has that its metrics show (`gauges` in the manifest names their namespaces):
        `def f(ctx)` gives a `Gauge` of each in that place."""
        self.gauge = handler
        return handler

    def condition_key(self, name: str) -> Callable[[Handler], Handler]:
        """Register the value of one of its condition keys: `def f(ctx, params)`; None: the request has none.

        Of a family of keys ("s3:ExistingObjectTag/") `f` gives a mapping of what stands behind the slash.
        """

        def register(handler: Handler) -> Handler:
            self.condition_keys[name.lower()] = handler
            return handler

        return register

    def operation(self, name: str) -> Callable[[Handler], Handler]:
        """Register the handler of an AWS operation. Its keyword-only parameters are those it honours."""

        def register(handler: Handler) -> Handler:
            assert name not in self.handlers, f"{self.name}:{name} is registered twice"
            self.handlers[name] = handler
            return handler

        return register

    def find(self, name: str) -> Operation | None:
        """The registered operation, with what dispatch needs prepared; None if Hodei does not have it."""
        if (operation := self._operations.get(name)) is None and (handler := self.handlers.get(name)):
            model = self.model.operations[name]
            operation = self._operations[name] = Operation(
                name=name,
                handler=handler,
                model=model,
                accepts=accepted(handler),
                is_async=inspect.iscoroutinefunction(handler),
                validate=validator_for(model),
                data_event=audited(self.name, name).data,
                usage=usage_of(self.name, name),
                meter=self._meters.get(name, self._meters.get("*")),
            )
        return operation

    def table(
        self,
        name: str,
        record: type[R],
        *,
        key: str | tuple[str, ...],
        index: Mapping[str, tuple[str, ...]] | None = None,
        scope: Literal["regional", "account", "global"] = "regional",
        cached: bool = False,
    ) -> Table[R]:
        """Declare a table of this service's persistent state."""
        table = Table(self.name, name, record, key=key, index=index or {}, scope=scope, cached=cached)
        self.tables[name] = table
        return table

    def error(self, code: str, message: str = "", *, status: int | None = None) -> type[AwsError]:
        return errors.declare(code, message, status=status)

    def timer(self, name: str) -> Callable[[Handler], Handler]:
        """Register what `ctx.timers.set(ctx, name, at, *key)` calls: `def handler(ctx, *key)`, a plain function."""

        def register(handler: Handler) -> Handler:
            self.timers[name] = handler
            return handler

        return register

    def on_violation(self, handler: Violations) -> Violations:
        """Word violations of the model as this service does, instead of as an aggregated ValidationException."""
        self.violations = handler
        return handler

    def delivers(self, handler: Handler) -> Handler:
        """Register how an event reaches this service's resources: `async def handler(ctx, arn, delivery)`."""
        self.target = handler
        return handler

    def endpoint(self, matches: Callable[[Request], bool], *, signed: bool = True) -> Callable[[Handler], Handler]:
        """Register a handler of requests that are not API operations: `def handler(ctx, request) -> Response`.

        Without `signed` nobody has looked at signatures: the caller is anonymous, unless the handler asks
        `World.signer` who it is.
        """

        def register(handler: Handler) -> Handler:
            self.endpoints.append((matches, handler, signed))
            return handler

        return register

    def tool(self, name: str) -> Callable[[Handler], Handler]:
        """Register what people can do beyond AWS's API, by `/_hodei/services/<service>/<name>`: `def f(ctx, given)`
        takes and gives JSON. It raises ValueError with what is wrong, or the service's errors."""

        def register(handler: Handler) -> Handler:
            self.tools[name] = handler
            return handler

        return register

    def listens(self, source: str) -> Callable[[Handler], Handler]:
        """Register for what another service emits: `def handler(ctx, event)`; `source` as in EventBridge ("aws.s3")."""

        def register(handler: Handler) -> Handler:
            self.listeners.setdefault(source, []).append(handler)
            return handler

        return register


def _declared_key(find: Find, ctx: Any, params: Mapping[str, Any]) -> list[str] | None:
    return find(params) or None


@functools.cache
def load_service(name: str) -> Service:
    """Import a service's folder. Raises: KeyError if Hodei does not have it."""
    manifest(name)
    package = f"hodei.services.{folder(name)}"
    importlib.import_module(package)
    service: Service = getattr(importlib.import_module(f"{package}.service"), folder(name))
    return service
