"""What the address of a request names, and the addresses of objects."""

from __future__ import annotations

import re
from urllib.parse import quote

from hodei.kernel.context import Context
from hodei.protocol.http import Request, decode_path
from hodei.services.s3.buckets import access_points
from hodei.services.s3.state import Bucket

WEBSITE = re.compile(r"(.+?)\.s3-website[.-].+")


def resource(ctx: Context, request: Request) -> tuple[str, str]:
    """The bucket, be it by an access point, and the key that a request names, "" where it names none."""
    path = decode_path(request.path).removeprefix("/")
    if bucket := website_bucket(request):
        return bucket, path
    bucket, _, key = path.partition("/")
    point = access_points.named(ctx, bucket)
    return point.bucket if point else bucket, key


def website_bucket(request: Request) -> str:
    """The bucket whose website the host is, as in `bucket.s3-website-us-east-1.amazonaws.com`; "" if it is none."""
    match = WEBSITE.fullmatch(request.host)
    return match[1] if match else ""


def location(ctx: Context, bucket: Bucket, key: str) -> str:
    """The URL of an object, at the address that the request was sent to."""
    path = quote(key, safe="")  # S3 encodes the slashes too
    request = ctx.request
    if request is None:
        return f"https://{bucket.name}.s3.{bucket.region}.amazonaws.com/{path}"
    base = f"{request.scheme}://{request.headers.get('host')}"
    return f"{base}/{path}" if request.host.startswith(f"{bucket.name}.") else f"{base}/{bucket.name}/{path}"
