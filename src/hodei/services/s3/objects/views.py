"""What responses say of an object."""

from __future__ import annotations

from typing import Any

from hodei.kernel.context import Context
from hodei.protocol.timestamps import rfc822
from hodei.services.s3.content import checksums, encryption
from hodei.services.s3.management import storage
from hodei.services.s3.objects import metadata
from hodei.services.s3.state import NULL_VERSION, Bucket, Object


def quoted(etag: str) -> str:
    return f'"{etag}"'


def written(obj: Object) -> dict[str, Any]:
    """What a write answers: PutObject's response."""
    return {
        "ETag": quoted(obj.etag),
        **checksum_members(obj),
        **encryption.shown(obj.encryption),
        **encryption.shown_context(obj.encryption),
        **new_version(obj),
    }


def new_version(obj: Object) -> dict[str, str]:
    """Writes name the version only where versioning made one."""
    return {} if obj.version_id == NULL_VERSION else {"VersionId": obj.version_id}


def version(bucket: Bucket, obj: Object) -> dict[str, str]:
    """Reads name it wherever the bucket has (or had) versioning."""
    return {"VersionId": obj.version_id} if bucket.versioning else {}


def checksum_members(obj: Object) -> dict[str, str]:
    return {**checksums.members(obj.checksums), "ChecksumType": obj.checksum_type} if obj.checksums else {}


def not_modified_headers(bucket: Bucket, obj: Object) -> dict[str, str]:
    """What a 304 or 412 still says of the object."""
    headers = {"ETag": quoted(obj.etag), "Last-Modified": rfc822(obj.modified)}
    return {**headers, "x-amz-version-id": obj.version_id} if bucket.versioning else headers


def read(home: Context, bucket: Bucket, obj: Object) -> dict[str, Any]:
    """What GetObject and HeadObject answer, besides body, range and checksums."""
    view: dict[str, Any] = {
        "AcceptRanges": "bytes",
        "LastModified": obj.modified,
        "ETag": quoted(obj.etag),
        **obj.headers,
        **encryption.shown(obj.encryption),
    }
    if obj.metadata:
        view["Metadata"] = metadata.sent(obj.metadata)
    if bucket.versioning:
        view["VersionId"] = obj.version_id
    if obj.storage_class != "STANDARD":
        view["StorageClass"] = obj.storage_class
    if obj.tags:
        view["TagCount"] = len(obj.tags)
    if restore := storage.restore_header(home, obj):
        view["Restore"] = restore
    if obj.redirect:
        view["WebsiteRedirectLocation"] = obj.redirect
    if obj.replication:
        view["ReplicationStatus"] = obj.replication
    if obj.lock_mode:
        view |= {"ObjectLockMode": obj.lock_mode, "ObjectLockRetainUntilDate": obj.lock_until}
    if obj.legal_hold:
        view["ObjectLockLegalHoldStatus"] = "ON"
    return view
