"""Message bodies at rest: sealed under data keys of the queue's KMS key, or else (SSE-SQS) under the cloud's own.

A data key serves one queue and one requester for KmsDataKeyReusePeriodSeconds; only then is KMS asked again.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.sqs import errors
from hodei.services.sqs.attributes import DEFAULT_KEY_REUSE
from hodei.services.sqs.memory import KnownKey, memory
from hodei.services.sqs.state import Content, Queue, Sealed

NONCE_BYTES = 12


class DataKey(NamedTuple):
    """What seals the messages of one call. `key` is empty for the cloud's own."""

    arn: str  # of the queue
    key: bytes
    wrapped: bytes


def data_key(ctx: Context, queue: Queue) -> DataKey | None:
    """What to seal new messages of the queue with, None for a queue without encryption.

    Raises: KmsAccessDenied, KmsDisabled, KmsInvalidState, KmsInvalidKeyUsage, KmsNotFound.
    """
    arn, master = queue.arn(ctx), queue.attributes.get("KmsMasterKeyId")
    if not master:
        return DataKey(arn, b"", b"") if queue.attributes["SqsManagedSseEnabled"] == "true" else None
    about = (queue.id, master, ctx.principal.requester)
    if (known := _known(ctx, about)) is None:
        import hodei.services.kms.api as kms  # loaded where a key is used

        with _failing():
            made = kms.generate_data_key(ctx, master, _context(arn))
            kms.decrypt(ctx, made.wrapped, _context(arn))  # AWS: the integrity of a new data key is verified
        known = _note(ctx, queue, about, made.plaintext, made.wrapped)
    return DataKey(arn, known.key, known.wrapped)


def sealed(ctx: Context, key: DataKey, body: str) -> Sealed:
    """The body of a new message."""
    if not key.key:
        return Sealed(arn="", wrapped=b"", body=ctx.world.vault.seal("sqs", body.encode()))
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = ctx.ids.randbytes(NONCE_BYTES)
    ciphertext = nonce + AESGCM(key.key).encrypt(nonce, body.encode(), None)
    return Sealed(arn=key.arn, wrapped=key.wrapped, body=ciphertext)


def body_of(ctx: Context, queue: Queue, content: Content) -> str:
    """The body of a message that lies in the queue. It stays under the key that it was sent with, wherever it moves.

    Raises: as `data_key`.
    """
    found = content.sealed
    if found is None:
        return content.body
    if not found.wrapped:
        return ctx.world.vault.open("sqs", found.body).decode()
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    about = (queue.id, found.wrapped, ctx.principal.requester)
    if (known := _known(ctx, about)) is None:
        import hodei.services.kms.api as kms

        with _failing():
            opened = kms.decrypt(ctx, found.wrapped, _context(found.arn))
        known = _note(ctx, queue, about, opened, found.wrapped)
    nonce, ciphertext = found.body[:NONCE_BYTES], found.body[NONCE_BYTES:]
    return AESGCM(known.key).decrypt(nonce, ciphertext, None).decode()


def _known(ctx: Context, about: tuple[str, str | bytes, str]) -> KnownKey | None:
    known = memory(ctx).data_keys.get(about)
    return known if known and ctx.now < known.until else None


def _note(ctx: Context, queue: Queue, about: tuple[str, str | bytes, str], key: bytes, wrapped: bytes) -> KnownKey:
    """Remember a data key from when the KMS key that it is under is sure to stay."""
    period = int(queue.attributes.get("KmsDataKeyReusePeriodSeconds", DEFAULT_KEY_REUSE))
    known, now = KnownKey(key, wrapped, ctx.now + period), ctx.now

    def note() -> None:
        for old in [about for about, other in keys.items() if other.until <= now]:
            del keys[old]
        keys[about] = known

    keys = memory(ctx).data_keys
    ctx.store.when_durable(note)
    return known


def _context(arn: str) -> dict[str, str]:
    """The encryption context, which key policies can ask for."""
    return {"aws:sqs:arn": arn}


@contextmanager
def _failing() -> Iterator[None]:
    """KMS's errors as SQS gives them on."""
    try:
        yield
    except AwsError as error:
        raise errors.OF_KMS.get(error.code, errors.KmsNotFound)(error.message) from error
