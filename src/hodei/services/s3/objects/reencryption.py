"""UpdateObjectEncryption: an object comes under another KMS key, and stays what it is otherwise."""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine
from typing import Any

from msgspec.structs import replace

from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.services.s3 import errors, payment, rules, subjects
from hodei.services.s3.buckets import buckets
from hodei.services.s3.content import bodies, data_keys, encryption
from hodei.services.s3.content.checksums import DEFAULT, Digests
from hodei.services.s3.content.data_keys import KMS
from hodei.services.s3.content.encryption import Sealing
from hodei.services.s3.management import lock
from hodei.services.s3.objects import versions
from hodei.services.s3.service import s3
from hodei.services.s3.state import Bucket, Encryption, Object

NEW_TYPE = (
    "Requests that modify an object encryption configuration require a valid new encryption type. Valid values are "
    "SSEKMS. Modify the request to specify SSE-KMS for the updated encryption type, and then try again."
)
SIGNATURE = (
    "Requests that modify an object encryption configuration require AWS Signature Version 4. "
    "Modify the request to use AWS Signature Version 4, and then try again."
)
NO_ARN = (
    "Requests that modify an object's encryption type to SSE-KMS require an AWS KMS key Amazon Resource Name (ARN). "
    "Modify the request to specify a KMS key ARN, and then try again."
)
BAD_ARN = (
    "Requests that modify an object's encryption type to SSE-KMS require a valid AWS KMS key Amazon Resource Name "
    "(ARN). Confirm that you have a correctly formatted KMS key ARN in your request, and then try again."
)
OTHER_ACCOUNT = (
    "The AWS KMS key in the request must be owned by the same account as the bucket. "
    "Modify the request to specify a KMS key from the same account, and then try again."
)
OLD_TYPE = (
    "The UpdateObjectEncryption operation doesn't support source objects with the encryption type DSSE-KMS or SSE-C. "
    "Only source objects encrypted with SSE-S3 or SSE-KMS are supported."
)
LOCKED = (
    "The encryption type for the specified object can't be updated because that object is protected by S3 Object "
    "Lock. If the object has a governance-mode retention period or a legal hold, you must first remove the Object Lock "
    "status on the object before you issue your UpdateObjectEncryption request. You can't use the "
    "UpdateObjectEncryption operation with objects that have an Object Lock compliance mode retention period applied "
    "to them."
)

Name = str


@s3.operation("UpdateObjectEncryption")
def update_object_encryption(
    ctx: Context,
    *,
    Bucket: Name,
    Key: str,
    ObjectEncryption: dict[str, Any],
    VersionId: str | None = None,
    RequestPayer: str | None = None,
    ExpectedBucketOwner: str | None = None,
) -> dict[str, str] | Coroutine[Any, Any, dict[str, str]]:
    """From one KMS key to another the data key is wrapped anew. From SSE-S3, where no object has a data key of its own
    here, the body is sealed anew. Neither ETag nor dates tell of it."""
    bucket = buckets.bucket_of(ctx, Bucket, ExpectedBucketOwner)
    charge = payment.charged(ctx, bucket, RequestPayer)
    home = buckets.home(ctx, bucket)
    wanted = _wanted(ctx, bucket, ObjectEncryption)
    obj = subjects.version(home, bucket, Key, VersionId, method="PUT")
    if obj.encryption.customer_key_md5 or obj.encryption.algorithm not in (KMS, "AES256"):
        raise errors.InvalidRequest(OLD_TYPE)
    if lock.protects(home, bucket, obj):
        raise errors.AccessDenied(LOCKED)
    key = encryption.opening(home, obj, {})
    if obj.encryption.kms_key:
        rewrapped = data_keys.rewrapped(home, bucket.name, Key, wanted, key)
        versions.update(home, replace(obj, encryption=rewrapped))
        return charge
    sealing = Sealing(*data_keys.made(home, bucket.name, Key, wanted))
    body = bodies.read(home, key, obj.pieces)
    if isinstance(body, bytes):
        _put(home, obj, sealing, bodies.write_now(home, sealing.key, body))
        return charge
    return _resealed(home, bucket, obj, sealing, body, charge)


async def _resealed(
    home: Context, bucket: Bucket, obj: Object, sealing: Sealing, body: AsyncIterator[bytes], charge: dict[str, str]
) -> dict[str, str]:
    def check(size: int) -> None:
        now = versions.find(home, buckets.still(home, bucket), obj.key, obj.version_id)
        if now is None or now.pieces != obj.pieces:
            raise errors.OperationAborted()

    pieces = await bodies.write(home, sealing.key, body, Digests(DEFAULT), check)
    now = versions.find(home, bucket, obj.key, obj.version_id)
    assert now
    _put(home, now, sealing, pieces)
    return charge


def _put(home: Context, obj: Object, sealing: Sealing, pieces: bodies.Pieces) -> None:
    bodies.delete(home, obj.pieces)
    versions.update(home, replace(obj, pieces=pieces, encryption=sealing.encryption))


def _wanted(ctx: Context, bucket: Bucket, given: dict[str, Any]) -> Encryption:
    if (asked := given.get("SSEKMS")) is None:
        raise errors.InvalidRequest(NEW_TYPE)
    rules.check_signature_version(ctx.request, SIGNATURE)
    if Arn.parse(asked["KMSKeyArn"]).account != bucket.account:
        raise errors.AccessDenied(OTHER_ACCOUNT)
    return Encryption(algorithm=KMS, kms_key=asked["KMSKeyArn"], bucket_key=asked.get("BucketKeyEnabled", False))
