"""Tables: typed views on the store's one key space.

A record lies under (account, region, service, table, *key), with "" for what the table's scope leaves out. The row of
an index lies under (account, region, service, table.index, *index fields, *key) and holds the packed key; a record of
which an index field is None has no row there.
"""

from __future__ import annotations

import functools
import operator
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, Literal, Protocol, TypeVar, dataclass_transform

import msgspec

from hodei.kernel.keys import Part, pack, prefix_end, unpack
from hodei.kernel.store import DataTooNew, Store

Key = tuple[Part, ...]

_PREFIXES: Final = 10_000  # places whose key prefix a table remembers
_LAST: Final = b"\xff"  # greater than every key
_UNKNOWN: Final[Any] = object()
_ABSENT: Final[Any] = object()  # what the cache remembers of a key without a record


class Scope(Protocol):
    """Where a table is used: the context of a call is one."""

    @property
    def store(self) -> Store: ...
    @property
    def account(self) -> str: ...
    @property
    def region(self) -> str: ...


@dataclass(frozen=True)
class Place:
    """A scope by itself, for work outside a call."""

    store: Store
    account: str = ""
    region: str = ""


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(msgspec.field,))
class _RecordType(msgspec.StructMeta):
    """msgspec's `kw_only` is not inherited: this makes it the rule for all records."""

    def __new__(mcls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **config: Any) -> Any:
        return super().__new__(mcls, name, bases, namespace, **{"kw_only": True, **config})


class Record(msgspec.Struct, metaclass=_RecordType, frozen=True, omit_defaults=True):
    """The base of all records: frozen, keyword-only, stored as a map of the fields that differ from their defaults.

    So a field can be added with a default, and removed, without a migration; a changed default changes old records.
    Times are floats: seconds since 1970.
    """


R = TypeVar("R", bound=Record)


