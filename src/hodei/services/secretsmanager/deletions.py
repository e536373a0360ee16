"""What CloudTrail hears of versions that come to their end, one by one.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/cloudtrail_log_entries.html
"""

from __future__ import annotations

from hodei.services.secretsmanager.find import Found
from hodei.services.secretsmanager.state import versions


def begun(found: Found) -> None:
    _tell(found, "StartSecretVersionDelete")


def cancelled(found: Found) -> None:
    _tell(found, "CancelSecretVersionDelete")


def ended(found: Found) -> None:
    _tell(found, "EndSecretVersionDelete")


def _tell(found: Found, name: str) -> None:
    ctx, secret = found
    for version in versions.by("order", ctx, secret.id):
        details = {"SecretId": found.arn, "SecretVersionId": version.id}
        ctx.world.ledger.audit.tell(ctx, name, details, (found.arn,))
