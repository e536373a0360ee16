"""What was called, by whom, with what result: the events that CloudTrail gives out.

Events gather in memory as they happen and are written in chunks. Those of a tick of the loop that changes anything are
written with its changes, so an acknowledged change has its event; others follow within `Ledger.PAUSE`. What a service's
calls are to CloudTrail is in its manifest:

    [audit]
    source = "monitoring.amazonaws.com"  # if not named after its endpoint
    global = true                        # its events are those of us-east-1
    read_only = ["AssumeRole"]           # beyond those whose names say so: Get, List, Describe, Head, ...
    changes = ["GetFederationToken"]     # those whose names say wrongly that they only read
    answers = ["AssumeRole"]             # those that only read, whose results are written down all the same
    hidden = ["MessageBody"]             # members that a word stands for, as for what the model calls sensitive
    omitted = ["SecretAccessKey"]        # members of which there is nothing at all
    named = ["Item"]                     # maps of which but the keys are written
    [audit.names]                        # operation -> the name of its events, where that is another one
    ListObjectsV2 = "ListObjects"
    [audit.resources]                    # operation -> what it is about, in the request or the answer, where that is
    AssumeRole = "RoleArn"               # not what it needs permissions on: as in [iam.resources]
    [audit.data]                         # data events by the type of their resource; all others are management events
    "AWS::SQS::Queue" = ["SendMessage", "ReceiveMessage"]
"""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from hodei.kernel.arns import GLOBAL_REGION
from hodei.kernel.context import ANONYMOUS
from hodei.kernel.errors import AwsError
from hodei.kernel.iam.keys import Caller
from hodei.kernel.iam.needs import Find, Need, find_of
from hodei.kernel.ledger.redaction import Redactor, Secrets, redactor
from hodei.kernel.manifest import manifest
from hodei.kernel.tables import Place, Record, Table
from hodei.protocol.codec import ProtocolError
from hodei.protocol.model import load_model

if TYPE_CHECKING:
    from hodei.kernel.context import Context
    from hodei.kernel.ids import Ids
    from hodei.kernel.service import Operation
    from hodei.kernel.store import Store
    from hodei.kernel.tables import Scope
    from hodei.protocol.http import Request
    from hodei.protocol.model import OperationModel

log = logging.getLogger("hodei.audit")

FULL = 256  # events that are written together at most
LONGEST = 60.0  # seconds of the cloud's clock between the first and the last of them
LARGE = 2**20  # bytes of events that are written together, from which on each is looked at
LARGEST = 100 * 1024  # bytes of parameters, and of a result, that are kept then: no more is in CloudTrail's records
LONGEST_TEXT = 1024  # characters of a message that are kept
DAY = 86400.0
KEPT = 90 * DAY  # seconds of the cloud's clock for which events are kept: what LookupEvents has of management events,
DATA_KEPT = 30 * DAY  # and the time for which CloudTrail tries to deliver a log file again
READS = re.compile("Get|List|Describe|Head|Lookup|Search|Query|Scan|BatchGet|Select|Simulate|Preview|Validate|Check")


class Event(msgspec.Struct, kw_only=True, frozen=True, array_like=True):
    """One call, as it was made; `services/cloudtrail` words it as AWS does.

    `params` and `result` have botocore's members, without what must not be written down. A member may be added with a
    default, at the end.
    """

    id: str  # of the request; of what a service did of itself, or asked another service, an own one
    at: float
    service: str  # botocore's name
    operation: str
    region: str
    caller: Caller
    via: str = ""  # the service principal that calls, or through which the caller does
    source_ip: str = ""
    user_agent: str = ""
    host: str = ""  # that was asked
    params: Mapping[str, Any] | None = None
    result: Mapping[str, Any] | None = None  # of a call that changes something
    error: str = ""
    message: str = ""
    resources: tuple[str, ...] = ()  # ARNs
    recipients: tuple[str, ...] = ()  # accounts that have this event
    data: str = ""  # of a data event the type of its resource
    service_event: bool = False  # no call: something that the service did of itself
    tls: bool = False
    signed: str = ""  # how the request was: "SigV4 AuthHeader", "SigV4 QueryString"
    omitted: Mapping[str, int] = {}  # "params" or "result", of which there is nothing, for it had so many bytes


