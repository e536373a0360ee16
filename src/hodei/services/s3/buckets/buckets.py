"""Buckets, as every operation asks for them: names are global, rows lie in the bucket's own account and region."""

from __future__ import annotations

from hodei.kernel.arns import partition_of
from hodei.kernel.context import Context
from hodei.kernel.iam.principals import canonical_id as canonical_id
from hodei.services.s3 import errors
from hodei.services.s3.state import Bucket, buckets


def bucket_of(ctx: Context, name: str, expected_owner: str | None = None) -> Bucket:
    """The bucket of that name. Raises: NoSuchBucket; AccessDenied if it has another owner than is expected."""
    bucket = buckets.get(ctx, name)
    if bucket is None:
        raise errors.NoSuchBucket(BucketName=name)
    if expected_owner is not None:
        check_owner(bucket, expected_owner)
    return bucket


def still(ctx: Context, bucket: Bucket) -> Bucket:
    """The same bucket as it is now, after a wait. Raises: NoSuchBucket if it is gone, even if another has its name."""
    now = bucket_of(ctx, bucket.name)
    if (now.account, now.region, now.created) != (bucket.account, bucket.region, bucket.created):
        raise errors.NoSuchBucket(BucketName=bucket.name)
    return now


def check_owner(bucket: Bucket, expected: str) -> None:
    """x-amz-expected-bucket-owner and x-amz-source-expected-bucket-owner."""
    if not (len(expected) == 12 and expected.isascii() and expected.isdigit()):
        raise errors.InvalidBucketOwnerAWSAccountID(
            f"The value of the expected bucket owner parameter must be an AWS Account ID... [{expected}]"
        )
    if expected != bucket.account:
        raise errors.AccessDenied()


def home(ctx: Context, bucket: Bucket) -> Context:
    """The place of the bucket's rows, for the same call."""
    if ctx.account == bucket.account and ctx.region == bucket.region:
        return ctx
    return ctx.at(account=bucket.account, region=bucket.region)


def arn(bucket: Bucket) -> str:
    return f"arn:{partition_of(bucket.region)}:s3:::{bucket.name}"


def owner(account: str) -> dict[str, str]:
    """An Owner element."""
    return {"ID": canonical_id(account)}
