"""Requests, and the data that they bring out: billed to the owner of the bucket, unless the requester pays."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.s3.billing import classes, request_metrics
from hodei.services.s3.buckets.buckets import home
from hodei.services.s3.service import s3
from hodei.services.s3.state import Bucket, Object, buckets, objects, uploads, versions

FREE = ("Delete", "Abort")  # "DELETE and CANCEL requests are free"
DEARER = ("Put", "Create", "Copy", "Upload", "Complete", "List")  # PUT, COPY, POST, LIST
OF_UPLOADS = ("UploadPart", "UploadPartCopy")
RETRIEVED = ("STANDARD_IA", "ONEZONE_IA", "GLACIER_IR")  # what is read of them is billed by its bytes
RESTORES = {"GLACIER": "glacier", "DEEP_ARCHIVE": "gda"}

Params = Mapping[str, Any]


@s3.meters("*")
def billed(ctx: Context, params: Params, result: Params, error: Exception | None) -> None:
    if ctx.request is not None:
        _measure(ctx, params, result, error)
    operation = ctx.operation
    if not (tier := _tier(operation)):
        return
    if not (name := params.get("Bucket")):
        if error is None:  # ListBuckets
            ctx.meter(tier, 1.0)
        return
    bucket = buckets.get(ctx, name)
    if bucket is None or (error is not None and not _counts(ctx, bucket, error)):
        return
    place = home(ctx, bucket)
    if "RequestCharged" in result:
        place = place.at(account=ctx.principal.account)
    arn = classes.arn(bucket.region, name)
    if operation == "RestoreObject" and error is None:
        _restored(place, bucket, params, arn)
        return
    kind = _class(place, bucket, operation, params, result) if error is None else ""
    prefix = classes.PREFIXES.get(kind, "")
    place.meter(prefix + tier, 1.0, arn)
    if operation == "GetObject" and (length := result.get("ContentLength")):
        if ctx.request is not None:  # to the internet, and not to another service
            place.meter("transfer", length, arn)
        if kind in RETRIEVED:
            place.meter(f"{prefix}bytes", length, arn)


def _measure(ctx: Context, params: Params, result: Params, error: Exception | None) -> None:
    bucket = buckets.get(ctx, params.get("Bucket") or "")
    if bucket is not None and request_metrics.KIND in bucket.configured:
        request_metrics.count(home(ctx, bucket), bucket, ctx, params, result, error)


@functools.cache
def _tier(operation: str) -> str:
    """ "": it costs nothing."""
    if operation.startswith(FREE):
        return ""
    return "tier1" if operation.startswith(DEARER) else "tier2"


def _counts(ctx: Context, bucket: Bucket, error: Exception) -> bool:
    """A request that fails for the client's fault is billed as well, but not where a stranger is denied.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/ErrorCodeBilling.html; what fails before it is known who
    calls is never counted.
    """
    if not isinstance(error, AwsError) or (error.status or 400) >= 500:
        return False
    return error.code != "AccessDenied" or ctx.principal.account == bucket.account


def _class(place: Context, bucket: Bucket, operation: str, params: Params, result: Params) -> str:
    """The storage class of the object that a request is about; lists and all others are requests to STANDARD."""
    if operation in ("GetObject", "HeadObject"):
        return str(result.get("StorageClass", ""))
    if operation == "CompleteMultipartUpload":
        found = objects.get(place.at(account=bucket.account), bucket.name, params["Key"])
        return found.storage_class if found else ""
    if operation in OF_UPLOADS:
        upload = uploads.get(place.at(account=bucket.account), bucket.name, params["Key"], params["UploadId"])
        return upload.object.storage_class if upload else ""
    return str(params.get("StorageClass") or "")


def _restored(place: Context, bucket: Bucket, params: Params, arn: str) -> None:
    """A restore is billed by its tier, and by the bytes that it brings back; to prolong one is a request as any."""
    found = _version(place.at(account=bucket.account), bucket, params["Key"], params.get("VersionId"))
    if found is None or found.restore_ready <= place.now:
        place.meter("tier1", 1.0, arn)
        return
    asked = params.get("RestoreRequest") or {}
    tier = asked.get("GlacierJobParameters", {}).get("Tier") or asked.get("Tier") or "Standard"
    prefix = f"{RESTORES[found.storage_class]}-{tier.lower()}"
    place.meter(f"{prefix}-restores", 1.0, arn)
    place.meter(f"{prefix}-bytes", found.size, arn)


def _version(place: Context, bucket: Bucket, key: str, version: str | None) -> Object | None:
    current = objects.get(place, bucket.name, key)
    if version is None or (current and current.version_id == version):
        return current
    return next(versions.by("id", place, bucket.name, key, version), None)
