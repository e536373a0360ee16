"""What other services use of KMS: encryption under a customer's or an AWS managed key, on behalf of who calls them.

`ctx` is that of the other service. The key policy, grants and the caller's own policies decide, in which conditions can
ask for `kms:ViaService`; what a service does of itself (a timer, with no request behind it) needs no permission. The
key's state counts: a disabled key stops reading. All functions raise KMS's own errors: AccessDeniedException,
NotFoundException, DisabledException, KMSInvalidStateException, InvalidKeyUsageException, InvalidCiphertextException,
IncorrectKeyException.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.kernel.iam.authorise import authorise
from hodei.kernel.ledger import Call
from hodei.services.kms import errors, grants
from hodei.services.kms.find import ALIAS, Found, find_for_use, read
from hodei.services.kms.managed import managed_key as _managed_key
from hodei.services.kms.managed import service_of
from hodei.services.kms.specs import ENCRYPT, SYMMETRIC
from hodei.services.kms.state import aliases
from hodei.services.kms.using import ciphers, use
from hodei.services.kms.using.use import NOTHING, Given

PRINCIPALS = {"stepfunctions": "states"}  # botocore's name -> that of the service's principal, where it is another


class DataKey(NamedTuple):
    """A data key, in plain and as `decrypt` opens it again. `key` is the ARN of the KMS key that it is under."""

    key: str
    plaintext: bytes
    wrapped: bytes


def managed_key(ctx: Context, service: str) -> str:
    """The ARN of the AWS managed key of a service ("s3"), which is made if it is not there yet."""
    return _managed_key(_kms(ctx, "DescribeKey"), service).arn


def key_arn(ctx: Context, key_id: str) -> str:
    """The ARN of a key by its id, ARN, alias or the ARN of an alias, without asking whether it may be used."""
    return _found(_kms(ctx, "DescribeKey"), key_id).arn


def encrypt(ctx: Context, key_id: str, plaintext: bytes, context: Given = NOTHING) -> bytes:
    """A ciphertext blob that says which key opens it."""
    with _noted(ctx, "Encrypt", {"KeyId": key_id, "EncryptionContext": context}) as there:
        found = _allowed(ctx, there, key_id, {"EncryptionContext": context})
        blob = ciphers.encrypt(found, SYMMETRIC, plaintext, context)
        _used(ctx, "Encrypt", found)
        return blob


def decrypt(ctx: Context, blob: bytes, context: Given = NOTHING, *, key_id: str = "") -> bytes:
    """What `encrypt`, `generate_data_key` or the API itself encrypted with that context."""
    params = {"CiphertextBlob": blob, "EncryptionContext": context} | ({"KeyId": key_id} if key_id else {})
    with _noted(ctx, "Decrypt", params) as there:
        _authorise(ctx, there, params)
        found = ciphers.source(there, key_id, SYMMETRIC, blob)
        plaintext, _ = ciphers.decrypt(found, SYMMETRIC, blob, context)
        _used(ctx, "Decrypt", found)
        return plaintext


def generate_data_key(ctx: Context, key_id: str, context: Given = NOTHING, *, size: int = 32) -> DataKey:
    """A new key of `size` bytes to encrypt data with."""
    params = {"EncryptionContext": context, "NumberOfBytes": size}
    with _noted(ctx, "GenerateDataKey", {"KeyId": key_id, **params}) as there:
        found = _allowed(ctx, there, key_id, params)
        plaintext = ctx.ids.randbytes(size)
        blob = ciphers.encrypt(found, SYMMETRIC, plaintext, context)
        _used(ctx, "GenerateDataKey", found)
        return DataKey(found.arn, plaintext, blob)


def create_grant(
    ctx: Context, key_id: str, grantee: str, operations: Sequence[str], context: Given, *, name: str = ""
) -> str:
    """Lets a service ("dynamodb.us-east-1.amazonaws.com") of itself, or a role use a key, with an encryption context
    that has these pairs, for a resource of the caller's. By a name the same grant is not made twice. Returns the
    grant's id. Raises also: LimitExceededException."""
    there = _kms(ctx, "CreateGrant")
    wanted: dict[str, Any] = {
        "KeyId": _found(there, key_id).arn,
        "GranteePrincipal": grantee,
        "RetiringPrincipal": grantee,
        "Operations": operations,
        "Constraints": {"EncryptionContextSubset": context},
        "Name": name or ctx.ids.uuid(),
    }
    with _noted(ctx, "CreateGrant", wanted):
        _authorise(ctx, there, wanted)
        return str(grants.create_grant(there, **wanted)["GrantId"])


def retire_grant(ctx: Context, key_id: str, grant: str) -> None:
    """Ends a grant, if it and its key are still there, for whom it was made."""
    params = {"KeyId": key_id, "GrantId": grant}
    with suppress(errors.NotFoundException), _noted(ctx, "RetireGrant", params) as there:
        grants.retire_grant(there, KeyId=key_id, GrantId=grant)


@contextmanager
def _noted(ctx: Context, operation: str, params: Mapping[str, Any]) -> Iterator[Context]:
    """Let the ledger record what the service asks KMS for its caller; what it does of itself is nobody's call."""
    there = _kms(ctx, operation)
    error: AwsError | None = None
    try:
        yield there
    except AwsError as raised:
        error = raised
        raise
    finally:
        if not _of_itself(ctx):
            asked = _kms(ctx, operation, ctx.ids.uuid())
            found = asked.service.find(operation)
            assert found
            ctx.world.ledger.record(Call(asked, found, ctx.now, params, {}, error))


def _allowed(ctx: Context, there: Context, key_id: str, params: Mapping[str, Any]) -> Found:
    found = _found(there, key_id)
    _authorise(ctx, there, {"KeyId": key_id, **params})
    use.check(found, ENCRYPT, SYMMETRIC)
    return found


def _used(ctx: Context, operation: str, found: Found) -> None:
    use.note(found)
    _kms(ctx, operation).meter("requests", 1.0, found.arn)


def _found(there: Context, key_id: str) -> Found:
    """An alias of AWS's gets its key when it is first used."""
    where, name = read(there, key_id)
    if name.startswith(ALIAS) and (service := service_of(name)) and not aliases.get(where, name):
        return _managed_key(where, service)
    return find_for_use(there, key_id)


def _authorise(ctx: Context, there: Context, params: Mapping[str, Any]) -> None:
    if not _of_itself(ctx):
        authorise(there, there.operation, {**params, "ViaService": f"{_name(ctx)}.{ctx.region}.amazonaws.com"})


def _of_itself(ctx: Context) -> bool:
    return ctx.principal.anonymous and ctx.request is None


def _name(ctx: Context) -> str:
    """What the service is called by its principal."""
    return PRINCIPALS.get(ctx.service.name, ctx.service.name)


def _kms(ctx: Context, operation: str, request_id: str = "") -> Context:
    """KMS where the other service is called, for the same caller."""
    return ctx.world.context(
        "kms",
        account=ctx.account,
        region=ctx.region,
        principal=ctx.principal,
        request_id=request_id or ctx.request_id,
        operation=operation,
        request=ctx.request,
        via=(*ctx.via, f"{_name(ctx)}.amazonaws.com"),
    )
