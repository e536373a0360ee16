"""Objects: put, get, head, delete."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from datetime import datetime
from typing import Any, Unpack

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.kernel.iam.authorise import authorise
from hodei.protocol.http import Body as Stream
from hodei.protocol.timestamps import rfc822
from hodei.services.s3 import errors, payment, rules
from hodei.services.s3.buckets import versioning
from hodei.services.s3.buckets.buckets import bucket_of, home, still
from hodei.services.s3.content import bodies, checksums, encryption, ranges
from hodei.services.s3.content.encryption import Sealing
from hodei.services.s3.content.intake import Intake, Received
from hodei.services.s3.management import lifecycle, lock, storage
from hodei.services.s3.objects import conditions, drafts, versions, views
from hodei.services.s3.params import PutParams, ReadParams
from hodei.services.s3.service import s3
from hodei.services.s3.state import Bucket, Object

DELETE_LIMIT = 1000  # keys of one DeleteObjects
OVERRIDES = {
    "ResponseCacheControl": "CacheControl",
    "ResponseContentDisposition": "ContentDisposition",
    "ResponseContentEncoding": "ContentEncoding",
    "ResponseContentLanguage": "ContentLanguage",
    "ResponseContentType": "ContentType",
}

Result = dict[str, Any]
Name = str  # operations have a parameter called Bucket


# writing


@s3.operation("PutObject")
def put_object(
    ctx: Context,
    *,
    Bucket: Name,
    Key: str,
    Body: Stream | bytes | None = None,
    IfMatch: str | None = None,
    IfNoneMatch: str | None = None,
    WriteOffsetBytes: int | None = None,
    RequestPayer: str | None = None,
    ExpectedBucketOwner: str | None = None,
    **given: Unpack[PutParams],
) -> Result | Coroutine[Any, Any, Result]:
    """A small body that has come already is put at once, in one batch; a larger one streams, and is put at its end."""
    bucket = bucket_of(ctx, Bucket, ExpectedBucketOwner)
    place = home(ctx, bucket)
    charge = payment.charged(ctx, bucket, RequestPayer)
    if WriteOffsetBytes is not None:  # appending is for directory buckets
        raise errors.NotImplementedHeader(Header="x-amz-write-offset-bytes")
    obj = drafts.draft(ctx, place, bucket, Key, given)
    sealing = encryption.sealing(place, bucket, Key, given)
    intake = Intake(ctx, Body, given)
    current = versions.latest(place, bucket, Key) if IfMatch or IfNoneMatch else None
    conditions.check_write(current, Key, IfMatch, IfNoneMatch)
    received = intake.receive_now(place, sealing.key)
    if received is not None:
        return charge | _put(place, bucket, obj, sealing, received)

    def check() -> None:
        """What held when the body began to come must still hold now that it is here."""
        now = versions.latest(place, still(ctx, bucket), Key)
        conditions.check_write(now, Key, IfMatch, IfNoneMatch, conflict=_sequence(now) != _sequence(current))

    async def stream() -> Result:
        received = await intake.receive(place, sealing.key, check)
        return charge | _put(place, still(ctx, bucket), obj, sealing, received)

    return stream()


def _put(place: Context, bucket: Bucket, obj: Object, sealing: Sealing, received: Received) -> Result:
    obj = replace(
        obj,
        modified=place.now,
        encryption=sealing.encryption,
        etag=sealing.etag(place, received.md5),
        size=received.size,
        pieces=received.pieces,
        checksums=received.checksums,
    )
    obj = versions.add_version(place, bucket, obj, event="ObjectCreated:Put")
    return views.written(obj) | lifecycle.expiration(place, bucket, obj)


def _sequence(obj: Object | None) -> int:
    return obj.sequence if obj is not None else 0


# reading


def locate(
    ctx: Context, name: str, key: str, version_id: str | None, expected_owner: str | None
) -> tuple[Bucket, Context, Object]:
    """The bucket, its place and the version of a key that a request reads, never a delete marker.

    Raises: NoSuchBucket, NoSuchKey, NoSuchVersion, InvalidArgument, MethodNotAllowed for a delete marker.
    """
    bucket = bucket_of(ctx, name, expected_owner)
    place = home(ctx, bucket)
    rules.check_key(key)
    if version_id is None:
        obj = versions.latest(place, bucket, key)
        if obj is None:
            raise errors.NoSuchKey(Key=key)
        if obj.marker:
            raise errors.NoSuchKey(Key=key).with_headers(_marker_headers(obj))
        return bucket, place, obj
    rules.check_version_id(version_id)
    obj = versions.find(place, bucket, key, version_id)
    if obj is None:
        raise errors.NoSuchVersion(Key=key, VersionId=version_id)
    if obj.marker:
        method = ctx.request.method if ctx.request is not None else "GET"
        headers = {**_marker_headers(obj), "Allow": "DELETE"}
        raise errors.MethodNotAllowed(Method=method, ResourceType="DeleteMarker").with_headers(headers)
    return bucket, place, obj


@s3.operation("GetObject")
def get_object(
    ctx: Context,
    *,
    Bucket: Name,
    Key: str,
    VersionId: str | None = None,
    RequestPayer: str | None = None,
    ExpectedBucketOwner: str | None = None,
    **given: Unpack[ReadParams],
) -> Result:
    bucket, place, obj = locate(ctx, Bucket, Key, VersionId, ExpectedBucketOwner)
    charge = payment.charged(ctx, bucket, RequestPayer)
    key = encryption.opening(place, obj, given)
    _check_conditions(place, bucket, obj, given)
    storage.check_readable(place, obj)
    span = ranges.wanted(obj, given.get("Range"), given.get("PartNumber"))
    view = _view(place, bucket, obj, span, given, latest=VersionId is None)
    view["Body"] = bodies.read(place, key, obj.pieces, span.start, span.end)
    return charge | view


@s3.operation("HeadObject")
def head_object(
    ctx: Context,
    *,
    Bucket: Name,
    Key: str,
    VersionId: str | None = None,
    RequestPayer: str | None = None,
    ExpectedBucketOwner: str | None = None,
    **given: Unpack[ReadParams],
) -> Result:
    bucket, place, obj = locate(ctx, Bucket, Key, VersionId, ExpectedBucketOwner)
    charge = payment.charged(ctx, bucket, RequestPayer)
    encryption.check(obj.encryption, given)
    if given.get("ChecksumMode") == "ENABLED":  # AWS: whoever asks for checksums must be able to read the body
        encryption.opening(place, obj, given)
    _check_conditions(place, bucket, obj, given)
    span = ranges.wanted(obj, given.get("Range"), given.get("PartNumber"))
    return charge | _view(place, bucket, obj, span, given, latest=VersionId is None)


def _check_conditions(place: Context, bucket: Bucket, obj: Object, given: Mapping[str, Any]) -> None:
    if given.keys() & conditions.READ_PARAMS:
        conditions.check_read(place, obj, given, views.not_modified_headers(bucket, obj))


def _view(
    place: Context, bucket: Bucket, obj: Object, span: ranges.Wanted, given: Mapping[str, Any], *, latest: bool
) -> Result:
    view = views.read(place, bucket, obj)
    if latest:
        view |= lifecycle.expiration(place, bucket, obj)
    view["ContentLength"] = span.length
    if span.partial:
        view["ContentRange"] = f"bytes {span.start}-{span.end - 1}/{obj.size}"
    if given.get("PartNumber") is not None and obj.parts:
        view["PartsCount"] = len(obj.parts)
    if given.get("ChecksumMode") == "ENABLED" and (not span.partial or given.get("PartNumber") is not None):
        view |= _checksums(obj, span)
    for name, member in OVERRIDES.items():
        if (value := given.get(name)) is not None:
            view[member] = value
    expires: datetime | None = given.get("ResponseExpires")
    if expires is not None:
        view["Expires"] = rfc822(expires)
    return view


def _checksums(obj: Object, span: ranges.Wanted) -> dict[str, str]:
    """Those of the bytes that are sent: for a part its own, which FULL_OBJECT uploads do not tell."""
    if span.part is None:
        return views.checksum_members(obj)
    if obj.checksum_type == "FULL_OBJECT":
        return {}
    return {**checksums.members(span.part.checksums), "ChecksumType": obj.checksum_type}


def _marker_headers(marker: Object) -> dict[str, str]:
    return {"x-amz-delete-marker": "true", "x-amz-version-id": marker.version_id}


# deleting


@s3.operation("DeleteObject")
def delete_object(
    ctx: Context,
    *,
    Bucket: Name,
    Key: str,
    VersionId: str | None = None,
    MFA: str | None = None,
    RequestPayer: str | None = None,
    BypassGovernanceRetention: bool | None = None,
    ExpectedBucketOwner: str | None = None,
    IfMatch: str | None = None,
    IfMatchLastModifiedTime: datetime | None = None,
    IfMatchSize: int | None = None,
) -> Result:
    bucket = bucket_of(ctx, Bucket, ExpectedBucketOwner)
    rules.check_key(Key)
    lock.check_bypass(bucket, BypassGovernanceRetention)
    given = {"IfMatch": IfMatch, "IfMatchLastModifiedTime": IfMatchLastModifiedTime, "IfMatchSize": IfMatchSize}
    charge = payment.charged(ctx, bucket, RequestPayer)
    versioning.check_mfa(ctx, bucket, MFA, needed=bucket.mfa_delete and VersionId is not None)
    return charge | _delete(home(ctx, bucket), bucket, Key, VersionId, given, BypassGovernanceRetention)


@s3.operation("DeleteObjects")
def delete_objects(
    ctx: Context,
    *,
    Bucket: Name,
    Delete: Mapping[str, Any],
    MFA: str | None = None,
    RequestPayer: str | None = None,
    BypassGovernanceRetention: bool | None = None,
    ExpectedBucketOwner: str | None = None,
    ChecksumAlgorithm: str | None = None,
) -> Result:
    """Each key succeeds or fails by itself. Without a code that MFA delete wants of one of them, all fail."""
    bucket = bucket_of(ctx, Bucket, ExpectedBucketOwner)
    lock.check_bypass(bucket, BypassGovernanceRetention)
    wanted = Delete.get("Objects") or []
    if not 0 < len(wanted) <= DELETE_LIMIT:
        raise errors.MalformedXML()
    place, charge = home(ctx, bucket), payment.charged(ctx, bucket, RequestPayer)
    versioning.check_mfa(ctx, bucket, MFA, needed=bucket.mfa_delete and any(one.get("VersionId") for one in wanted))
    permitted = {"Bucket": Bucket, "BypassGovernanceRetention": BypassGovernanceRetention}
    deleted, failed = [], []
    for entry in wanted:
        key, version_id = entry["Key"], entry.get("VersionId") or None
        given = {
            "IfMatch": entry.get("ETag"),
            "IfMatchLastModifiedTime": entry.get("LastModifiedTime"),
            "IfMatchSize": entry.get("Size"),
        }
        named = {"Key": key, **({"VersionId": version_id} if version_id else {})}
        try:
            rules.check_key(key)
            if version_id is not None and not rules.is_version_id(version_id):
                raise errors.NoSuchVersion()  # a single DELETE says InvalidArgument
            authorise(ctx, "DeleteObject", permitted | named)
            gone = _delete(place, bucket, key, version_id, given, BypassGovernanceRetention)
        except AwsError as error:
            failed.append({**named, "Code": error.code, "Message": error.message})
            continue
        if gone.get("DeleteMarker"):
            named |= {"DeleteMarker": True, "DeleteMarkerVersionId": gone["VersionId"]}
        deleted.append(named)
    result: Result = {**charge, **({"Errors": failed} if failed else {})}
    return result if Delete.get("Quiet") else {"Deleted": deleted, **result}


def _delete(
    place: Context,
    bucket: Bucket,
    key: str,
    version_id: str | None,
    given: Mapping[str, Any],
    bypass: bool | None,
) -> Result:
    """One deletion. What does not exist is deleted as well: that is S3's idea of idempotency."""
    if version_id is None:
        if any(value is not None for value in given.values()):
            conditions.check_delete(versions.latest(place, bucket, key), key, given)
        marker = versions.delete_latest(place, bucket, key)
        return {} if marker is None else {"DeleteMarker": True, "VersionId": marker.version_id}
    rules.check_version_id(version_id)
    obj = versions.find(place, bucket, key, version_id)
    conditions.check_delete(obj, key, given)
    if obj is None:
        return {"VersionId": version_id} if bucket.versioning else {}
    lock.check_delete(place, bucket, obj, bypass)
    versions.delete_version(place, bucket, obj, event="ObjectRemoved:Delete")
    if not bucket.versioning:
        return {}
    return {"VersionId": obj.version_id, **({"DeleteMarker": True} if obj.marker else {})}