class Table(Generic[R]):
    """The records of one type, by key, in each account and region (or as the scope says).

    `key` and `index` name fields of type str, int, float or bytes. With `cached`, decoded records are kept in memory:
    for configuration that is read on every call.
    """

    def __init__(
        self,
        service: str,
        name: str,
        record: type[R],
        *,
        key: str | tuple[str, ...],
        index: Mapping[str, tuple[str, ...]] = {},
        scope: Literal["regional", "account", "global"] = "regional",
        cached: bool = False,
    ) -> None:
        self.service = service
        self.name = name
        self.record = record
        self.key = (key,) if isinstance(key, str) else key
        self.index = index
        self.scope = scope
        self._cached = cached
        self._prefixes: dict[tuple[str, str, str], bytes] = {}

    # one record

    def get(self, ctx: Scope, *key: Part) -> R | None:
        """The record under a key."""
        return self._load(ctx.store, self._prefix(ctx) + self._pack_key(key))

    def put(self, ctx: Scope, record: R, *, old: R | None = _UNKNOWN) -> None:
        """Stores a record, over that of the same key.

        A caller that has just read that one (or knows that there is none: None) gives it as `old`, which spares
        reading it again for the indexes.
        """
        prefix, suffix = self._prefix(ctx), self._key_of(record)
        store, key = ctx.store, prefix + suffix
        if self.index:
            self._reindex(ctx, self._load(store, key) if old is _UNKNOWN else old, record, suffix)
        store.put(key, _encoder().encode(record))

    def delete(self, ctx: Scope, *key: Part) -> bool:
        """Removes the record under a key; returns whether there was one."""
        suffix = self._pack_key(key)
        store, packed = ctx.store, self._prefix(ctx) + suffix
        if not self.index:
            found = store.get(packed) is not None
        elif found := (record := self._load(store, packed)) is not None:
            self._reindex(ctx, record, None, suffix)
        if found:
            store.delete(packed)
        return found

    # many records

    def scan(
        self,
        ctx: Scope,
        *prefix: Part,
        start: Key | None = None,
        end: Key | None = None,
        after: Key | None = None,
        reverse: bool = False,
    ) -> Iterator[R]:
        """The records whose keys begin with the prefix, in key order.

        `start` (inclusive), `end` (exclusive) and `after` (exclusive, in the direction of the scan, with all that
        begins with it) bound the parts of the key that follow the prefix.
        """
        low, high = self._range(ctx, "", prefix, start, end, after, reverse)
        decode = self._decoder.decode
        return (decode(value) for _, value in ctx.store.scan(low, high, reverse=reverse))

    def keys(
        self,
        ctx: Scope,
        *prefix: Part,
        start: Key | None = None,
        end: Key | None = None,
        after: Key | None = None,
        reverse: bool = False,
    ) -> Iterator[tuple[Any, ...]]:
        """As `scan`, the keys alone."""
        low, high = self._range(ctx, "", prefix, start, end, after, reverse)
        skip = len(self._prefix(ctx))
        return (unpack(key[skip:]) for key in ctx.store.keys(low, high, reverse=reverse))

    def by(
        self,
        index: str,
        ctx: Scope,
        *prefix: Part,
        start: Key | None = None,
        end: Key | None = None,
        after: Key | None = None,
        reverse: bool = False,
    ) -> Iterator[R]:
        """As `scan`, in the order of an index, whose rows are (*index fields, *key)."""
        low, high = self._range(ctx, index, prefix, start, end, after, reverse)
        store, base = ctx.store, self._prefix(ctx)
        found = (self._load(store, base + suffix) for _, suffix in store.scan(low, high, reverse=reverse))
        return (record for record in found if record is not None)

    def index_keys(
        self,
        index: str,
        ctx: Scope,
        *prefix: Part,
        start: Key | None = None,
        end: Key | None = None,
        after: Key | None = None,
        reverse: bool = False,
    ) -> Iterator[tuple[Any, ...]]:
        """As `by`, the rows (*index fields, *key) alone, without reading the records."""
        low, high = self._range(ctx, index, prefix, start, end, after, reverse)
        skip = len(self._prefix(ctx, index))
        return (unpack(key[skip:]) for key in ctx.store.keys(low, high, reverse=reverse))

    def count(
        self, ctx: Scope, *prefix: Part, index: str = "", start: Key | None = None, end: Key | None = None
    ) -> int:
        """How many rows `scan` (or, with an index, `by`) would go through. Time grows with their number."""
        return ctx.store.count(*self._range(ctx, index, prefix, start, end))

    def delete_all(self, ctx: Scope, *prefix: Part) -> int:
        """Removes the records whose keys begin with the prefix; returns how many there were."""
        low, high = self._range(ctx, "", prefix)
        if not self.index:
            return ctx.store.delete_range(low, high)
        skip, deleted = len(self._prefix(ctx)), 0
        for key, value in ctx.store.scan(low, high):
            self._reindex(ctx, self._decoder.decode(value), None, key[skip:])
            ctx.store.delete(key)
            deleted += 1
        return deleted

    def all(self, store: Store) -> Iterator[tuple[str, str, R]]:
        """(account, region, record) over every account and region; "" for what the scope leaves out."""
        low = b""
        while (key := next(store.keys(low, _LAST), None)) is not None:
            account, region = typing.cast(tuple[str, str], unpack(key)[:2])
            low = prefix_end(pack((account, region)))
            place = Place(store, account, region)
            if self._place(place) == (account, region):
                for record in self.scan(place):
                    yield account, region, record

    # keys

    def _place(self, ctx: Scope) -> tuple[str, str]:
        if self.scope == "regional":
            return ctx.account, ctx.region
        return ("" if self.scope == "global" else ctx.account), ""

    def _prefix(self, ctx: Scope, index: str = "") -> bytes:
        prefix = self._prefixes.get((ctx.account, ctx.region, index))
        if prefix is None:
            if len(self._prefixes) >= _PREFIXES:
                self._prefixes.clear()
            prefix = pack((*self._place(ctx), self.service, f"{self.name}.{index}" if index else self.name))
            self._prefixes[ctx.account, ctx.region, index] = prefix
        return prefix

    def _range(
        self,
        ctx: Scope,
        index: str,
        prefix: Key,
        start: Key | None = None,
        end: Key | None = None,
        after: Key | None = None,
        reverse: bool = False,
    ) -> tuple[bytes, bytes]:
        fields = self._index_fields(index) if index else self.key
        base = self._prefix(ctx, index)

        def bound(parts: Key) -> bytes:
            return base + self._pack(fields, prefix + parts)

        low = bound(start or ())
        high = prefix_end(bound(())) if end is None else bound(end)
        if after is not None and reverse:
            high = min(high, bound(after))
        elif after is not None:
            low = max(low, prefix_end(bound(after)))
        return low, high

    def _index_fields(self, index: str) -> tuple[str, ...]:
        return self.index[index] + self.key

    def _pack_key(self, key: Key) -> bytes:
        if len(key) != len(self.key):
            raise TypeError(f"the key of {self.name} is {self.key}")
        return self._pack(self.key, key)

    def _pack(self, fields: tuple[str, ...], parts: Key) -> bytes:
        """Packs values of fields, where an int given for a float must become one: they encode differently."""
        for at in self._floats[fields]:
            if at < len(parts) and type(parts[at]) is int:
                parts = (*parts[:at], float(parts[at]), *parts[at + 1 :])  # type: ignore[arg-type]
        return pack(parts)

    @functools.cached_property
    def _floats(self) -> dict[tuple[str, ...], list[int]]:
        """Of the fields that are packed together, the positions of floats."""
        floats = {f.name for f in msgspec.structs.fields(self.record) if float in (f.type, *typing.get_args(f.type))}
        together = [self.key, *self.index.values(), *map(self._index_fields, self.index)]
        return {fields: [at for at, field in enumerate(fields) if field in floats] for fields in together}

    @functools.cached_property
    def _key_of(self) -> Callable[[R], bytes]:
        read = _reader(self.key)
        return lambda record: self._pack(self.key, read(record))

    @functools.cached_property
    def _index_readers(self) -> dict[str, Callable[[R], Key]]:
        return {index: _reader(fields) for index, fields in self.index.items()}

    def _reindex(self, ctx: Scope, old: R | None, new: R | None, suffix: bytes) -> None:
        for index, read in self._index_readers.items():
            before = read(old) if old is not None else None
            after = read(new) if new is not None else None
            if before == after:
                continue
            prefix = self._prefix(ctx, index)
            if before is not None and None not in before:
                ctx.store.delete(prefix + self._pack(self.index[index], before) + suffix)
            if after is not None and None not in after:
                ctx.store.put(prefix + self._pack(self.index[index], after) + suffix, suffix)

    # values

    def _load(self, store: Store, key: bytes) -> R | None:
        if self._cached and (record := store.recall(key)) is not None:
            return None if record is _ABSENT else typing.cast(R, record)
        raw = store.get(key)
        if raw is None:
            if self._cached:
                store.remember(key, _ABSENT)
            return None
        record = self._decoder.decode(raw)
        if self._cached:
            store.remember(key, record)
        return record

    @functools.cached_property
    def _decoder(self) -> msgspec.msgpack.Decoder[R]:
        return msgspec.msgpack.Decoder(self.record)


