"""What KMS tells EventBridge.

https://docs.aws.amazon.com/kms/latest/developerguide/kms-events.html
"""

from __future__ import annotations

from hodei.services.kms.find import Found


def rotated(found: Found, kind: str, previous: str, current: str) -> None:
    """`previous` and `current` are ids of key material."""
    detail = {
        "key-origin": found.key.origin,
        "rotation-type": kind,
        "previous-key-material-id": previous,
        "current-key-material-id": current,
    }
    _emit(found, "KMS CMK Rotation", detail)


def expired(found: Found) -> None:
    _emit(found, "KMS Imported Key Material Expiration", {})


def deleted(found: Found) -> None:
    _emit(found, "KMS CMK Deletion", {})


def _emit(found: Found, kind: str, detail: dict[str, str]) -> None:
    found.ctx.emit(kind, {"key-id": found.key.id, **detail}, (found.arn,))