class Chunk(Record):
    """Events in the order in which they happened, the first at `at`. Ids sort as chunks were written."""

    at: float
    id: str
    events: bytes


class Audited(NamedTuple):
    """What an operation is to CloudTrail."""

    read_only: bool
    data: str  # the type of resource of its data events; "" for management events
    everywhere: bool  # its service has no regions
    answers: bool  # its result is written down


class Call(NamedTuple):
    """One that waits to be written."""

    ctx: Context
    operation: Operation
    at: float
    params: Mapping[str, Any]
    result: Mapping[str, Any]
    error: Exception | None


_Events = list[Event]
_encoder = msgspec.msgpack.Encoder(enc_hook=str)  # what is no value of a model is written as a text


class Audit:
    """The events of a cloud. Data events are kept only of types of resources that a trail has asked for (`wanted`)."""

    management = Table("kernel", "audit", Chunk, key=("at", "id"))
    data = Table("kernel", "audit_data", Chunk, key=("at", "id"))

    def __init__(self, store: Store, ids: Ids) -> None:
        self._store = store
        self._ids = ids
        self._calls: list[Call] = []
        self._written = 0
        self._swept: dict[tuple[str, str], float] = {}  # the day on which events of a place were last forgotten
        self.wanted: frozenset[str] = frozenset()
        self._wanting: dict[str, frozenset[str]] = {}
        self._load()
        store.on_switch(self._load)

    # what trails want

    def _load(self) -> None:
        self._calls = []
        self._wanting = {one.account: frozenset(one.types) for one in wants.scan(Place(self._store))}
        self.wanted = frozenset().union(*self._wanting.values())

    def want(self, account: str, types: Iterable[str]) -> None:
        """Keep data events of these types of resources from now on, for the trails of an account. In the open batch."""
        place, types = Place(self._store), sorted(types)
        before = wants.get(place, account)
        if types == (before.types if before else []):
            return
        with self._store.apart():
            self.flush()  # what was noted until now is kept or not as it was wanted until now
        if types:
            wants.put(place, Wanted(account=account, types=types))
        else:
            wants.delete(place, account)
        self._store.when_durable(self._load_wanted)

    def _load_wanted(self) -> None:
        calls = self._calls
        self._load()
        self._calls = calls

    # recording

    def note(self, call: Call) -> None:
        self._calls.append(call)

    @property
    def waiting(self) -> bool:
        return bool(self._calls)

    def full(self, now: float) -> bool:
        """Whether what waits is to be written before anything is added to it."""
        calls = self._calls
        return bool(calls) and (len(calls) >= FULL or not calls[0].at <= now < calls[0].at + LONGEST)

    def flush(self) -> None:
        """In the open batch."""
        calls, self._calls = self._calls, []
        gathered: dict[tuple[str, str, bool], list[Event]] = {}
        for call in calls:
            try:
                event = self._event(call)
            except Exception:  # a bug, which must not take the other events with it
                log.exception("no event of %s.%s", call.ctx.service.name, call.operation.name)
                continue
            for account in event.recipients:
                if not event.data or event.data in self._wanting.get(account, ()):
                    gathered.setdefault((account, event.region, bool(event.data)), []).append(event)
        for (account, region, data), events in gathered.items():
            self._write(account, region, data, events)

    def tell(self, ctx: Context, name: str, details: Mapping[str, Any], resources: Iterable[str]) -> None:
        """What a service did of itself in the account of `ctx`, as KMS rotates a key. In the open batch."""
        with self._store.apart():  # so that events lie in their order
            self.flush()
        event = Event(
            id=self._ids.uuid(),
            at=ctx.now,
            service=ctx.service.name,
            operation=name,
            region=ctx.region,
            caller=Caller.of(ANONYMOUS),
            via=source_of(ctx.service.name),
            result=dict(details),
            resources=tuple(resources),
            recipients=(ctx.account,),
            service_event=True,
        )
        self._write(ctx.account, ctx.region, False, [event])

    def _write(self, account: str, region: str, data: bool, events: list[Event]) -> None:
        table, place = self.data if data else self.management, Place(self._store, account, region)
        self._sweep(place, events[0].at)
        self._written += 1
        chunk = Chunk(at=events[0].at, id=f"{self._written:012}-{events[0].id}", events=_encoded(events))
        table.put(place, chunk)

    def _sweep(self, place: Place, now: float) -> None:
        """Once a day, drop what nobody may ask for any more."""
        where, day = (place.account, place.region), now // DAY
        if self._swept.get(where) != day:
            self._swept[where] = day
            self.forget(place, now - KEPT)
            self.forget(place, now - DATA_KEPT, data=True)

    def _event(self, call: Call) -> Event:
        ctx, operation, request = call.ctx, call.operation, call.ctx.request
        kind = audited(ctx.service.name, operation.name)
        code, message = _told(call.error)
        resources = _resources(call)
        hide_params, hide_result = _redactors(ctx.service.name, operation.model)
        via = ctx.principal.service or (ctx.via[-1] if ctx.via else "")
        if via:
            request = None  # it is the service that asks
        return Event(
            id=ctx.request_id,
            at=call.at,
            service=ctx.service.name,
            operation=operation.name,
            region=GLOBAL_REGION if kind.everywhere else ctx.region,
            caller=_caller(ctx),
            via=via,
            source_ip=request.client if request else "",
            user_agent=request.headers.get("user-agent") if request else "",
            host=request.headers.get("host") if request else "",
            params=hide_params(call.params) or None,
            result=hide_result(call.result) or None if kind.answers else None,
            error=code,
            message=message[:LONGEST_TEXT],
            resources=tuple(resources),
            recipients=_accounts(ctx.principal.account, *resources.values()),
            data=kind.data,
            tls=bool(request and request.scheme == "https"),
            signed=_signed(request) if request else "",
        )

    # reading

    def events(
        self, place: Scope, *, data: bool = False, start: float, end: float, reverse: bool = False
    ) -> Iterator[list[Event]]:
        """The events of an account in a region with start <= at < end, some at a time, in order (or the last first).

        `Ledger.flush` comes before, for those that are not written yet.
        """
        table = self.data if data else self.management
        for chunk in table.scan(place, start=(start - LONGEST,), end=(end,), reverse=reverse):
            found = [event for event in _decode(chunk.events) if start <= event.at < end]
            if found:
                yield found[::-1] if reverse else found

    def forget(self, place: Scope, until: float, *, data: bool = False) -> None:
        """Drop the events of before a moment, in the open batch."""
        table = self.data if data else self.management
        for at, id in list(table.keys(place, end=(until - LONGEST,))):
            table.delete(place, at, id)


