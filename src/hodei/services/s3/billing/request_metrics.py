"""Metrics of requests to buckets that have metrics configurations, for each of these.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/metrics-dimensions.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.s3.buckets import access_points
from hodei.services.s3.filters import filter_of
from hodei.services.s3.service import s3
from hodei.services.s3.state import Bucket, configurations, objects

KIND = "metrics"
NAMESPACE = "AWS/S3"
METHODS = {"GET": "Get", "PUT": "Put", "DELETE": "Delete", "HEAD": "Head", "POST": "Post"}
LISTS = ("ListObjects", "ListObjectsV2", "ListObjectVersions", "ListMultipartUploads", "ListParts")

Params = Mapping[str, Any]


def count(
    place: Context, bucket: Bucket, ctx: Context, params: Params, result: Params, error: Exception | None
) -> None:
    """A request to a bucket is over; `place` is where the bucket is."""
    found = None
    for row in configurations.scan(place, bucket.name, KIND):
        if _fits(place, ctx, params, row.document):
            found = found or list(_values(ctx, params, result, error))
            for name, value, unit in found:
                place.metric(NAMESPACE, name, value, unit, BucketName=bucket.name, FilterId=row.id)


def _fits(place: Context, ctx: Context, params: Params, document: Params) -> bool:
    """Whether a configuration is for that request."""
    given = document.get("Filter")
    if given is None:
        return True
    parts = given.get("And", given)
    if "AccessPointArn" in parts:
        point = access_points.used(ctx)
        if point is None or access_points.arn(point) != parts["AccessPointArn"]:
            return False
    key = params.get("Key", params.get("Prefix", ""))
    wanted = filter_of(document)
    if not wanted.tags:
        return bool(key.startswith(wanted.prefix))
    found = objects.get(place, params["Bucket"], key)
    return found is not None and wanted.matches(found)


def _values(ctx: Context, params: Params, result: Params, error: Exception | None) -> Iterator[tuple[str, float, str]]:
    assert ctx.request
    yield "AllRequests", 1, "Count"
    kind = "List" if ctx.operation in LISTS else _kind(ctx)
    yield f"{kind}Requests", 1, "Count"
    status = (error.status or 400) if isinstance(error, AwsError) else 500 if error else 200
    yield "4xxErrors", int(400 <= status < 500), "Count"
    yield "5xxErrors", int(status >= 500), "Count"
    if error is None and (sent := _sent(ctx)):
        yield "BytesUploaded", sent, "Bytes"
    if error is None and ctx.operation == "GetObject":
        yield "BytesDownloaded", result.get("ContentLength", 0), "Bytes"
    if error is None:
        yield "FirstByteLatency", ctx.elapsed * 1000, "Milliseconds"
    yield "TotalRequestLatency", ctx.elapsed * 1000, "Milliseconds"


def _sent(ctx: Context) -> int:
    """Bytes, without the framing of signed chunks."""
    assert ctx.request
    headers = ctx.request.headers
    return int(headers.get("x-amz-decoded-content-length") or headers.get("content-length") or 0)


def _kind(ctx: Context) -> str:
    operation = s3.find(ctx.operation)
    assert operation
    return METHODS[operation.model.http_method]
