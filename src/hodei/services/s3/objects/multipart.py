"""Multipart uploads: begun, completed (their parts are put behind one another as references, no byte is moved), given
up, listed. See `parts` for what lies between.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Unpack

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.s3 import errors
from hodei.services.s3.buckets import buckets
from hodei.services.s3.content import bodies, checksums, encryption
from hodei.services.s3.management import lifecycle
from hodei.services.s3.objects import conditions, versions, views
from hodei.services.s3.objects.drafts import draft
from hodei.services.s3.objects.parts import described, drop, forget, upload_of
from hodei.services.s3.objects.walk import Page, Span, after, check_limit, echoed, encoder, page, rolled_up, walk
from hodei.services.s3.params import ChecksumValues, NewObjectParams
from hodei.services.s3.service import s3
from hodei.services.s3.state import (
    Bucket,
    Completion,
    Object,
    Part,
    Upload,
    UploadPart,
    completions,
    upload_parts,
    uploads,
)
from hodei.services.s3.web.addresses import location

LEAST_PART = 5 * 2**20  # bytes of every part but the last
REMEMBERED = 86400  # seconds for which completing again answers as the first time
UNTOLD = ("SSECustomer", "SSEKMSEncryptionContext")  # what completing an upload does not say of its encryption
COMPOSITE, FULL_OBJECT = "COMPOSITE", "FULL_OBJECT"


@s3.operation("CreateMultipartUpload")
def create_multipart_upload(
    ctx: Context,
    *,
    Bucket: str,
    Key: str,
    ChecksumAlgorithm: str = "",
    ChecksumType: str = "",
    ExpectedBucketOwner: str | None = None,
    **given: Unpack[NewObjectParams],
) -> dict[str, Any]:
    bucket = buckets.bucket_of(ctx, Bucket, ExpectedBucketOwner)
    home = buckets.home(ctx, bucket)
    obj = draft(ctx, home, bucket, Key, given)
    sealed = encryption.sealing(home, bucket, Key, given)
    current = versions.latest(home, bucket, Key)
    upload = Upload(
        bucket=bucket.name,
        key=Key,
        upload_id=f"{int(home.now * 1e6):014x}{home.ids.url_token(48)}",  # the uploads of a key sort by their age
        initiated=home.now,
        object=replace(obj, encryption=sealed.encryption),
        checksum_algorithm=ChecksumAlgorithm,
        checksum_type=_checksum_type(ChecksumAlgorithm, ChecksumType),
        existed=current is not None and not current.marker,
    )
    uploads.put(home, upload)
    answer = {
        "Bucket": bucket.name,
        "Key": Key,
        "UploadId": upload.upload_id,
        **encryption.shown(upload.object.encryption),
        **encryption.shown_context(upload.object.encryption),
        **lifecycle.abortion(home, bucket, Key, home.now),
    }
    if ChecksumAlgorithm:
        answer |= {"ChecksumAlgorithm": ChecksumAlgorithm, "ChecksumType": upload.checksum_type}
    return answer


@s3.operation("CompleteMultipartUpload")
def complete_multipart_upload(
    ctx: Context,
    *,
    Bucket: str,
    Key: str,
    UploadId: str,
    MultipartUpload: Mapping[str, Any] | None = None,
    ChecksumType: str | None = None,
    MpuObjectSize: int | None = None,
    IfMatch: str | None = None,
    IfNoneMatch: str | None = None,
    ExpectedBucketOwner: str | None = None,
    **given: Unpack[ChecksumValues],
) -> dict[str, Any]:
    bucket = buckets.bucket_of(ctx, Bucket, ExpectedBucketOwner)
    home = buckets.home(ctx, bucket)
    asked = _asked_parts(MultipartUpload, UploadId)
    if done := completions.get(home, bucket.name, Key, UploadId):
        return _done_before(done, asked)
    upload = upload_of(home, bucket, Key, UploadId)
    if upload.object.encryption.kms_key:  # AWS: S3 reads the parts, for which the data key must open
        encryption.opening(home, upload.object, {})
    if ChecksumType is not None and ChecksumType != upload.checksum_type:
        raise errors.InvalidRequest(
            f"The upload was created using the {upload.checksum_type or 'null'} checksum mode. "
            "The complete request must use the same checksum mode."
        )
    current = versions.latest(home, bucket, Key)
    conditions.check_write(current, Key, IfMatch, IfNoneMatch, conflict=_changed_since(upload, current))
    parts = [_found_part(home, upload, part) for part in asked]
    _check_sizes(parts, MpuObjectSize)
    obj = _whole(upload, parts)
    _check_whole_checksum(upload, obj, given)
    _drop_unused(home, upload, parts)
    forget(home, upload)
    obj = versions.add_version(home, bucket, obj, event="ObjectCreated:CompleteMultipartUpload")
    answer = _completed(ctx, bucket, upload, obj)
    completions.put(home, Completion(bucket=bucket.name, key=Key, upload_id=UploadId, etag=obj.etag, answer=answer))
    home.timers.set(home, "forget-completion", home.now + REMEMBERED, bucket.name, Key, UploadId)
    return answer


@s3.operation("AbortMultipartUpload")
def abort_multipart_upload(
    ctx: Context, *, Bucket: str, Key: str, UploadId: str, ExpectedBucketOwner: str | None = None
) -> None:
    bucket = buckets.bucket_of(ctx, Bucket, ExpectedBucketOwner)
    home = buckets.home(ctx, bucket)
    drop(home, upload_of(home, bucket, Key, UploadId))


@s3.operation("ListMultipartUploads")
def list_multipart_uploads(
    ctx: Context,
    *,
    Bucket: str,
    Delimiter: str = "",
    EncodingType: str | None = None,
    KeyMarker: str = "",
    MaxUploads: int = 1000,
    Prefix: str = "",
    UploadIdMarker: str = "",
    ExpectedBucketOwner: str | None = None,
) -> dict[str, Any]:
    bucket = buckets.bucket_of(ctx, Bucket, ExpectedBucketOwner)
    limit, encode = check_limit(MaxUploads, "max-uploads"), encoder(EncodingType)
    if not KeyMarker:
        UploadIdMarker = ""  # means nothing by itself
    found = _uploads(buckets.home(ctx, bucket), bucket, Prefix, Delimiter, KeyMarker, UploadIdMarker, limit)
    last = found.entries[-1] if found.entries else ""
    next_key = last.key if isinstance(last, Upload) else last if found.truncated else ""
    return {
        "Bucket": bucket.name,
        "KeyMarker": encode(KeyMarker),
        "UploadIdMarker": UploadIdMarker,
        "NextKeyMarker": encode(next_key),
        "NextUploadIdMarker": last.upload_id if isinstance(last, Upload) else "",
        "MaxUploads": limit,
        "IsTruncated": found.truncated,
        **echoed(encode, Prefix=Prefix, Delimiter=Delimiter),
        **echoed(str, EncodingType=EncodingType),
        "Uploads": [
            {
                "UploadId": upload.upload_id,
                "Key": encode(upload.key),
                "Initiated": int(upload.initiated),
                **described(upload),
            }
            for upload in found.records
        ],
        "CommonPrefixes": [{"Prefix": encode(group)} for group in found.prefixes],
    }


@s3.timer("forget-completion")
def forget_completion(home: Context, bucket: str, key: str, upload_id: str) -> None:
    completions.delete(home, bucket, key, upload_id)


def _checksum_type(algorithm: str, asked: str) -> str:
    """Raises: InvalidRequest for a type that the algorithm cannot give."""
    if not algorithm:
        if asked:
            raise errors.InvalidRequest(
                "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header."
            )
        return ""
    linear = checksums.ALGORITHMS[algorithm].linear
    if (asked == FULL_OBJECT and not linear) or (asked == COMPOSITE and algorithm == checksums.DEFAULT):
        raise errors.InvalidRequest(
            f"The {asked} checksum type cannot be used with the {algorithm.lower()} checksum algorithm."
        )
    return asked or (FULL_OBJECT if algorithm == checksums.DEFAULT else COMPOSITE)


def _asked_parts(asked: Mapping[str, Any] | None, upload_id: str) -> list[Mapping[str, Any]]:
    """The parts that the request names. Raises: InvalidRequest, MalformedXML, InvalidPartOrder."""
    if asked is None:
        raise errors.InvalidRequest("You must specify at least one part")
    parts = asked.get("Parts") or []
    if not parts or any("PartNumber" not in part or "ETag" not in part for part in parts):
        raise errors.MalformedXML()
    numbers = [part["PartNumber"] for part in parts]
    if any(number >= following for number, following in itertools.pairwise(numbers)):
        raise errors.InvalidPartOrder(UploadId=upload_id)
    return list(parts)


def _found_part(home: Context, upload: Upload, asked: Mapping[str, Any]) -> UploadPart:
    """The stored part that the request names by number, ETag and checksum."""
    part = upload_parts.get(home, upload.upload_id, asked["PartNumber"])
    etag = _bare(asked["ETag"])
    invalid = errors.InvalidPart(UploadId=upload.upload_id, PartNumber=str(asked["PartNumber"]), ETag=etag)
    if part is None or part.etag != etag:
        raise invalid
    algorithm = upload.checksum_algorithm
    given = {name: asked[f"Checksum{name}"] for name in checksums.ALGORITHMS if f"Checksum{name}" in asked}
    if algorithm and algorithm not in given and upload.checksum_type == COMPOSITE:
        if given:
            raise errors.BadDigest(
                f"The {algorithm.lower()} you specified for part {part.number} did not match what we received."
            )
        raise errors.InvalidRequest(
            f"The upload was created using a {algorithm.lower()} checksum. The complete request must include the "
            f"checksum for each part. It was missing for part {part.number} in the request."
        )
    if given and given != {algorithm: part.checksums.get(algorithm)}:
        raise invalid
    return part


def _check_sizes(parts: list[UploadPart], expected: int | None) -> None:
    for part in parts[:-1]:
        if part.size < LEAST_PART:
            raise errors.EntityTooSmall(
                PartNumber=str(part.number),
                ETag=part.etag,
                MinSizeAllowed=str(LEAST_PART),
                ProposedSize=str(part.size),
            )
    size = sum(part.size for part in parts)
    if expected is not None and expected != size:
        raise errors.InvalidRequest(
            f"The provided 'x-amz-mp-object-size' header value {expected} does not match what was computed: {size}"
        )


def _whole(upload: Upload, parts: list[UploadPart]) -> Object:
    """The object: its date is that of the upload's beginning."""
    algorithm = upload.checksum_algorithm
    if not algorithm and not upload.object.encryption.customer_key_md5:
        algorithm = checksums.DEFAULT
    kind = upload.checksum_type or FULL_OBJECT
    return replace(
        upload.object,
        size=sum(part.size for part in parts),
        etag=_etag(part.etag for part in parts),
        pieces=tuple(itertools.chain.from_iterable(part.pieces for part in parts)),
        parts=tuple(
            Part(
                number=part.number,
                size=part.size,
                checksums={algorithm: part.checksums[algorithm]} if kind == COMPOSITE else {},
            )
            for part in parts
        ),
        checksums={algorithm: _checksum(algorithm, kind, parts)} if algorithm else {},
        checksum_type=kind,
    )


