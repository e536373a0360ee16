"""Table keys: data keys, wrapped by the KMS keys of tables, that seal what tables have.

Whoever reads or writes has the table key decrypted, with permissions of his own, unless that was done for him within
the last five minutes. What DynamoDB does of itself it may do by a grant, made when the table got the key.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html#dynamodb-kms
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import msgspec

from hodei.kernel.context import Context, service_principal
from hodei.kernel.errors import AwsError
from hodei.kernel.tables import Record
from hodei.services.dynamodb import errors
from hodei.services.dynamodb.service import dynamodb

LIFE = 300.0  # seconds for which a decrypted table key is kept
LATER = 1800.0  # until DynamoDB tries a key again that it could not use
KEPT = 2 * 86400.0  # what a table leaves in its stream is gone by then
WATCH, FORGET = "check_key", "forget_table_key"  # timers
GRANTED = ("Decrypt", "Encrypt", "GenerateDataKey", "ReEncryptFrom", "ReEncryptTo", "RetireGrant", "DescribeKey")
MANAGED = "alias/aws/dynamodb"
UNNAMED = ("AccessDeniedException", "ValidationException")  # of KMS, for which the Java SDK has no classes


class TableKey(Record):
    """What is sealed with it outlives the table that it was made for: its backups, and its stream for a day."""

    id: str
    table: str  # the name
    kms_key: str  # the ARN
    wrapped: bytes
    managed: bool = False  # whether that is the KMS key of AWS's for DynamoDB
    grant: str = ""  # the id of DynamoDB's grant; none when the table no longer has this key


class Opened(NamedTuple):
    """A decrypted table key, ready for use until then."""

    cipher: Any
    until: float


table_keys = dynamodb.table("table_keys", TableKey, key="id", cached=True)


class Memory:
    """What is decrypted now."""

    def __init__(self) -> None:
        self.opened: dict[tuple[str, str], Opened] = {}  # by key and requester

    def forget(self) -> None:
        self.opened.clear()


def make(ctx: Context, table: str, key: str, *, replica: bool = False) -> TableKey:
    """A key for a table of that name, under a KMS key as a request names it; "" is the one of AWS for DynamoDB.

    The caller needs kms:CreateGrant. Raises: ValidationException, AccessDeniedException, InternalServerError, each with
    what KMS says.
    """
    import hodei.services.kms.api as kms  # loaded where a key is used

    context = _context(ctx, table)
    with _failing(ctx, f" for region {ctx.region}" if replica else ""):
        kms_key = kms.key_arn(ctx, key) if key else kms.managed_key(ctx, "dynamodb")
        grant = kms.create_grant(ctx, kms_key, _service(ctx), GRANTED, context)
        data_key = kms.generate_data_key(_itself(ctx), kms_key, context)
    made = TableKey(
        id=ctx.ids.hex(32),
        table=table,
        kms_key=kms_key,
        wrapped=data_key.wrapped,
        managed=not key or key.endswith(MANAGED),
        grant=grant,
    )
    table_keys.put(ctx, made)
    return made


def cipher(ctx: Context, id: str) -> Any:
    """The AESGCM of a table key. Raises: ValidationException, AccessDeniedException, each with what KMS says."""
    opened = ctx.world.memory(Memory).opened
    about = (id, ctx.principal.requester)
    if (known := opened.get(about)) and ctx.now < known.until:
        return known.cipher
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    found = Opened(AESGCM(_decrypted(ctx, id)), ctx.now + LIFE)
    for old in [about for about, other in opened.items() if other.until <= ctx.now]:
        del opened[old]
    opened[about] = found
    return found.cipher


def check(ctx: Context, table_key: str) -> None:
    """That a table's key can be used, if it has one. Raises: as `cipher`."""
    if table_key:
        cipher(ctx, table_key)


def put_off(ctx: Context, timer: str, key: Sequence[str], table_key: str, *, at: Context | None = None) -> bool:
    """Whether a timer's work has to wait, because the table key that it needs (`at` a place) cannot be used: the timer
    is set anew then. What a caller may not do, DynamoDB goes on with itself at once."""
    try:
        check(at or ctx, table_key)
    except AwsError:
        ctx.timers.set(ctx, timer, ctx.now + (LATER if ctx.principal.anonymous else 0.0), *key)
        return True
    return False


def probe(ctx: Context, id: str) -> AwsError | None:
    """Has a table key decrypted now, whatever is remembered. What stands against it, None if nothing does."""
    try:
        _decrypted(ctx, id)
    except AwsError as error:
        return error
    return None


def watch(ctx: Context, name: str, table_id: str) -> None:
    """Look after a while whether the key of a table can be used: see `watching`."""
    ctx.timers.set(ctx, WATCH, ctx.now + LATER, name, table_id)


def let_go(ctx: Context, name: str, table_id: str, id: str) -> None:
    """The table no longer has a key, which was this one: DynamoDB gives its grant back. What lies under it can still
    be read."""
    import hodei.services.kms.api as kms

    ctx.timers.cancel(ctx, WATCH, name, table_id)
    if (key := table_keys.get(ctx, id)) and key.grant:
        kms.retire_grant(_itself(ctx), key.kms_key, key.grant)
        table_keys.put(ctx, msgspec.structs.replace(key, grant=""))
        ctx.timers.set(ctx, FORGET, ctx.now + KEPT, id)


def _decrypted(ctx: Context, id: str) -> bytes:
    import hodei.services.kms.api as kms

    key = table_keys.get(ctx, id)
    assert key, "a table key stays as long as anything is sealed with it"
    asking = _itself(ctx) if ctx.principal.anonymous and key.grant else ctx
    with _failing(ctx):
        return kms.decrypt(asking, key.wrapped, _context(ctx, key.table), key_id=key.kms_key)


def _context(ctx: Context, table: str) -> dict[str, str]:
    """The encryption context, which key policies and grants can ask for."""
    return {"aws:dynamodb:tableName": table, "aws:dynamodb:subscriberId": ctx.account}


def _service(ctx: Context) -> str:
    return f"dynamodb.{ctx.region}.amazonaws.com"


def _itself(ctx: Context) -> Context:
    return ctx.by(service_principal(_service(ctx), ctx.account))


@contextmanager
def _failing(ctx: Context, where: str = "") -> Iterator[None]:
    """KMS's errors as DynamoDB gives them on, from its own client's SDK."""
    try:
        yield
    except AwsError as error:
        name = "AWSKMSException" if error.code in UNNAMED else error.code
        said = (
            f"com.amazonaws.services.kms.model.{name}: {error.message} (Service: AWSKMS; Status Code: 400; "
            f"Error Code: {error.code}; Request ID: {ctx.ids.uuid()}; Proxy: null)"
        )
        raise errors.OF_KMS.get(error.code, errors.KmsValidation)(where=where, said=said) from error
