"""Records at rest: sealed under data keys of the stream's KMS key, which a key serves for five minutes.

Producers need kms:GenerateDataKey, consumers kms:Decrypt. https://docs.aws.amazon.com/streams/latest/dev/server-side-encryption.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.kernel.keys import pack
from hodei.services.kinesis import changing, errors
from hodei.services.kinesis.find import active
from hodei.services.kinesis.memory import KnownKey, memory
from hodei.services.kinesis.service import kinesis
from hodei.services.kinesis.state import Change, DataKey, DataRecord, Stream, data_keys

LIFE = 300.0
NONCE_BYTES = 12

Sealer = Callable[[DataRecord], DataRecord]
replace = msgspec.structs.replace


@kinesis.operation("StartStreamEncryption")
def start_stream_encryption(
    ctx: Context, *, EncryptionType: str, KeyId: str, StreamName: str = "", StreamARN: str = ""
) -> None:
    """What is in the stream already stays as it is."""
    where, stream = active(ctx, StreamName, StreamARN)
    _check_type(EncryptionType)
    itself = where.world.context("kinesis", account=where.account, region=where.region)
    check_key(itself, KeyId, _context(where, stream))
    changing.begin(where, stream, Change(kind="encrypt", text=KeyId))


def check_key(ctx: Context, key: str, context: dict[str, Any]) -> None:
    """Whether a key can be used at all. Raises: KMS's errors, as Kinesis has them."""
    import hodei.services.kms.api as kms  # loaded where a key is used

    with _failing():
        kms.generate_data_key(ctx, key, context)


@kinesis.operation("StopStreamEncryption")
def stop_stream_encryption(ctx: Context, *, EncryptionType: str, StreamName: str = "", StreamARN: str = "") -> None:
    where, stream = active(ctx, StreamName, StreamARN)
    _check_type(EncryptionType)
    changing.begin(where, stream, Change(kind="encrypt"))


@changing.changes("encrypt")
def _encrypt(where: Context, stream: Stream, change: Change) -> Stream:
    return replace(stream, key=change.text)


def _check_type(given: str) -> None:
    if given != "KMS":
        raise errors.InvalidArgumentException(reason=f"Encryption type {given} is not valid here: it has to be KMS.")


def sealer(where: Context, stream: Stream) -> Sealer:
    """What seals new records, for who writes them. Raises: KMS's errors, as Kinesis has them."""
    about = (stream.id, stream.key, _requester(where))
    known = _known(where, about)
    if known is None:
        import hodei.services.kms.api as kms

        with _failing():
            made = kms.generate_data_key(where, stream.key, _context(where, stream))
        key = DataKey(stream=stream.id, id=where.ids.hex(16), wrapped=made.wrapped, created=where.now)
        data_keys.put(where, key)
        known = _note(where, about, key.id, made.plaintext)
    id, cipher = known.id, known.cipher

    def seal(record: DataRecord) -> DataRecord:
        nonce = where.ids.randbytes(NONCE_BYTES)
        plain = msgspec.msgpack.encode((record.key, record.data))
        return replace(record, key="", data=nonce + cipher.encrypt(nonce, plain, _bound(record)), sealed=id)

    return seal


def opened(where: Context, stream: Stream, record: DataRecord) -> DataRecord:
    """A sealed record in plain, for who reads it. Raises: KMS's errors, as Kinesis has them."""
    about = (stream.id, record.sealed, _requester(where))
    known = _known(where, about)
    if known is None:
        import hodei.services.kms.api as kms

        key = data_keys.get(where, stream.id, record.sealed)
        assert key, "a data key stays as long as anything is sealed with it"
        with _failing():
            plain = kms.decrypt(where, key.wrapped, _context(where, stream))
        known = _note(where, about, key.id, plain)
    nonce, ciphertext = record.data[:NONCE_BYTES], record.data[NONCE_BYTES:]
    partition_key, data = msgspec.msgpack.decode(
        known.cipher.decrypt(nonce, ciphertext, _bound(record)), type=tuple[str, bytes]
    )
    return replace(record, key=partition_key, data=data)


def _bound(record: DataRecord) -> bytes:
    """What a ciphertext is bound to: the place of its row."""
    return pack((record.stream, record.shard, record.number))


def _known(where: Context, about: tuple[str, str, str]) -> KnownKey | None:
    known = memory(where).keys.get(about)
    return known if known and where.now < known.until else None


def _note(where: Context, about: tuple[str, str, str], id: str, plain: bytes) -> KnownKey:
    """Remember a data key from when it is sure to stay."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    known, keys, now = KnownKey(id, AESGCM(plain), where.now + LIFE), memory(where).keys, where.now

    def note() -> None:
        for old in [about for about, other in keys.items() if other.until <= now]:
            del keys[old]
        keys[about] = known

    where.store.when_durable(note)
    return known


def _requester(where: Context) -> str:
    """The sessions of a role are one requester, where no policies narrow them."""
    session = where.principal.session
    return f"{session.issuer} {session.policies}" if session and session.issuer else where.principal.arn


def _context(where: Context, stream: Stream) -> dict[str, Any]:
    """The encryption context, which key policies can ask for."""
    return {"aws:kinesis:arn": stream.arn(where)}


@contextmanager
def _failing() -> Iterator[None]:
    """KMS's errors as Kinesis gives them on."""
    try:
        yield
    except AwsError as error:
        raise errors.OF_KMS.get(error.code, errors.KMSNotFoundException)(error.message) from error
