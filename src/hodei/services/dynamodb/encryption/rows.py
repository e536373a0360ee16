"""Rows whose attributes are sealed under the key of their table, if it has one."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from typing import Any, ClassVar, TypeVar, cast

import msgspec

from hodei.kernel.context import Context
from hodei.kernel.keys import Part, pack
from hodei.kernel.tables import Key, Record, Scope, Table
from hodei.services.dynamodb.encryption import keys
from hodei.services.dynamodb.service import dynamodb

ID_BYTES, NONCE_BYTES = 16, 12

replace = msgspec.structs.replace


class Sealable(Record, kw_only=True):
    """`sealed` is the id of a table key, a nonce, and the `secret` fields as ciphertext; of a plain row it is empty."""

    secret: ClassVar[tuple[str, ...]] = ("item",)
    blank: ClassVar[Any] = {}  # what stands in the place of each
    sealed: bytes = b""


S = TypeVar("S", bound=Sealable)


class Sealed(Table[S]):
    """A table of such rows. Reading opens them, for who asks; raises then: ValidationException, AccessDeniedException,
    each with what KMS says. They are stored by `put_under`, which is told the table key."""

    def get(self, ctx: Scope, *key: Part) -> S | None:
        record = super().get(ctx, *key)
        return self._opened(ctx, record) if record is not None and record.sealed else record

    def scan(self, ctx: Scope, *prefix: Part, **bounds: Any) -> Iterator[S]:
        rows = super().scan(ctx, *prefix, **bounds)
        return (self._opened(ctx, record) if record.sealed else record for record in rows)

    def put_under(self, ctx: Context, table_key: str, record: S) -> None:
        """Stores a record sealed under a table key, or as it is if that is ""."""
        self.put(ctx, self._sealed(ctx, table_key, record) if table_key else record)

    def reseal(self, ctx: Context, table_key: str, *prefix: Part, after: Key | None, most: int) -> Key | None:
        """Puts some rows, of those below the prefix and after a place, under another key ("": in plain text).

        Returns the place to go on from, None at the end.
        """
        found = list(islice(self.keys(ctx, *prefix, after=after), most))
        for key in found:
            if (record := super().get(ctx, *key)) and record.sealed[:ID_BYTES] != bytes.fromhex(table_key):
                self.put_under(ctx, table_key, self._opened(ctx, record) if record.sealed else record)
        return found[-1][len(prefix) :] if len(found) == most else None

    def _sealed(self, ctx: Context, table_key: str, record: S) -> S:
        nonce = ctx.ids.randbytes(NONCE_BYTES)
        plain = msgspec.msgpack.encode([getattr(record, name) for name in record.secret])
        ciphertext = keys.cipher(ctx, table_key).encrypt(nonce, plain, self._bound(record))
        blanks = dict.fromkeys(record.secret, record.blank)
        return replace(record, sealed=bytes.fromhex(table_key) + nonce + ciphertext, **blanks)

    def _opened(self, scope: Scope, record: S) -> S:
        ctx = cast(Context, scope)  # rows of DynamoDB are read in calls
        sealed, end = record.sealed, ID_BYTES + NONCE_BYTES
        cipher = keys.cipher(ctx, sealed[:ID_BYTES].hex())
        plain = cipher.decrypt(sealed[ID_BYTES:end], sealed[end:], self._bound(record))
        return replace(record, sealed=b"", **dict(zip(record.secret, self._secrets.decode(plain))))

    def _bound(self, record: S) -> bytes:
        """What a ciphertext is bound to: the place of its row."""
        return pack(tuple(getattr(record, name) for name in self.key))

    @cached_property
    def _secrets(self) -> msgspec.msgpack.Decoder[tuple[Any, ...]]:
        types = {field.name: field.type for field in msgspec.structs.fields(self.record)}
        return msgspec.msgpack.Decoder(tuple[tuple(types[name] for name in self.record.secret)])  # type: ignore[misc]


def sealed_table(name: str, record: type[S], key: tuple[str, ...]) -> Sealed[S]:
    """As `Service.table` does, declare a table of DynamoDB's persistent state."""
    table = Sealed(dynamodb.name, name, record, key=key)
    dynamodb.tables[name] = table
    return table
