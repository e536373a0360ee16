"""Parts of multipart uploads: how they come in, by upload or as copies, and how they are listed."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from typing import Any, Unpack

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.protocol.http import Body as StreamedBody
from hodei.services.s3 import errors
from hodei.services.s3.billing import volumes
from hodei.services.s3.buckets import buckets
from hodei.services.s3.content import bodies, checksums, encryption
from hodei.services.s3.content.intake import Intake
from hodei.services.s3.management import lifecycle
from hodei.services.s3.objects import copies
from hodei.services.s3.objects.walk import check_limit
from hodei.services.s3.params import ChecksumParams, CopySourceParams, CustomerKeyParams
from hodei.services.s3.rules import PUT_LIMIT
from hodei.services.s3.service import s3
from hodei.services.s3.state import Bucket, Object, Upload, UploadPart, upload_parts, uploads

MOST = 10_000  # parts of an upload
RANGE = re.compile(r"bytes=(\d+)-(\d+)", re.ASCII)


class PartParams(ChecksumParams, CustomerKeyParams, total=False):
    """What UploadPart says of its body."""


class PartCopyParams(CopySourceParams, CustomerKeyParams, total=False):
    """What UploadPartCopy says of its source, and the key to encrypt the part with."""


def upload_of(home: Context, bucket: Bucket, key: str, upload_id: str) -> Upload:
    """Raises: NoSuchUpload."""
    upload = uploads.get(home, bucket.name, key, upload_id)
    if upload is None:
        raise errors.NoSuchUpload(UploadId=upload_id)
    return upload


@s3.operation("UploadPart")
async def upload_part(
    ctx: Context,
    *,
    Bucket: str,
    Key: str,
    PartNumber: int,
    UploadId: str,
    Body: StreamedBody | bytes | None = None,
    ExpectedBucketOwner: str | None = None,
    **given: Unpack[PartParams],
) -> dict[str, Any]:
    _check_number(PartNumber)
    bucket = buckets.bucket_of(ctx, Bucket, ExpectedBucketOwner)
    home = buckets.home(ctx, bucket)
    upload = upload_of(home, bucket, Key, UploadId)
    key = _base_key(home, upload, given)
    intake = Intake(ctx, Body, given, also=upload.checksum_algorithm or checksums.DEFAULT)
    _check_algorithm(upload, intake)

    def check() -> None:
        """An upload may be completed or given up while a part of it comes in."""
        upload_of(home, bucket, Key, UploadId)

    received = intake.receive_now(home, key) or await intake.receive(home, key, check)
    etag = encryption.Sealing(upload.object.encryption, key).etag(home, received.md5)
    part = UploadPart(
        upload_id=UploadId,
        number=PartNumber,
        size=received.size,
        etag=etag,
        modified=home.now,
        pieces=received.pieces,
        checksums=received.checksums,
    )
    _keep(home, upload, part)
    shown = upload.checksum_algorithm or (intake.expected.algorithm if intake.expected.given else "")
    return {"ETag": f'"{etag}"', **_checksum(part, shown), **encryption.shown(upload.object.encryption)}


@s3.operation("UploadPartCopy")
async def upload_part_copy(
    ctx: Context,
    *,
    Bucket: str,
    Key: str,
    PartNumber: int,
    UploadId: str,
    CopySource: str,
    CopySourceRange: str | None = None,
    ExpectedBucketOwner: str | None = None,
    **given: Unpack[PartCopyParams],
) -> dict[str, Any]:
    _check_number(PartNumber)
    bucket = buckets.bucket_of(ctx, Bucket, ExpectedBucketOwner)
    home = buckets.home(ctx, bucket)
    upload = upload_of(home, bucket, Key, UploadId)
    key = _base_key(home, upload, given)
    source = copies.source(ctx, CopySource, given)
    start, end = _copied_range(CopySourceRange, source.obj)
    digests = checksums.Digests(upload.checksum_algorithm or checksums.DEFAULT)
    content = bodies.read(source.home, source.key, source.obj.pieces, start, end)
    chunks = StreamedBody(content).chunks() if isinstance(content, bytes) else content

    def check(size: int) -> None:
        upload_of(home, bucket, Key, UploadId)

    pieces = await bodies.write(home, key, chunks, digests, check)
    part = UploadPart(
        upload_id=UploadId,
        number=PartNumber,
        size=end - start,
        etag=encryption.Sealing(upload.object.encryption, key).etag(home, digests.md5),
        modified=home.now,
        pieces=pieces,
        checksums=digests.checksums,
    )
    _keep(home, upload, part)
    result = {
        "ETag": f'"{part.etag}"',
        "LastModified": int(part.modified),
        **_checksum(part, upload.checksum_algorithm),
    }
    return {"CopyPartResult": result, **source.version(), **encryption.shown(upload.object.encryption)}


@s3.operation("ListParts")
def list_parts(
    ctx: Context,
    *,
    Bucket: str,
    Key: str,
    UploadId: str,
    MaxParts: int = 1000,
    PartNumberMarker: int = 0,
    ExpectedBucketOwner: str | None = None,
) -> dict[str, Any]:
    bucket = buckets.bucket_of(ctx, Bucket, ExpectedBucketOwner)
    home = buckets.home(ctx, bucket)
    limit = check_limit(MaxParts, "max-parts")
    upload = upload_of(home, bucket, Key, UploadId)
    rows = list(itertools.islice(upload_parts.scan(home, UploadId, after=(PartNumberMarker,)), limit + 1))
    found = rows[:limit]
    return {
        "Bucket": bucket.name,
        "Key": Key,
        "UploadId": UploadId,
        "PartNumberMarker": PartNumberMarker,
        "NextPartNumberMarker": found[-1].number if found else 0,
        "MaxParts": limit,
        "IsTruncated": len(rows) > limit,
        "Parts": [
            {
                "PartNumber": part.number,
                "LastModified": int(part.modified),
                "ETag": f'"{part.etag}"',
                "Size": part.size,
                **_checksum(part, upload.checksum_algorithm),
            }
            for part in found
        ],
        **described(upload),
        **lifecycle.abortion(home, bucket, Key, upload.initiated),
    }


def described(upload: Upload) -> dict[str, Any]:
    """What both listings say of an upload."""
    answer = {
        "Initiator": {**buckets.owner(upload.object.owner), "DisplayName": upload.object.owner},
        "Owner": buckets.owner(upload.object.owner),
        "StorageClass": upload.object.storage_class,
    }
    if upload.checksum_algorithm:
        answer |= {"ChecksumAlgorithm": upload.checksum_algorithm, "ChecksumType": upload.checksum_type}
    return answer


def drop(home: Context, upload: Upload) -> None:
    """Forget an upload and its parts, with what was stored for them."""
    for part in upload_parts.scan(home, upload.upload_id):
        bodies.delete(home, part.pieces)
    forget(home, upload)


def forget(home: Context, upload: Upload) -> None:
    """Forget an upload and its parts; what was stored for them stays."""
    volumes.drops(home, upload)
    upload_parts.delete_all(home, upload.upload_id)
    uploads.delete(home, upload.bucket, upload.key, upload.upload_id)


def _keep(home: Context, upload: Upload, part: UploadPart) -> None:
    """Add a part to its upload, in place of an earlier one of that number."""
    earlier = upload_parts.get(home, part.upload_id, part.number)
    volumes.takes(home, upload, earlier, part)
    if earlier is not None:
        bodies.delete(home, earlier.pieces)
    upload_parts.put(home, part)


def _check_number(number: int) -> None:
    if not 1 <= number <= MOST:
        raise errors.InvalidArgument(
            f"Part number must be an integer between 1 and {MOST}, inclusive",
            ArgumentName="partNumber",
            ArgumentValue=str(number),
        )


def _base_key(home: Context, upload: Upload, given: Mapping[str, Any]) -> bytes:
    """The key to encrypt a part with; a customer's must be that of the upload."""
    wanted = upload.object.encryption.customer_key_md5
    if (encryption.customer_key(given) is not None) != bool(wanted):
        raise errors.InvalidRequest(
            "The multipart upload initiate requested encryption. Subsequent part requests must include the "
            "appropriate encryption parameters."
        )
    if wanted and given["SSECustomerKeyMD5"] != wanted:
        raise errors.InvalidRequest("The provided encryption parameters did not match the ones used originally.")
    return encryption.opening(home, upload.object, given)


