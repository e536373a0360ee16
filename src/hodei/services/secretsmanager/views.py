"""Secrets as DescribeSecret and ListSecrets show them. AWS leaves out what has no value."""

from __future__ import annotations

from typing import Any

from hodei.services.secretsmanager import replicas, rules
from hodei.services.secretsmanager.find import Found


def described(found: Found) -> dict[str, Any]:
    secret = found.secret
    answer = _both(found)
    if stages := _stages(found):
        answer["VersionIdsToStages"] = stages
    if secret.deletion:
        answer["DeletedDate"] = secret.deletion
    if secret.replicas:
        answer["ReplicationStatus"] = replicas.statuses(found)
    return answer


def listed(found: Found) -> dict[str, Any]:
    answer = _both(found)
    if stages := _stages(found):
        answer["SecretVersionsToStages"] = stages
    if found.secret.deleted:
        answer["DeletedDate"] = found.secret.deleted
    return answer


def _both(found: Found) -> dict[str, Any]:
    ctx, secret = found
    answer: dict[str, Any] = {**found.head, "CreatedDate": secret.created, "LastChangedDate": secret.changed}
    values = {
        "Description": secret.description,
        "KmsKeyId": secret.key,
        "LastAccessedDate": secret.accessed,
        "PrimaryRegion": secret.primary,
    }
    answer |= {name: value for name, value in values.items() if value}
    if secret.tagged:
        answer["Tags"] = rules.tag_list(ctx.tags.get(ctx, found.arn))
    if rotation := secret.rotation:
        answer |= {"RotationEnabled": rotation.enabled, "RotationRules": rotation.rules}
        answer["RotationLambdaARN"] = rotation.function
        if rotation.rotated:
            answer["LastRotatedDate"] = rotation.rotated
        if rotation.enabled and rotation.next:
            answer["NextRotationDate"] = rotation.next
    return answer


def _stages(found: Found) -> dict[str, list[str]]:
    """The labels of each version that has any."""
    secret = found.secret
    return {version: secret.labels_of(version) for version in dict.fromkeys(secret.labels.values())}
