"""What KMS does of itself, as it tells EventBridge and CloudTrail.

https://docs.aws.amazon.com/kms/latest/developerguide/kms-events.html
https://docs.aws.amazon.com/kms/latest/developerguide/understanding-kms-entries.html
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
    _record(found, "RotateKey", rotationType=kind)


def expired(found: Found) -> None:
    _emit(found, "KMS Imported Key Material Expiration", {})
    _record(found, "DeleteExpiredKeyMaterial")


def deleted(found: Found) -> None:
    _emit(found, "KMS CMK Deletion", {})
    _record(found, "DeleteKey")


def _emit(found: Found, kind: str, detail: dict[str, str]) -> None:
    found.ctx.emit(kind, {"key-id": found.key.id, **detail}, (found.arn,))


def _record(found: Found, name: str, **details: str) -> None:
    ctx = found.ctx
    ctx.world.ledger.audit.tell(ctx, name, {"keyId": found.key.id, **details}, (found.arn,))
