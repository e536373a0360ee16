"""Storage classes: which there are, in what order objects move down them, and restoring what is archived."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.s3 import errors, payment, subjects
from hodei.services.s3.buckets import buckets
from hodei.services.s3.management import notifications
from hodei.services.s3.objects import versions
from hodei.services.s3.service import s3
from hodei.services.s3.state import Bucket, Object

DAY = 86400.0
HOUR = 3600.0

STANDARD = ("STANDARD", "REDUCED_REDUNDANCY")
WATERFALL = ("STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE")
CLASSES = frozenset({*STANDARD, *WATERFALL})  # of general purpose buckets
ARCHIVED = frozenset({"GLACIER", "DEEP_ARCHIVE"})

# Seconds until a restored copy is there: the upper end of what AWS's "Understanding archive retrieval options" states.
RESTORE_TIMES = {
    "GLACIER": {"Expedited": 300.0, "Standard": 5 * HOUR, "Bulk": 12 * HOUR},
    "DEEP_ARCHIVE": {"Standard": 12 * HOUR, "Bulk": 48 * HOUR},
}


def check_class(name: str) -> str:
    """The x-amz-storage-class that a request asks for. Raises: InvalidStorageClass."""
    if name not in CLASSES:
        raise errors.InvalidStorageClass(StorageClassRequested=name)
    return name


def may_move(source: str, target: str) -> bool:
    """Whether lifecycle rules move objects from one class to the other: down, but not from ONEZONE_IA to GLACIER_IR."""
    if source in STANDARD:
        return target in WATERFALL
    if source == "ONEZONE_IA" and target == "GLACIER_IR":
        return False
    return WATERFALL.index(source) < WATERFALL.index(target)


def check_readable(home: Context, obj: Object) -> None:
    """Call before a body is read. Raises: InvalidObjectState for an archived object without a restored copy."""
    if obj.storage_class in ARCHIVED and not is_restored(home, obj):
        raise errors.InvalidObjectState(StorageClass=obj.storage_class)


def is_restored(home: Context, obj: Object) -> bool:
    """Whether there is a restored copy of an archived object now."""
    return bool(obj.restore_ready) and obj.restore_ready <= home.now < obj.restored_until


def restore_header(home: Context, obj: Object) -> str | None:
    """x-amz-restore, as HEAD and GET answer it: none before a restore was asked for and after the copy has expired."""
    if not obj.restore_ready:
        return None
    if home.now < obj.restore_ready:
        return 'ongoing-request="true"'
    return f'ongoing-request="false", expiry-date="{http_date(obj.restored_until)}"' if is_restored(home, obj) else None


def next_midnight(at: float) -> float:
    """The first midnight (UTC) after a time."""
    return (at // DAY + 1) * DAY


def http_date(at: float) -> str:
    """ "Fri, 21 Dec 2012 00:00:00 GMT"."""
    return datetime.fromtimestamp(at, UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")


@s3.operation("RestoreObject")
def restore_object(
    ctx: Context,
    *,
    Bucket: str,
    Key: str,
    VersionId: str | None = None,
    RestoreRequest: dict[str, Any] | None = None,
    RequestPayer: str | None = None,
    ExpectedBucketOwner: str | None = None,
) -> dict[str, Any]:
    """Make a temporary copy of an archived object (202); of one that has a copy already, set anew when that expires.

    A restore under way is sped up by asking for a faster tier.
    """
    bucket = buckets.bucket_of(ctx, Bucket, ExpectedBucketOwner)
    home, charge = buckets.home(ctx, bucket), payment.charged(ctx, bucket, RequestPayer)
    obj = subjects.version(home, bucket, Key, VersionId, method="POST")
    request = RestoreRequest or {}
    if request.get("Type") == "SELECT":
        raise errors.NotImplementedHeader("Restore requests of type SELECT are not implemented by Hodei.")
    if obj.storage_class not in ARCHIVED:
        raise errors.InvalidObjectState(
            "Restore is not allowed for the object's current storage class", StorageClass=obj.storage_class
        )
    seconds, days = _tier_seconds(obj, request), _days(request)
    if is_restored(home, obj):
        _set_restore(home, obj, obj.restore_ready, next_midnight(home.now + days * DAY))
        return charge
    ready = home.now + seconds
    if home.now < obj.restore_ready <= ready:
        raise errors.RestoreAlreadyInProgress()
    obj = _set_restore(home, obj, ready, next_midnight(ready + days * DAY))
    home.timers.set(home, "restored", ready, bucket.name, obj.key, obj.version_id)
    notifications.publish(home, bucket, "ObjectRestore:Post", obj)
    return {**charge, "HTTPStatusCode": 202}


def _tier_seconds(obj: Object, request: dict[str, Any]) -> float:
    tier = request.get("GlacierJobParameters", {}).get("Tier") or request.get("Tier") or "Standard"
    if (seconds := RESTORE_TIMES[obj.storage_class].get(tier)) is None:
        raise errors.InvalidTier()
    return seconds


def _days(request: dict[str, Any]) -> int:
    if (days := request.get("Days")) is None:
        raise errors.MalformedXML()
    if days < 1:
        raise errors.InvalidArgument("restoration days should be at least 1", ArgumentName="Days")
    return int(days)


def _set_restore(home: Context, obj: Object, ready: float, until: float) -> Object:
    obj = replace(obj, restore_ready=ready, restored_until=until)
    versions.update(home, obj)
    home.timers.set(home, "restore_expired", until, obj.bucket, obj.key, obj.version_id)
    return obj


@s3.timer("restored")
def restored(home: Context, name: str, key: str, version_id: str) -> None:
    """The restored copy is there."""
    bucket, obj = _subject(home, name, key, version_id)
    if bucket and obj and is_restored(home, obj):
        data = {
            "lifecycleRestorationExpiryTime": notifications.timestamp(obj.restored_until),
            "lifecycleRestoreStorageClass": obj.storage_class,
        }
        event = "ObjectRestore:Completed"
        notifications.publish(home, bucket, event, obj, {"glacierEventData": {"restoreEventData": data}})


@s3.timer("restore_expired")
def restore_expired(home: Context, name: str, key: str, version_id: str) -> None:
    """The restored copy is gone."""
    bucket, obj = _subject(home, name, key, version_id)
    if bucket and obj and obj.restore_ready and obj.restored_until <= home.now:
        obj = replace(obj, restore_ready=0.0, restored_until=0.0)
        versions.update(home, obj)
        notifications.publish(home, bucket, "ObjectRestore:Delete", obj)


def _subject(home: Context, name: str, key: str, version_id: str) -> tuple[Bucket | None, Object | None]:
    bucket = subjects.bucket_at(home, name)
    return bucket, versions.find(home, bucket, key, version_id) if bucket else None
