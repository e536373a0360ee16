"""CopyObject, and how a copy names and reads its source."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, NamedTuple, Unpack
from urllib.parse import unquote

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.protocol.http import Body
from hodei.services.s3 import errors, payment, rules
from hodei.services.s3.buckets import access_points
from hodei.services.s3.buckets.buckets import bucket_of, home, still
from hodei.services.s3.content import bodies, encryption
from hodei.services.s3.content.checksums import DEFAULT, Digests
from hodei.services.s3.content.encryption import SSE_S3, Sealing
from hodei.services.s3.management import lifecycle, storage
from hodei.services.s3.objects import conditions, drafts, versions, views
from hodei.services.s3.params import CopyParams
from hodei.services.s3.service import s3
from hodei.services.s3.state import NULL_VERSION, AccessPoint, Bucket, Object

SOURCE_LIMIT = 5 * 2**30  # bytes of what can be copied at once
ARCHIVED = "Operation is not valid for the source object's storage class"
ITSELF = (
    "This copy request is illegal because it is trying to copy an object to itself without changing the object's "
    "metadata, storage class, website redirect location or encryption attributes."
)

Result = dict[str, Any]
Name = str


class Origin(NamedTuple):
    """What a request names to copy from, and the access point by which it does."""

    bucket: str
    key: str
    version_id: str | None
    point: AccessPoint | None = None


class Source(NamedTuple):
    """What a copy reads: the version, where it lies, the key to its body. `named`: the request names the version."""

    bucket: Bucket
    home: Context
    obj: Object
    key: bytes
    named: bool

    def version(self) -> dict[str, str]:
        return {} if self.obj.version_id == NULL_VERSION else {"CopySourceVersionId": self.obj.version_id}


class Target(NamedTuple):
    """What a copy writes: the new object without its body, where it will lie, how it is sealed, who pays."""

    bucket: Bucket
    home: Context
    draft: Object
    sealing: Sealing
    charge: dict[str, str]


def source(ctx: Context, copy_source: str, given: Mapping[str, Any]) -> Source:
    """The source that a request names, once its conditions (`given`, of `CopySourceParams`) hold and it can be read.

    Raises: InvalidArgument, NoSuchBucket, NoSuchKey, NoSuchVersion, PreconditionFailed, InvalidRequest,
    InvalidObjectState.
    """
    named = parse(ctx, copy_source)
    key, version_id = named.key, named.version_id
    bucket = bucket_of(ctx, named.bucket, given.get("ExpectedSourceBucketOwner"))
    place = home(ctx, bucket)
    obj = _version(place, bucket, key, version_id)
    opening = encryption.opening(place, obj, given, "CopySource")
    conditions.check_source(place, obj, given)
    if obj.storage_class in storage.ARCHIVED and not storage.is_restored(place, obj):
        raise errors.InvalidObjectState(ARCHIVED, StorageClass=obj.storage_class)
    return Source(bucket, place, obj, opening, version_id is not None)


def parse(ctx: Context, copy_source: str) -> Origin:
    """Read "/bucket/key%20encoded?versionId=..." or the ARN of an object at an access point.

    Raises: InvalidArgument, NoSuchAccessPoint, AccessDenied.
    """
    path, mark, version_id = copy_source.partition("?versionId=")
    path = unquote(path).removeprefix("/")
    name, _, key = path.partition("/")
    point = access_points.named(ctx, name)
    if found := access_points.of_object(ctx, path):
        point, key = found
    if not key:
        raise bad_source()
    if point:
        access_points.check_reachable(ctx, point)
        name = point.bucket
    return Origin(name, key, version_id if mark else None, point)


def bad_source() -> AwsError:
    return errors.InvalidArgument(
        "Invalid copy source object key", ArgumentName="x-amz-copy-source", ArgumentValue="x-amz-copy-source"
    )


@s3.operation("CopyObject")
def copy_object(
    ctx: Context,
    *,
    Bucket: Name,
    Key: str,
    CopySource: str,
    MetadataDirective: str = "COPY",
    TaggingDirective: str = "COPY",
    ChecksumAlgorithm: str | None = None,
    IfMatch: str | None = None,
    IfNoneMatch: str | None = None,
    RequestPayer: str | None = None,
    ExpectedBucketOwner: str | None = None,
    **given: Unpack[CopyParams],
) -> Result | Coroutine[Any, Any, Result]:
    """The body is read anew only where the copy has another key, another checksum or the source came in parts."""
    bucket = bucket_of(ctx, Bucket, ExpectedBucketOwner)
    place = home(ctx, bucket)
    charge = payment.charged(ctx, bucket, RequestPayer)
    origin = source(ctx, CopySource, given)
    if origin.obj.size > SOURCE_LIMIT:
        raise errors.InvalidRequest(
            f"The specified copy source is larger than the maximum allowable size for a copy source: {SOURCE_LIMIT}"
        )
    obj = drafts.draft(ctx, place, bucket, Key, _directed(given, MetadataDirective, TaggingDirective))
    obj = _inherited(obj, origin.obj, MetadataDirective, TaggingDirective)
    sealing = encryption.sealing(place, bucket, Key, given)
    if origin.obj.bucket == Bucket and origin.obj.key == Key and not origin.named:
        _check_change(bucket, origin.obj, given, MetadataDirective)

    def check() -> None:
        now = versions.latest(place, still(ctx, bucket), Key)
        conditions.check_write(now, Key, IfMatch, IfNoneMatch)

    check()
    target = Target(bucket, place, obj, sealing, charge)
    if _same_body(origin.obj, sealing, ChecksumAlgorithm):
        return _cloned(origin, target)
    return _copied(ctx, origin, target, ChecksumAlgorithm, check)


def _same_body(origin: Object, sealing: Sealing, algorithm: str | None) -> bool:
    """Whether ETag and checksums of the copy are the source's, and its body opens with the same key."""
    same_checksum = origin.checksums and (algorithm is None or algorithm in origin.checksums)
    return bool(same_checksum) and not origin.parts and origin.encryption == sealing.encryption == SSE_S3