def _checksum(algorithm: str, kind: str, parts: list[UploadPart]) -> str:
    if kind == COMPOSITE:
        return checksums.composite(algorithm, (part.checksums[algorithm] for part in parts))
    return checksums.combined(algorithm, ((part.checksums[algorithm], part.size) for part in parts))


def _check_whole_checksum(upload: Upload, obj: Object, given: Mapping[str, Any]) -> None:
    """The request may say what the checksum of the object must be."""
    claimed = {name: given[f"Checksum{name}"] for name in checksums.ALGORITHMS if f"Checksum{name}" in given}
    for name, value in claimed.items():
        calculated = obj.checksums.get(name, "")
        if value not in (calculated, calculated.partition("-")[0]):
            kind = upload.checksum_algorithm or name
            raise errors.BadDigest(f"The {kind.lower()} you specified did not match the calculated checksum.")


def _etag(etags: Iterable[str]) -> str:
    """The MD5 of the parts' MD5s, and how many they are."""
    digests = [bytes.fromhex(etag) for etag in etags]
    return f"{hashlib.md5(b''.join(digests), usedforsecurity=False).hexdigest()}-{len(digests)}"


def _drop_unused(home: Context, upload: Upload, used: list[UploadPart]) -> None:
    """The parts that the request left out are not kept."""
    numbers = {part.number for part in used}
    for part in upload_parts.scan(home, upload.upload_id):
        if part.number not in numbers:
            bodies.delete(home, part.pieces)


