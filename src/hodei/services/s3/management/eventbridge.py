"""The same events as EventBridge has them, for buckets that send them there."""

from __future__ import annotations

from typing import Any

from hodei.kernel.context import Context
from hodei.services.s3.buckets import buckets
from hodei.services.s3.state import NULL_VERSION, Bucket, Object

DETAIL_TYPES = {  # the event, or its family -> (detail type, reason)
    "ObjectCreated:Put": ("Object Created", "PutObject"),
    "ObjectCreated:Post": ("Object Created", "POST Object"),
    "ObjectCreated:Copy": ("Object Created", "CopyObject"),
    "ObjectCreated:CompleteMultipartUpload": ("Object Created", "CompleteMultipartUpload"),
    "ObjectRemoved": ("Object Deleted", "DeleteObject"),
    "LifecycleExpiration": ("Object Deleted", "Lifecycle Expiration"),
    "LifecycleTransition": ("Object Storage Class Changed", ""),
    "IntelligentTiering": ("Object Access Tier Changed", ""),
    "ObjectRestore:Post": ("Object Restore Initiated", ""),
    "ObjectRestore:Completed": ("Object Restore Completed", ""),
    "ObjectRestore:Delete": ("Object Restore Expired", ""),
    "ObjectTagging:Put": ("Object Tags Added", ""),
    "ObjectTagging:Delete": ("Object Tags Deleted", ""),
    "ObjectAcl:Put": ("Object ACL Updated", ""),
}
ATTRIBUTES_ONLY = ("Object Tags Added", "Object Tags Deleted", "Object ACL Updated")


def emit(home: Context, bucket: Bucket, event: str, obj: Object, sequencer: str) -> None:
    """Emit what EventBridge is told of an event; some events (replication) it is not told of."""
    family, _, kind = event.partition(":")
    known = DETAIL_TYPES.get(event) or DETAIL_TYPES.get(family)
    if known is None:
        return
    detail_type, reason = known
    detail: dict[str, Any] = {
        "version": "0",
        "bucket": {"name": bucket.name},
        "object": _object(detail_type, obj, sequencer),
        "request-id": home.request_id or home.ids.upper(16),
        "requester": home.principal.service or home.principal.account or "anonymous",
    }
    if home.request is not None:
        detail["source-ip-address"] = home.request.client
    if reason:
        detail["reason"] = reason
    if detail_type == "Object Deleted":
        detail["deletion-type"] = "Delete Marker Created" if kind == "DeleteMarkerCreated" else "Permanently Deleted"
    if detail_type == "Object Storage Class Changed":
        detail["destination-storage-class"] = obj.storage_class
    if detail_type.startswith("Object Restore"):
        detail["source-storage-class"] = obj.storage_class
    home.emit(detail_type, detail, (buckets.arn(bucket),))


def _object(detail_type: str, obj: Object, sequencer: str) -> dict[str, Any]:
    told: dict[str, Any] = {"key": obj.key}
    if detail_type != "Object Deleted":
        told["etag"] = obj.etag
        if detail_type not in ATTRIBUTES_ONLY:
            told["size"] = obj.size
    if obj.version_id != NULL_VERSION:
        told["version-id"] = obj.version_id
    if detail_type not in ATTRIBUTES_ONLY:
        told["sequencer"] = sequencer
    return told
