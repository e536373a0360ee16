"""If-Match and its kin: on reads, on the source of copies, on writes and on deletes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.s3 import errors
from hodei.services.s3.state import Object

READ_PARAMS = frozenset(("IfMatch", "IfModifiedSince", "IfNoneMatch", "IfUnmodifiedSince"))


def check_read(ctx: Context, obj: Object, given: Mapping[str, Any], headers: Mapping[str, str]) -> None:
    """Raises: PreconditionFailed, NotModified (with `headers`). If-Match rules over dates, as RFC 9110 has it."""
    if failed := _failed_match(obj, given, ""):
        raise errors.PreconditionFailed(Condition=failed).with_headers(headers)
    if _failed_none_match(ctx, obj, given, ""):
        raise errors.NotModified().with_headers(headers)


def check_source(ctx: Context, obj: Object, given: Mapping[str, Any]) -> None:
    """The conditions that a copy sets on its source. Raises: PreconditionFailed."""
    failed = _failed_match(obj, given, "CopySource") or _failed_none_match(ctx, obj, given, "CopySource")
    if failed:
        raise errors.PreconditionFailed(Condition=f"x-amz-copy-source-{failed}")


def check_write(
    current: Object | None, key: str, if_match: str | None, if_none_match: str | None, *, conflict: bool = False
) -> None:
    """The conditions of PutObject, CopyObject and CompleteMultipartUpload on the latest version of their key.

    `conflict` says that the object has changed since the write began. Raises: PreconditionFailed, NoSuchKey,
    ConditionalRequestConflict, NotImplemented for what S3 does not take.
    """
    if if_match is None and if_none_match is None:
        return
    if if_match is not None and if_none_match is not None:
        raise _unaccepted("If-Match,If-None-Match", "Multiple conditional request headers present in the request")
    if if_none_match is not None:
        if if_none_match.strip() != "*":
            raise _unaccepted("If-None-Match", _value_message("If-None-Match"))
        if _exists(current):
            raise errors.PreconditionFailed(Condition="If-None-Match")
        if conflict:
            raise errors.ConditionalRequestConflict(Condition="If-None-Match", Key=key)
        return
    assert if_match is not None
    if if_match.strip() == "*":
        raise _unaccepted("If-Match", _value_message("If-Match"))
    if current is None or current.marker:
        raise errors.NoSuchKey(Key=key)
    if not _matches(current.etag, if_match):
        raise errors.PreconditionFailed(Condition="If-Match")
    if conflict:
        raise errors.ConditionalRequestConflict(Condition="If-Match", Key=key)


def check_delete(current: Object | None, key: str, given: Mapping[str, Any]) -> None:
    """`given` has IfMatch, and IfMatchLastModifiedTime and IfMatchSize, which only directory buckets know."""
    for name, header in (
        ("IfMatchLastModifiedTime", "x-amz-if-match-last-modified-time"),
        ("IfMatchSize", "x-amz-if-match-size"),
    ):
        if given.get(name) is not None:
            raise errors.NotImplementedHeader(Header=header)
    if (if_match := given.get("IfMatch")) is None:
        return
    if current is None or current.marker:
        raise errors.NoSuchKey(Key=key)
    if not _matches(current.etag, if_match):
        raise errors.PreconditionFailed(Condition="If-Match")


def _failed_match(obj: Object, given: Mapping[str, Any], prefix: str) -> str:
    """The condition of the first pair that does not hold, "" if both do."""
    if (etags := given.get(f"{prefix}IfMatch")) is not None:
        return "" if _matches(obj.etag, etags) else "If-Match"
    since: datetime | None = given.get(f"{prefix}IfUnmodifiedSince")
    return "If-Unmodified-Since" if since is not None and int(obj.modified) > since.timestamp() else ""


def _failed_none_match(ctx: Context, obj: Object, given: Mapping[str, Any], prefix: str) -> str:
    """As `_failed_match`, the second pair. A date in the future does not count."""
    if (etags := given.get(f"{prefix}IfNoneMatch")) is not None:
        return "If-None-Match" if _matches(obj.etag, etags) else ""
    since: datetime | None = given.get(f"{prefix}IfModifiedSince")
    unmodified = since is not None and int(obj.modified) <= since.timestamp() <= ctx.now
    return "If-Modified-Since" if unmodified else ""


def _matches(etag: str, wanted: str) -> bool:
    """Whether an ETag is one of a list; S3 takes them without quotes too."""
    if wanted.strip('"') == etag or wanted.strip() == "*":
        return True
    return any(part.strip().removeprefix("W/").strip('"') == etag for part in wanted.split(","))


def _exists(current: Object | None) -> bool:
    return current is not None and not current.marker


def _value_message(header: str) -> str:
    return f"We don't accept the provided value of {header} header for this API"


def _unaccepted(header: str, message: str) -> AwsError:
    return errors.NotImplementedHeader(Header=header, additionalMessage=message)