_decode = msgspec.msgpack.Decoder(_Events).decode


class Wanted(Record):
    """The types of resources of which the trails of an account want data events."""

    account: str
    types: list[str]


wants = Table("kernel", "audit_wanted", Wanted, key="account", scope="global")


def _told(error: Exception | None) -> tuple[str, str]:
    """The code and message of an error, as its caller got them."""
    if error is None:
        return "", ""
    if isinstance(error, AwsError):
        return error.code, error.message
    if isinstance(error, ProtocolError):
        return error.code, error.message or ""
    return "InternalFailure", ""


def _signed(request: Request) -> str:
    if scheme := request.headers.get("authorization").partition(" ")[0]:
        return f"{'SigV4' if scheme.startswith('AWS4') else 'SigV2'} AuthHeader"
    if "X-Amz-Signature=" in request.query:
        return "SigV4 QueryString"
    return "SigV2 QueryString" if "Signature=" in request.query else ""


def _caller(ctx: Context) -> Caller:
    """Without what nobody reads of it in an event."""
    caller = Caller.of(ctx.principal)
    if caller.session and caller.session.policies:
        return msgspec.structs.replace(caller, session=msgspec.structs.replace(caller.session, policies=()))
    return caller


def _resources(call: Call) -> dict[str, str]:
    """The ARNs of what a call is about, and whose they are ("": nobody's)."""
    found: dict[str, str] = {}
    try:
        for need in _needs(call):
            if need.resource.startswith("arn:"):
                found[need.resource] = need.owned.account if need.owned else _owner(call.ctx, need.resource)
    except Exception:  # what the parameters name is not there, or makes no sense: the call has failed for that reason
        log.debug("not all resources of %s", call.operation.name, exc_info=True)
    return found