def _reader(fields: tuple[str, ...]) -> Callable[[Any], Key]:
    """A function that gives the values of fields as a tuple."""
    read: Callable[[Any], Any] = operator.attrgetter(*fields)
    return read if len(fields) > 1 else lambda record: (read(record),)


def places(store: Store) -> Iterator[tuple[str, str]]:
    """Each (account, region) that has records. Takes one look at the store for each."""
    found = next(store.keys(b"", _LAST), None)
    while found is not None:
        account, region, *_ = unpack(found)
        yield account, region
        found = next(store.keys(prefix_end(pack((account, region))), _LAST), None)


@functools.cache
def _encoder() -> msgspec.msgpack.Encoder:
    return msgspec.msgpack.Encoder()


def check_schema(
    store: Store, service: str, version: int, migrations: Mapping[int, Callable[[Store], None]] = {}
) -> None:
    """Brings a service's stored records to the version that its code knows; call it once, when the service is loaded.

    `migrations[n]` changes records of version n to n + 1; all run in one batch. The version lies in the key space
    itself, so a snapshot carries that of its own records, and loading one migrates them again. Raises DataTooNew when
    the records are of a newer version.
    """

    def check() -> None:
        found = check_age(store, service, version)
        if found is None or found < version:
            with store.apart():
                for number in range(version if found is None else found, version):
                    migrations[number](store)
                store.put(_schema_key(service), pack((version,)))
            store.flush()

    check()
    store.on_switch(check)


def check_age(store: Store, service: str, version: int) -> int | None:
    """The version of a service's stored records, None when there are none. Raises DataTooNew if it is not known yet."""
    row = store.get(_schema_key(service))
    found = typing.cast(int, unpack(row)[0]) if row is not None else None
    if found is not None and found > version:
        raise DataTooNew(f"the data of {service}", found, version)
    return found


def _schema_key(service: str) -> bytes:
    return pack(("", "", "kernel", "schema", service))