def _changed_since(upload: Upload, current: Object | None) -> bool:
    """Whether the key has got another object, or lost its object, since the upload began."""
    if current is None or current.marker:
        return upload.existed
    return current.sequence > int(upload.initiated * 1e6)


def _completed(ctx: Context, bucket: Bucket, upload: Upload, obj: Object) -> dict[str, Any]:
    """AWS, as recorded: under a KMS key the checksum that nobody asked for is not told."""
    of_kms = obj.encryption.kms_key and not upload.checksum_algorithm
    untold = (*UNTOLD, "Checksum") if of_kms else UNTOLD
    written = {name: value for name, value in views.written(obj).items() if not name.startswith(untold)}
    expiration = lifecycle.expiration(buckets.home(ctx, bucket), bucket, obj)
    return {"Location": location(ctx, bucket, obj.key), "Bucket": bucket.name, "Key": obj.key, **written, **expiration}


def _done_before(done: Completion, asked: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Completing again, with the same parts, answers as it did the first time."""
    try:
        same = _etag(_bare(part["ETag"]) for part in asked) == done.etag
    except ValueError:  # not the hexadecimal digits that a part's ETag is
        same = False
    if not same:
        raise errors.NoSuchUpload(UploadId=done.upload_id)
    return dict(done.answer)


def _uploads(
    home: Context, bucket: Bucket, prefix: str, delimiter: str, key_marker: str, id_marker: str, limit: int
) -> Page[Upload]:
    def scan(span: Span) -> Iterator[Upload]:
        return uploads.scan(home, bucket.name, **span._asdict())

    def entries() -> Iterator[Upload | str]:
        listed = key_marker.startswith(prefix) and rolled_up(key_marker, prefix, delimiter) is None
        if id_marker and listed:
            yield from uploads.scan(home, bucket.name, key_marker, after=(id_marker,))
        yield from walk(scan, prefix=prefix, delimiter=delimiter, start=after(key_marker, prefix, delimiter))

    return page(entries(), limit)


def _bare(etag: str) -> str:
    return etag.strip('"')
