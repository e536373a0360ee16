"""The bucket and the key of a trail: whether CloudTrail may use them, as it asks in its own name.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
"""

from __future__ import annotations

from typing import Any

import hodei.services.kms.api as kms
from hodei.kernel.context import Context, service_principal
from hodei.kernel.errors import AwsError
from hodei.kernel.iam.authorise import authorise
from hodei.services.cloudtrail import errors
from hodei.services.cloudtrail.find import SERVICE
from hodei.services.cloudtrail.state import Trail

MISSING = "NoSuchBucket"
ACL = "bucket-owner-full-control"


def writer(ctx: Context, trail: Trail) -> Context:
    """CloudTrail, for that trail, in its home."""
    return ctx.by(service_principal(SERVICE, ctx.account, trail.arn))


def folder(trail: Trail, account: str) -> str:
    """Where the bucket has the files of an account: "prefix/AWSLogs/o-abc/111122223333"."""
    parts = (trail.prefix, "AWSLogs", trail.organization, account)
    return "/".join(part for part in parts if part)


def encryption(trail: Trail) -> dict[str, Any]:
    """How files are put, as parameters of PutObject."""
    if not trail.kms_key:
        return {}
    return {
        "ServerSideEncryption": "aws:kms",
        "SSEKMSKeyId": trail.kms_key,
        "SSEKMSEncryptionContext": _encoded({"aws:cloudtrail:arn": trail.arn}),
    }


def key_arn(ctx: Context, given: str) -> str:
    """The key that a request names. Raises: KmsKeyNotFoundException, InvalidKmsKeyIdException, KmsException."""
    try:
        return kms.key_arn(ctx, given)
    except AwsError as error:
        raise _of_kms(error, given) from None


async def check(ctx: Context, trail: Trail) -> None:
    """Raises: S3BucketDoesNotExistException, InsufficientS3BucketPolicyException, KmsException,
    InsufficientEncryptionPolicyException."""
    cloudtrail = writer(ctx, trail)
    try:
        await cloudtrail.call("s3", "GetBucketAcl", Bucket=trail.bucket)
        s3 = _in(cloudtrail, "s3", "PutObject")
        authorise(s3, "PutObject", {"Bucket": trail.bucket, "Key": f"{folder(trail, ctx.account)}/", "ACL": ACL})
    except AwsError as error:
        if error.is_transient:
            raise
        if error.code == MISSING:
            raise errors.S3BucketDoesNotExist(bucket=trail.bucket) from None
        raise errors.InsufficientS3BucketPolicy(bucket=trail.bucket) from None
    if trail.kms_key:
        _check_key(cloudtrail, trail)


def _check_key(cloudtrail: Context, trail: Trail) -> None:
    try:
        kms.generate_data_key(cloudtrail, trail.kms_key, {"aws:cloudtrail:arn": trail.arn})
    except AwsError as error:
        if error.code == "AccessDeniedException":
            raise errors.InsufficientEncryptionPolicy(bucket=trail.bucket, key=trail.kms_key) from None
        raise _of_kms(error, trail.kms_key) from None


def _of_kms(error: AwsError, key: str) -> AwsError:
    if error.code == "NotFoundException":
        return errors.KmsKeyNotFound(key=key)
    if error.code in ("ValidationException", "InvalidArnException"):
        return errors.InvalidKmsKeyId(key=key)
    return errors.KmsException(error.message)


def _in(ctx: Context, service: str, operation: str) -> Context:
    return ctx.world.context(
        service, account=ctx.account, region=ctx.region, principal=ctx.principal, operation=operation
    )


def _encoded(context: dict[str, str]) -> str:
    from base64 import b64encode

    import msgspec

    return b64encode(msgspec.json.encode(context)).decode()
