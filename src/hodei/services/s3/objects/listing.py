"""ListObjects, ListObjectsV2 and ListObjectVersions. A page costs the same wherever in the bucket it lies."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from typing import Any

from hodei.kernel.context import Context
from hodei.services.s3 import errors, rules
from hodei.services.s3.buckets import buckets
from hodei.services.s3.objects.versions import find, latest
from hodei.services.s3.objects.walk import Page, Span, Start, after, check_limit, echoed, encoder, page, rolled_up, walk
from hodei.services.s3.service import s3
from hodei.services.s3.state import Bucket, Object, objects, versions


@s3.operation("ListObjects")
def list_objects(
    ctx: Context,
    *,
    Bucket: str,
    Delimiter: str = "",
    EncodingType: str | None = None,
    Marker: str = "",
    MaxKeys: int = 1000,
    Prefix: str = "",
    ExpectedBucketOwner: str | None = None,
    OptionalObjectAttributes: Sequence[str] = (),
) -> dict[str, Any]:
    bucket = buckets.bucket_of(ctx, Bucket, ExpectedBucketOwner)
    limit, encode = check_limit(MaxKeys, "maxKeys"), encoder(EncodingType)
    found = _objects(ctx, bucket, Prefix, Delimiter, after(Marker, Prefix, Delimiter), limit)
    who = {} if ctx.principal.anonymous else {"Owner": buckets.owner(bucket.account)}
    answer = {
        "Name": bucket.name,
        "Prefix": encode(Prefix),
        "Marker": encode(Marker),
        "MaxKeys": limit,
        "IsTruncated": found.truncated,
        **echoed(encode, Delimiter=Delimiter),
        **echoed(str, EncodingType=EncodingType),
        "Contents": [
            {**described(ctx, obj, OptionalObjectAttributes), "Key": encode(obj.key), **who} for obj in found.records
        ],
        "CommonPrefixes": [{"Prefix": encode(group)} for group in found.prefixes],
    }
    if found.truncated and Delimiter:  # without one, the caller is to use the last key
        answer["NextMarker"] = encode(_name(found.entries[-1]))
    return answer


@s3.operation("ListObjectsV2")
def list_objects_v2(
    ctx: Context,
    *,
    Bucket: str,
    Delimiter: str = "",
    EncodingType: str | None = None,
    MaxKeys: int = 1000,
    Prefix: str = "",
    ContinuationToken: str | None = None,
    FetchOwner: bool = False,
    StartAfter: str = "",
    ExpectedBucketOwner: str | None = None,
    OptionalObjectAttributes: Sequence[str] = (),
) -> dict[str, Any]:
    bucket = buckets.bucket_of(ctx, Bucket, ExpectedBucketOwner)
    limit, encode = check_limit(MaxKeys, "maxKeys"), encoder(EncodingType)
    marker = StartAfter if ContinuationToken is None else _read_token(ctx, ContinuationToken)
    found = _objects(ctx, bucket, Prefix, Delimiter, after(marker, Prefix, Delimiter), limit)
    who = {"Owner": buckets.owner(bucket.account)} if FetchOwner else {}
    answer = {
        "Name": bucket.name,
        "Prefix": encode(Prefix),
        "MaxKeys": limit,
        "KeyCount": len(found.entries),
        "IsTruncated": found.truncated,
        **echoed(encode, Delimiter=Delimiter),
        **echoed(str, EncodingType=EncodingType),
        "Contents": [
            {**described(ctx, obj, OptionalObjectAttributes), "Key": encode(obj.key), **who} for obj in found.records
        ],
        "CommonPrefixes": [{"Prefix": encode(group)} for group in found.prefixes],
    }
    if ContinuationToken is not None:
        answer["ContinuationToken"] = ContinuationToken
    elif StartAfter:
        answer["StartAfter"] = encode(StartAfter)
    if found.truncated:
        answer["NextContinuationToken"] = ctx.token("list", _name(found.entries[-1]))
    return answer


@s3.operation("ListObjectVersions")
def list_object_versions(
    ctx: Context,
    *,
    Bucket: str,
    Delimiter: str = "",
    EncodingType: str | None = None,
    KeyMarker: str = "",
    MaxKeys: int = 1000,
    Prefix: str = "",
    VersionIdMarker: str | None = None,
    ExpectedBucketOwner: str | None = None,
    OptionalObjectAttributes: Sequence[str] = (),
) -> dict[str, Any]:
    _check_marker(KeyMarker, VersionIdMarker)
    bucket = buckets.bucket_of(ctx, Bucket, ExpectedBucketOwner)
    limit, encode = check_limit(MaxKeys, "maxKeys"), encoder(EncodingType)
    found = _versions(ctx, bucket, Prefix, Delimiter, KeyMarker, VersionIdMarker or "", limit)
    who, home = buckets.owner(bucket.account), buckets.home(ctx, bucket)
    answer: dict[str, Any] = {
        "Name": bucket.name,
        "Prefix": encode(Prefix),
        "KeyMarker": encode(KeyMarker),
        "VersionIdMarker": VersionIdMarker or "",
        "MaxKeys": limit,
        "IsTruncated": found.truncated,
        **echoed(encode, Delimiter=Delimiter),
        **echoed(str, EncodingType=EncodingType),
        "Versions": [],
        "DeleteMarkers": [],
        "CommonPrefixes": [{"Prefix": encode(group)} for group in found.prefixes],
    }
    key, newest = None, 0
    for obj in found.records:
        if obj.key != key:
            key, newest = obj.key, _newest(home, bucket, obj) if obj.key == KeyMarker else obj.sequence
        entry = {"Key": encode(obj.key), "VersionId": obj.version_id, "IsLatest": obj.sequence == newest, "Owner": who}
        if obj.marker:
            answer["DeleteMarkers"].append(entry | {"LastModified": int(obj.modified)})
        else:
            answer["Versions"].append(entry | described(ctx, obj, OptionalObjectAttributes))
    if found.truncated:
        last = found.entries[-1]
        answer["NextKeyMarker"] = encode(_name(last))
        if not isinstance(last, str):
            answer["NextVersionIdMarker"] = last.version_id
    return answer


def described(ctx: Context, obj: Object, optional: Sequence[str] = ()) -> dict[str, Any]:
    """What every listing says of an object, but its name and owner. Times are whole seconds (".000Z")."""
    answer: dict[str, Any] = {
        "LastModified": int(obj.modified),
        "ETag": f'"{obj.etag}"',
        "Size": obj.size,
        "StorageClass": obj.storage_class,
    }
    if obj.checksums:
        answer["ChecksumAlgorithm"] = list(obj.checksums)
        answer["ChecksumType"] = obj.checksum_type
    if obj.restore_ready and "RestoreStatus" in optional:
        answer["RestoreStatus"] = _restore_status(ctx, obj)
    return answer


def _restore_status(ctx: Context, obj: Object) -> dict[str, Any]:
    if ctx.now < obj.restore_ready:
        return {"IsRestoreInProgress": True}
    return {"IsRestoreInProgress": False, "RestoreExpiryDate": obj.restored_until}


def _objects(
    ctx: Context, bucket: Bucket, prefix: str, delimiter: str, start: Start | None, limit: int
) -> Page[Object]:
    home = buckets.home(ctx, bucket)

    def scan(span: Span) -> Iterator[Object]:
        return objects.scan(home, bucket.name, **span._asdict())

    return page(walk(scan, prefix=prefix, delimiter=delimiter, start=start), limit)


def _versions(
    ctx: Context, bucket: Bucket, prefix: str, delimiter: str, key_marker: str, version_marker: str, limit: int
) -> Page[Object]:
    home = buckets.home(ctx, bucket)
    whole = rolled_up(key_marker, prefix, delimiter) or not key_marker.startswith(prefix)
    rest = iter(()) if whole else _rest_of_key(home, bucket, key_marker, version_marker)

    def scan(span: Span) -> Iterator[Object]:
        current = objects.scan(home, bucket.name, **span._asdict())
        history = versions.scan(home, bucket.name, **span._asdict())
        return heapq.merge(current, history, key=lambda obj: (obj.key, obj.order))

    def entries() -> Iterator[Object | str]:
        yield from rest
        yield from walk(scan, prefix=prefix, delimiter=delimiter, start=after(key_marker, prefix, delimiter))

    return page(entries(), limit)


def _rest_of_key(home: Context, bucket: Bucket, key: str, version_id: str) -> Iterator[Object]:
    """The versions of the marker's key that are older than the marker's version.

    Where that version is gone, as it is for one who deletes page by page, all that are left of the key.
    """
    if not version_id:
        return iter(())
    marker = find(home, bucket, key, version_id)
    if marker is not None:
        return versions.scan(home, bucket.name, key, after=(marker.order,))
    current = objects.get(home, bucket.name, key)
    return iter([*([current] if current else []), *versions.scan(home, bucket.name, key)])


def _check_marker(key: str, version_id: str | None) -> None:
    """Raises: InvalidArgument for a version marker that is none, or belongs to no key."""
    if version_id is None:
        return
    if not version_id or not key:
        message = "specified without a key marker." if version_id else "empty."
        raise errors.InvalidArgument(
            f"A version-id marker cannot be {message}", ArgumentName="version-id-marker", ArgumentValue=version_id
        )
    rules.check_version_id(version_id, "version-id-marker")


def _newest(home: Context, bucket: Bucket, obj: Object) -> int:
    newest = latest(home, bucket, obj.key)
    return newest.sequence if newest else obj.sequence


def _name(entry: Object | str) -> str:
    return entry if isinstance(entry, str) else entry.key


def _read_token(ctx: Context, token: str) -> str:
    try:
        kind, key = ctx.read_token(token)
        if kind == "list":
            return str(key)
    except ValueError:
        pass
    raise errors.InvalidArgument("The continuation token provided is incorrect", ArgumentName="continuation-token")
