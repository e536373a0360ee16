"""The one place that moves rows between `objects` (latest versions, unless delete markers) and `versions` (the rest).

`home` is the place of the bucket's rows: `buckets.home(ctx, bucket)`.
"""

from __future__ import annotations

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.s3 import rules
from hodei.services.s3.billing import volumes
from hodei.services.s3.content import bodies
from hodei.services.s3.management import notifications, replication
from hodei.services.s3.state import NULL_VERSION, Bucket, Object, objects, versions


def latest(home: Context, bucket: Bucket, key: str) -> Object | None:
    """The latest version of a key, which may be a delete marker; None if the key has no version."""
    current = objects.get(home, bucket.name, key)
    if current is not None or not bucket.versioning:
        return current
    return next(versions.scan(home, bucket.name, key), None)


def find(home: Context, bucket: Bucket, key: str, version_id: str) -> Object | None:
    """The version (or delete marker) of a key with that id; "null" is the one made without versioning."""
    current = objects.get(home, bucket.name, key)
    if current is not None and current.version_id == version_id:
        return current
    return next(versions.by("id", home, bucket.name, key, version_id), None) if bucket.versioning else None


def is_latest(home: Context, bucket: Bucket, obj: Object) -> bool:
    newest = latest(home, bucket, obj.key)
    return newest is not None and newest.sequence == obj.sequence


def add_version(home: Context, bucket: Bucket, obj: Object, *, event: str, version_id: str = "") -> Object:
    """Make `obj` the latest version of its key, tell of it, replicate it; returns it with version id and sequence.

    `event` is "ObjectCreated:Put" and the like. `version_id` gives the id (a replica keeps its source's). Where
    versioning is not enabled it takes the place of the "null" version, whose body goes.
    """
    previous = latest(home, bucket, obj.key)
    if bucket.versioning == "Enabled":
        version_id = version_id or rules.new_version_id(home.ids)
    else:
        version_id = NULL_VERSION
    obj = replace(obj, version_id=version_id, sequence=_next_sequence(home, previous))
    _push(home, bucket, obj, previous)
    notifications.publish(home, bucket, event, obj)
    if not obj.marker:
        replication.replicate(home, bucket, obj)
    return obj


def delete_version(home: Context, bucket: Bucket, obj: Object, *, event: str) -> None:
    """Remove one version (or delete marker) for good, with its body; the next newest becomes the latest.

    `event` is "ObjectRemoved:Delete", "LifecycleExpiration:Delete" ..., "" tells nobody.
    """
    _drop(home, bucket, obj)
    if bucket.versioning and objects.get(home, bucket.name, obj.key) is None:
        _promote(home, bucket, obj.key)
    if event:
        notifications.publish(home, bucket, event, obj)


def delete_latest(home: Context, bucket: Bucket, key: str, *, reason: str = "ObjectRemoved") -> Object | None:
    """What a DELETE without version id does: the object goes, or a delete marker (returned) becomes the latest.

    `reason` is the first half of the event: "ObjectRemoved" or "LifecycleExpiration".
    """
    if not bucket.versioning:
        if (current := objects.get(home, bucket.name, key)) is not None:
            delete_version(home, bucket, current, event=f"{reason}:Delete")
        return None
    marker = Object(bucket=bucket.name, key=key, sequence=0, modified=home.now, marker=True, owner=bucket.account)
    marker = add_version(home, bucket, marker, event=f"{reason}:DeleteMarkerCreated")
    if reason == "ObjectRemoved":  # the markers that lifecycle rules make are not replicated
        replication.replicate(home, bucket, marker)
    return marker


def update(home: Context, obj: Object) -> None:
    """Write back a version with other attributes (tags, ACL, lock, storage class): same key and sequence."""
    current = objects.get(home, obj.bucket, obj.key)
    latest = current is not None and current.sequence == obj.sequence
    old = current if latest else versions.get(home, obj.bucket, obj.key, obj.order)
    if old and (old.storage_class, old.tags) != (obj.storage_class, obj.tags):
        volumes.changes(home, obj.bucket, old, obj)
    if old and old.storage_class != obj.storage_class:
        obj = volumes.moved(home, old, obj)
    (objects if latest else versions).put(home, obj)


def _next_sequence(home: Context, previous: Object | None) -> int:
    """Grows with every version of a key, also over deletions: the events' sequencer is made of it."""
    now = int(home.now * 1e6)
    return max(now, previous.sequence + 1) if previous is not None else now


def _push(home: Context, bucket: Bucket, obj: Object, previous: Object | None) -> None:
    over = previous if previous and previous.version_id == obj.version_id else None
    if over and (over.marker or obj.marker):
        over = None
    volumes.changes(home, bucket.name, over, obj)
    if over:
        bodies.delete(home, over.pieces)  # its row is written over
    elif previous is not None:
        if obj.version_id == NULL_VERSION and (replaced := find(home, bucket, obj.key, NULL_VERSION)) is not None:
            _drop(home, bucket, replaced)
        if not previous.marker and previous.version_id != obj.version_id:
            objects.delete(home, bucket.name, obj.key)
            versions.put(home, previous)
    (versions if obj.marker else objects).put(home, obj)


def _drop(home: Context, bucket: Bucket, obj: Object) -> None:
    """Remove a row and what it holds."""
    volumes.changes(home, bucket.name, obj, None)
    current = objects.get(home, bucket.name, obj.key)
    if current is not None and current.sequence == obj.sequence:
        objects.delete(home, bucket.name, obj.key)
    else:
        versions.delete(home, bucket.name, obj.key, obj.order)
    bodies.delete(home, obj.pieces)


def _promote(home: Context, bucket: Bucket, key: str) -> None:
    newest = next(versions.scan(home, bucket.name, key), None)
    if newest is not None and not newest.marker:
        versions.delete(home, bucket.name, key, newest.order)
        objects.put(home, newest)
