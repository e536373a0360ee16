"""Events at rest of groups with a KMS key: ciphertext under data keys of the group.

The service itself uses the key, for the group: its key policy must let logs.REGION.amazonaws.com do so.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
"""

from __future__ import annotations

from hodei.kernel.context import Context, service_principal
from hodei.kernel.errors import AwsError
from hodei.services.logs import errors
from hodei.services.logs.memory import KnownKey, memory
from hodei.services.logs.state import DataKey, Group, data_keys

NONCE_BYTES = 12
ID_DIGITS = 16
REUSED = 300.0  # seconds for which a data key is used without asking KMS again


def new_key(ctx: Context, group: Group, key_id: str) -> str:
    """Make a data key of a group under a KMS key; returns the ARN of that one.

    Raises: InvalidParameterException where the key is not there or does not let CloudWatch Logs use it.
    """
    import hodei.services.kms.api as kms  # loaded where a key is used

    try:
        made = kms.generate_data_key(_as_service(ctx, group), key_id, _context(ctx, group))
    except AwsError as error:
        raise errors.InvalidParameterException(
            reason=f"The specified KMS key does not exist or is not allowed to be used with Arn '{group.arn(ctx)}'"
        ) from error
    data_keys.put(
        ctx,
        DataKey(group=group.id, id=ctx.ids.hex(ID_DIGITS), key=made.key, wrapped=made.wrapped, created=ctx.now),
    )
    return made.key


def seal(ctx: Context, group: Group, body: bytes) -> tuple[str, bytes]:
    """The id of the data key ("": none) and what to store."""
    if not group.key:
        return "", body
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    newest = max(data_keys.scan(ctx, group.id), key=lambda one: one.created)
    nonce = ctx.ids.randbytes(NONCE_BYTES)
    return newest.id, nonce + AESGCM(_opened(ctx, group, newest.id)).encrypt(nonce, body, None)


def unseal(ctx: Context, group: Group, id: str, body: bytes) -> bytes:
    """Raises: AccessDeniedException where the group's key cannot be used."""
    if not id:
        return body
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(_opened(ctx, group, id)).decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], None)


def _opened(ctx: Context, group: Group, id: str) -> bytes:
    keys = memory(ctx).data_keys
    if (known := keys.get((group.id, id))) and known.until - REUSED <= ctx.now < known.until:
        return known.key
    import hodei.services.kms.api as kms

    found = data_keys.get(ctx, group.id, id)
    assert found, "data keys live as long as their group"
    try:
        key = kms.decrypt(_as_service(ctx, group), found.wrapped, _context(ctx, group))
    except AwsError as error:
        raise errors.AccessDeniedException(
            reason=f"The specified KMS key is not allowed to be used with Arn '{group.arn(ctx)}'"
        ) from error
    keys[group.id, id] = KnownKey(key, ctx.now + REUSED)
    return key


def forget(ctx: Context, group: Group) -> None:
    """Delete the data keys of a group that goes."""
    data_keys.delete_all(ctx, group.id)


def _as_service(ctx: Context, group: Group) -> Context:
    return ctx.by(service_principal(f"logs.{ctx.region}.amazonaws.com", ctx.account, group.arn(ctx)))


def _context(ctx: Context, group: Group) -> dict[str, str]:
    """The encryption context, which key policies can ask for."""
    return {"aws:logs:arn": group.arn(ctx)}
