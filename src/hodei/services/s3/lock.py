"""Object lock: retention and legal holds keep versions from being deleted or overwritten, on the cloud's clock."""

from __future__ import annotations

from hodei.kernel.context import Context
from hodei.services.s3 import errors
from hodei.services.s3.state import Bucket, Object

PROTECTED = "Access Denied because object protected by object lock."


def check_bypass(bucket: Bucket, bypass: bool | None) -> None:
    """x-amz-bypass-governance-retention, even false, is refused by buckets without object lock."""
    if bypass is not None and not bucket.object_lock:
        raise errors.InvalidArgument(
            "x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets.",
            ArgumentName="x-amz-bypass-governance-retention",
        )


def check_delete(home: Context, bucket: Bucket, obj: Object, bypass: bool | None = None) -> None:
    """Call before a version is deleted for good. Raises: AccessDenied while a hold or a retention protects it.

    `bypass` is the request's BypassGovernanceRetention (None: not given).
    """
    if not bucket.object_lock or obj.marker:
        return
    if obj.legal_hold or is_retained(home, obj) and not (bypass and obj.lock_mode == "GOVERNANCE"):
        raise errors.AccessDenied(PROTECTED)


def is_retained(home: Context, obj: Object) -> bool:
    return bool(obj.lock_mode) and obj.lock_until > home.now