def _check_algorithm(upload: Upload, intake: Intake) -> None:
    wanted, got = upload.checksum_algorithm, intake.expected.algorithm
    if wanted and intake.expected.given and got != wanted:
        raise errors.InvalidRequest(
            f"Checksum Type mismatch occurred, expected checksum Type: {wanted.lower()}, "
            f"actual checksum Type: {got.lower()}"
        )


def _copied_range(text: str | None, source: Object) -> tuple[int, int]:
    """The bytes [start, end) of the source. Raises: InvalidArgument, InvalidRequest."""
    if text is None:
        return 0, _limited(source.size)
    match = RANGE.fullmatch(text)
    first, last = (int(match[1]), int(match[2])) if match else (1, 0)
    if first > last:
        raise _bad_range(
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the "
            "zero-based offsets of the first and last bytes to copy",
            text,
        )
    if first >= source.size:
        raise errors.InvalidRequest("The specified copy range is invalid for the source object size")
    if last >= source.size:
        raise _bad_range(f"Range specified is not valid for source object of size: {source.size}", text)
    return first, first + _limited(last + 1 - first)


def _limited(size: int) -> int:
    if size > PUT_LIMIT:
        raise errors.InvalidRequest(
            f"The specified copy source is larger than the maximum allowable size for a copy source: {PUT_LIMIT}"
        )
    return size


def _bad_range(message: str, text: str) -> AwsError:
    return errors.InvalidArgument(message, ArgumentName="x-amz-copy-source-range", ArgumentValue=text)


def _checksum(part: UploadPart, algorithm: str) -> dict[str, str]:
    return checksums.members({algorithm: part.checksums[algorithm]} if algorithm else {})
