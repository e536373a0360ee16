"""What a key's state lets be done with it.

https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
"""

from __future__ import annotations

from hodei.services.kms import errors
from hodei.services.kms.find import Found

ENABLED, DISABLED = "Enabled", "Disabled"
PENDING_IMPORT, PENDING_DELETION = "PendingImport", "PendingDeletion"
PENDING_REPLICA_DELETION = "PendingReplicaDeletion"

WORDS = {
    PENDING_IMPORT: "pending import",
    PENDING_DELETION: "pending deletion",
    PENDING_REPLICA_DELETION: "pending replica deletion",
}


def check_not_pending_deletion(found: Found) -> None:
    """Raises: KMSInvalidStateException."""
    _refuse(found, PENDING_DELETION, PENDING_REPLICA_DELETION)


def check_not_pending(found: Found) -> None:
    """Neither its deletion nor the import of its material. Raises: KMSInvalidStateException."""
    _refuse(found, *WORDS)


def check_usable(found: Found) -> None:
    """Raises: DisabledException, KMSInvalidStateException."""
    if found.key.state == DISABLED:
        raise errors.DisabledException(arn=found.arn)
    check_not_pending(found)


def _refuse(found: Found, *states: str) -> None:
    if found.key.state in states:
        raise errors.KMSInvalidStateException(reason=f"{found.arn} is {WORDS[found.key.state]}.")
