"""GetObjectAttributes: what HEAD and ListParts would say, as asked for."""

from __future__ import annotations

from typing import Any, Unpack

from hodei.kernel.context import Context
from hodei.services.s3 import payment
from hodei.services.s3.content import checksums, encryption
from hodei.services.s3.objects import views
from hodei.services.s3.objects.objects import locate
from hodei.services.s3.params import CustomerKeyParams
from hodei.services.s3.service import s3
from hodei.services.s3.state import Object, Part

PAGE = 1000


@s3.operation("GetObjectAttributes")
def get_object_attributes(
    ctx: Context,
    *,
    Bucket: str,
    Key: str,
    ObjectAttributes: list[str],
    VersionId: str | None = None,
    MaxParts: int | None = None,
    PartNumberMarker: int | None = None,
    RequestPayer: str | None = None,
    ExpectedBucketOwner: str | None = None,
    **given: Unpack[CustomerKeyParams],
) -> dict[str, Any]:
    bucket, place, obj = locate(ctx, Bucket, Key, VersionId, ExpectedBucketOwner)
    encryption.check(obj.encryption, given)
    if "Checksum" in ObjectAttributes:  # as for HeadObject
        encryption.opening(place, obj, given)
    charge = payment.charged(ctx, bucket, RequestPayer)
    result: dict[str, Any] = {"LastModified": obj.modified, **views.version(bucket, obj), **charge}
    for attribute in ObjectAttributes:
        if attribute == "ETag":
            result["ETag"] = obj.etag
        elif attribute == "ObjectSize":
            result["ObjectSize"] = obj.size
        elif attribute == "StorageClass":
            result["StorageClass"] = obj.storage_class
        elif attribute == "Checksum" and obj.checksums:
            result["Checksum"] = _checksum(obj)
        elif attribute == "ObjectParts" and obj.parts:
            result["ObjectParts"] = _parts(obj, MaxParts, PartNumberMarker)
    return result


def _checksum(obj: Object) -> dict[str, str]:
    """A composite checksum is shown without its number of parts here."""
    plain = {name: value.partition("-")[0] for name, value in obj.checksums.items()}
    return {**checksums.members(plain), "ChecksumType": obj.checksum_type}


def _parts(obj: Object, most: int | None, marker: int | None) -> dict[str, Any]:
    """The single parts are told of composite uploads only."""
    if obj.checksum_type != "COMPOSITE":
        return {"TotalPartsCount": len(obj.parts)}
    after, limit = marker or 0, min(PAGE if most is None else most, PAGE)
    left = [part for part in obj.parts if part.number > after]
    page = left[:limit]
    return {
        "TotalPartsCount": len(obj.parts),
        "PartNumberMarker": after,
        "NextPartNumberMarker": page[-1].number if page else 0,
        "MaxParts": limit,
        "IsTruncated": len(left) > len(page),
        "Parts": [_part(part) for part in page],
    }


def _part(part: Part) -> dict[str, Any]:
    return {"PartNumber": part.number, "Size": part.size, **checksums.members(part.checksums)}