def _accounts(*given: str) -> tuple[str, ...]:
    """Each once; what is AWS's or nobody's has none."""
    return tuple({account: None for account in given if account.isdigit()})


def _needs(call: Call) -> Iterable[Need]:
    ctx, name = call.ctx, call.operation.name
    if find := _declared_resources(ctx.service.name).get(name):
        return (Need("", arn) for arn in find({**call.params, **call.result}))
    return ctx.service.needs.of(ctx, name, call.params)


def _owner(ctx: Context, arn: str) -> str:
    if account := arn.split(":", 5)[4]:
        return account
    try:
        owned = ctx.service.resource_policy(ctx, arn) if ctx.service.resource_policy else None
    except AwsError:  # it is gone, or never was there
        return ""
    return owned.account if owned else ""


@functools.cache
def _declared_resources(service: str) -> dict[str, Find]:
    return {name: find_of(given) for name, given in manifest(service).audit.get("resources", {}).items()}


@functools.cache
def source_of(service: str) -> str:
    """CloudTrail's name of a service: "sqs.amazonaws.com"."""
    told = manifest(service).audit.get("source")
    return told or f"{load_model(manifest(service).model).metadata['endpointPrefix']}.amazonaws.com"


@functools.cache
def audited(service: str, operation: str) -> Audited:
    """What an operation is to CloudTrail, from its service's manifest and its own name."""
    declared = manifest(service).audit
    data = next((kind for kind, names in declared.get("data", {}).items() if operation in names), "")
    reads = bool(READS.match(operation)) and operation not in declared.get("changes", ())
    reads = reads or operation in declared.get("read_only", ())
    answers = not reads or operation in declared.get("answers", ())
    return Audited(reads, data, declared.get("global", False), answers)


@functools.cache
def _redactors(service: str, operation: OperationModel) -> tuple[Redactor, Redactor]:
    secrets = Secrets(*(frozenset(manifest(service).audit.get(word, ())) for word in Secrets._fields))
    return redactor(operation.input, secrets), redactor(operation.output, secrets)


def _encoded(events: list[Event]) -> bytes:
    encoded = _packed(events)
    return encoded if len(encoded) <= LARGE else _packed([_without_what_is_large(event) for event in events])


def _without_what_is_large(event: Event) -> Event:
    sizes = {name: len(_packed(value)) for name in ("params", "result") if (value := getattr(event, name))}
    large = {name: size for name, size in sizes.items() if size > LARGEST}
    return msgspec.structs.replace(event, omitted=large, **dict.fromkeys(large)) if large else event


def _packed(value: Any) -> bytes:
    try:
        return _encoder.encode(value)
    except (OverflowError, UnicodeEncodeError):  # requests bring integers of any size, and halves of surrogate pairs
        return _encoder.encode(_storable(msgspec.to_builtins(value, enc_hook=str)))


def _storable(value: Any) -> Any:
    """With texts instead of what the encoding has no room for."""
    if isinstance(value, dict):
        return {_storable(key): _storable(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_storable(one) for one in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return str(value)
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
