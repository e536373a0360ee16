"""Documents in requests (of tags, rules, keys to delete) arrive as they were sent: Content-MD5 and checksums hold."""

from __future__ import annotations

import hashlib
from typing import Any

from hodei.kernel.context import Context
from hodei.services.s3 import errors
from hodei.services.s3.buckets import access_points
from hodei.services.s3.content import checksums
from hodei.services.s3.content.intake import content_md5
from hodei.services.s3.service import s3
from hodei.services.s3.web import presigned


def amend(ctx: Context, params: dict[str, Any]) -> None:
    """What is to be settled before an operation's parameters are looked at."""
    presigned.amend(ctx, params)
    access_points.amend(ctx, params)
    if ctx.request is not None and ctx.request.body.data:
        check(ctx, ctx.request.body.data)


def check(ctx: Context, document: bytes) -> None:
    """Raises: InvalidRequest, InvalidDigest, BadDigest, XAmzContentSHA256Mismatch."""
    operation = s3.model.operations[ctx.operation]
    if operation.streaming_input or not operation.http_checksum or ctx.request is None:
        return
    headers = ctx.request.headers.joined()
    given = {algorithm.member: headers[name] for name, algorithm in checksums.HEADERS.items() if name in headers}
    if asked := headers.get("x-amz-sdk-checksum-algorithm"):
        given["ChecksumAlgorithm"] = asked
    md5 = content_md5(headers.get("content-md5"))
    if ctx.operation == "DeleteObjects" and not md5 and not given:
        raise errors.InvalidRequest("Missing required header for this request: Content-MD5 OR x-amz-checksum-*")
    if md5 and hashlib.md5(document, usedforsecurity=False).digest() != md5:
        raise errors.BadDigest()
    if given:
        wanted = checksums.expected(given)
        checksums.check_value(wanted.algorithm, wanted.value, checksums.of(wanted.algorithm, document))


s3.amend = amend
