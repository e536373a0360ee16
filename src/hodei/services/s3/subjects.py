"""The version of an object that a request for one of its sub-resources means, and the errors if there is none."""

from __future__ import annotations

from hodei.kernel.context import Context
from hodei.services.s3 import errors, rules
from hodei.services.s3.objects import versions
from hodei.services.s3.state import Bucket, Object, buckets


def version(
    home: Context, bucket: Bucket, key: str, version_id: str | None, *, method: str, name: str | None = None
) -> Object:
    """The version with that id, else the latest one. `name` is what a NoSuchKey calls the key.

    Raises: NoSuchKey, NoSuchVersion; InvalidArgument for no version id; MethodNotAllowed for a delete marker.
    """
    if version_id is None:
        obj = versions.latest(home, bucket, key)
        if obj is None:
            raise errors.NoSuchKey(Key=name or key)
    else:
        rules.check_version_id(version_id)
        obj = versions.find(home, bucket, key, version_id)
        if obj is None:
            raise errors.NoSuchVersion(Key=key, VersionId=version_id)
    if obj.marker:
        raise errors.MethodNotAllowed(Method=method, ResourceType="DeleteMarker")
    return obj


def bucket_at(home: Context, name: str) -> Bucket | None:
    """The bucket of that name, if it (still, or again) lies in this place: for timers."""
    bucket = buckets.get(home, name)
    return bucket if bucket is not None and (bucket.account, bucket.region) == (home.account, home.region) else None