def _cloned(origin: Source, target: Target) -> Result:
    was = origin.obj
    pieces = bodies.clone(origin.home, target.home, origin.key, was.pieces)
    return _put(origin, target, etag=was.etag, pieces=pieces, checksums=was.checksums)


async def _copied(
    ctx: Context, origin: Source, target: Target, algorithm: str | None, check: Callable[[], None]
) -> Result:
    was, sealing = origin.obj, target.sealing
    digests = Digests(algorithm or next(iter(was.checksums), DEFAULT))
    body = bodies.read(origin.home, origin.key, was.pieces)
    chunks = Body(body).chunks() if isinstance(body, bytes) else body
    pieces = await bodies.write(target.home, sealing.key, chunks, digests, lambda size: check())
    target = target._replace(bucket=still(ctx, target.bucket))
    etag = sealing.etag(target.home, digests.md5)
    return _put(origin, target, etag=etag, pieces=pieces, checksums=digests.checksums)


def _put(origin: Source, target: Target, **body: Any) -> Result:
    bucket, place = target.bucket, target.home
    obj = replace(target.draft, size=origin.obj.size, encryption=target.sealing.encryption, modified=place.now, **body)
    obj = versions.add_version(place, bucket, obj, event="ObjectCreated:Copy")
    result = {"ETag": views.quoted(obj.etag), "LastModified": int(obj.modified), **views.checksum_members(obj)}
    return {
        "CopyObjectResult": result,
        **origin.version(),
        **encryption.shown(obj.encryption),
        **encryption.shown_context(obj.encryption),
        **views.version(bucket, obj),
        **lifecycle.expiration(place, bucket, obj),
        **target.charge,
    }


def _version(place: Context, bucket: Bucket, key: str, version_id: str | None) -> Object:
    if version_id is None:
        obj = versions.latest(place, bucket, key)
        if obj is None or obj.marker:
            raise errors.NoSuchKey(Key=key)
        return obj
    rules.check_version_id(version_id)
    obj = versions.find(place, bucket, key, version_id)
    if obj is None:
        raise errors.NoSuchVersion(Key=key, VersionId=version_id)
    if obj.marker:
        raise errors.InvalidRequest(
            "The source of a copy request may not specifically refer to a delete marker by version id."
        )
    return obj


def _directed(given: Mapping[str, Any], metadata: str, tagging: str) -> dict[str, Any]:
    """The parameters that count under the directives; what they say to copy is not looked at."""
    ignored = {"Metadata", *drafts.STORED_HEADERS} if metadata == "COPY" else set()
    if tagging == "COPY":
        ignored.add("Tagging")
    return {name: value for name, value in given.items() if name not in ignored}


def _inherited(obj: Object, origin: Object, metadata: str, tagging: str) -> Object:
    """What a copy has from its source. ACL, lock, storage class and redirect are never copied."""
    if metadata == "COPY":
        obj = replace(obj, headers=origin.headers, metadata=origin.metadata)
    return replace(obj, tags=origin.tags) if tagging == "COPY" else obj


def _check_change(bucket: Bucket, origin: Object, given: Mapping[str, Any], metadata: str) -> None:
    """An object may be copied onto itself only to change something, or to become the null version."""
    changes = (
        metadata == "REPLACE",
        given.get("StorageClass") is not None,
        given.get("WebsiteRedirectLocation") is not None,
        given.get("ServerSideEncryption") is not None,
        given.get("SSECustomerAlgorithm") is not None,
        origin.encryption != SSE_S3,
        bucket.versioning == "Suspended",
        "encryption" in bucket.configured,
    )
    if not any(changes):
        raise errors.InvalidRequest(ITSELF)
