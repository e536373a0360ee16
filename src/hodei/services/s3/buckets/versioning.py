"""Versioning of a bucket, and MFA delete: who changes it, or deletes a version for good, shows a code of a device.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/MultiFactorAuthenticationDelete.html
"""

from __future__ import annotations

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.s3 import errors, state
from hodei.services.s3.buckets import buckets, configurations
from hodei.services.s3.service import s3
from hodei.services.s3.state import Bucket


@s3.operation("PutBucketVersioning")
def put_bucket_versioning(
    ctx: Context,
    *,
    Bucket: str,
    VersioningConfiguration: dict[str, str],
    MFA: str | None = None,
    ExpectedBucketOwner: str | None = None,
) -> None:
    """MFA delete is turned on and off, and all else changed where it is on, by the root of the account alone."""
    bucket = buckets.bucket_of(ctx, Bucket, ExpectedBucketOwner)
    home = buckets.home(ctx, bucket)
    status = VersioningConfiguration.get("Status")
    if status is None:
        raise errors.IllegalVersioningConfigurationException()
    if status not in ("Enabled", "Suspended"):
        raise errors.MalformedXML()
    wanted = VersioningConfiguration.get("MFADelete")
    check_mfa(ctx, bucket, MFA, needed=bucket.mfa_delete or wanted == "Enabled")
    if status == "Suspended":
        _check_suspension(home, bucket)
    if wanted == "Enabled" and "lifecycle" in bucket.configured:
        raise errors.InvalidBucketState(
            "Mfa deletion is not supported on a bucket with lifecycle configuration. "
            "Delete lifecycle configuration before enabling Mfa deletion."
        )
    bucket = replace(bucket, versioning=status)
    if wanted is not None:
        bucket = replace(bucket, mfa_delete=wanted == "Enabled", mfa_delete_said=True)
    state.buckets.put(home, bucket)


def _check_suspension(home: Context, bucket: Bucket) -> None:
    if bucket.object_lock:
        raise errors.InvalidBucketState(
            "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed."
        )
    if configurations.find(home, bucket, "replication") is not None:
        raise errors.InvalidBucketState(
            "A replication configuration is present on this bucket, so the versioning state cannot be changed."
        )


@s3.operation("GetBucketVersioning")
def get_bucket_versioning(ctx: Context, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, str]:
    """MFA delete is told of where it was ever said."""
    bucket = buckets.bucket_of(ctx, Bucket, ExpectedBucketOwner)
    found = {"Status": bucket.versioning} if bucket.versioning else {}
    if bucket.mfa_delete or bucket.mfa_delete_said:
        found["MFADelete"] = "Enabled" if bucket.mfa_delete else "Disabled"
    return found


def check_mfa(ctx: Context, bucket: Bucket, mfa: str | None, *, needed: bool) -> None:
    """Judge x-amz-mfa, the serial number of a device of the caller's and the code that it shows, which counts once.

    `needed`: what is asked is for the root of the bucket's account, with its device. Raises: AccessDenied,
    InvalidRequest, NotDeviceOwnerError, TokenCodeInvalidError.
    """
    if mfa:
        _verify(ctx, mfa)
    elif needed:
        raise errors.AccessDenied("Mfa Authentication must be used for this request")
    if needed and (ctx.principal.kind, ctx.principal.account) != ("root", bucket.account):
        raise errors.AccessDenied("This operation may only be performed by the bucket owner")


def _verify(ctx: Context, mfa: str) -> None:
    import hodei.services.iam.api as iam  # loaded where a code is shown

    caller = ctx.principal
    if caller.session:  # of the tokens that requests carried for DevPay: AWS's words for any session's
        raise errors.InvalidRequest("DevPay and Mfa are mutually exclusive authorization methods.")
    (serial, _, code), id = mfa.partition(" "), caller.id or caller.account
    there = ctx.world.context("iam", account=caller.account, region=ctx.region, principal=caller)
    if caller.anonymous or not iam.owns_mfa(there, id, serial):
        raise errors.NotDeviceOwnerError(
            f"The device with serial number {serial} that generated token {code} is not owned by the authenticated user"
        )
    if not iam.verify_mfa(there, id, serial, code):
        raise errors.TokenCodeInvalidError()
