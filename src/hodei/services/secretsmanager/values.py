"""The values of secrets: put, retrieved, listed by version, labelled."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.secretsmanager import errors, rules
from hodei.services.secretsmanager import versions as labelled
from hodei.services.secretsmanager.find import Found, find, find_live, find_primary
from hodei.services.secretsmanager.replicas import save
from hodei.services.secretsmanager.service import secretsmanager
from hodei.services.secretsmanager.state import CURRENT, Version, secrets, versions

PAGE = 100
NO_LABELS: Sequence[str] = ()


@secretsmanager.operation("PutSecretValue")
def put_secret_value(
    ctx: Context,
    *,
    SecretId: str,
    ClientRequestToken: str | None = None,
    SecretBinary: bytes | None = None,
    SecretString: str | None = None,
    VersionStages: Sequence[str] = NO_LABELS,
) -> dict[str, Any]:
    token = rules.check_token(ClientRequestToken)
    found = find_primary(ctx, SecretId)
    value = labelled.value_of(SecretString, SecretBinary)
    if value is None:
        raise errors.InvalidRequestException("You must provide either SecretString or SecretBinary.")
    added = labelled.add(found, token, value, VersionStages)
    if added is not found:  # not the same request again
        found = save(added)
    return {**found.head, "VersionId": token, "VersionStages": found.secret.labels_of(token)}


@secretsmanager.operation("GetSecretValue")
def get_secret_value(
    ctx: Context, *, SecretId: str, VersionId: str | None = None, VersionStage: str | None = None
) -> dict[str, Any]:
    found = find_live(ctx, SecretId)
    return retrieved(found, _version(found, VersionId, VersionStage))


def _version(found: Found, id: str | None, label: str | None) -> Version:
    """Raises: ResourceNotFoundException, InvalidRequestException."""
    ctx, secret = found
    wanted = id or secret.labels.get(label or CURRENT)
    if wanted is None:
        raise errors.ResourceNotFoundException(
            f"Secrets Manager can't find the specified secret value for staging label: {label or CURRENT}"
        )
    if (version := versions.get(ctx, secret.id, wanted)) is None:
        raise errors.ResourceNotFoundException(
            f"Secrets Manager can't find the specified secret value for VersionId: {wanted}"
        )
    if id and label and secret.labels.get(label) != id:
        raise errors.InvalidRequestException(
            "You provided a VersionStage that is not associated to the provided VersionId."
        )
    return version


def retrieved(found: Found, version: Version) -> dict[str, Any]:
    """The value in an answer; the first retrieval of a day is written down."""
    ctx, secret = found
    day = rules.day_of(ctx.now)
    if secret.accessed < day:
        secrets.put(ctx, replace(secret, accessed=day))
    if version.accessed < day:
        versions.put(ctx, replace(version, accessed=day), old=version)
    content, binary = labelled.read(found, version)
    return {
        **found.head,
        "VersionId": version.id,
        **({"SecretBinary": content} if binary else {"SecretString": content.decode()}),
        "VersionStages": secret.labels_of(version.id),
        "CreatedDate": version.created,
    }


def current(found: Found) -> dict[str, Any]:
    """The value that GetSecretValue gives without more being said."""
    return retrieved(found, _version(found, None, None))


@secretsmanager.operation("ListSecretVersionIds")
def list_secret_version_ids(
    ctx: Context,
    *,
    SecretId: str,
    MaxResults: int = PAGE,
    NextToken: str | None = None,
    IncludeDeprecated: bool = False,
) -> dict[str, Any]:
    found = find(ctx, SecretId)
    there, secret = found
    after = rules.read_page(there, NextToken)
    rows = versions.by("order", there, secret.id, after=None if after is None else (after,))
    shown = (version for version in rows if IncludeDeprecated or version.id in secret.labels.values())
    page = list(islice(shown, MaxResults + 1))
    answer: dict[str, Any] = {**found.head, "Versions": [_listed(found, version) for version in page[:MaxResults]]}
    if len(page) > MaxResults:
        answer["NextToken"] = there.token(page[MaxResults - 1].number)
    return answer


def _listed(found: Found, version: Version) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "VersionId": version.id,
        "CreatedDate": version.created,
        "KmsKeyIds": list(version.keys) or ["DefaultEncryptionKey"],
    }
    if labels := found.secret.labels_of(version.id):
        answer["VersionStages"] = labels
    if version.accessed:
        answer["LastAccessedDate"] = version.accessed
    return answer


@secretsmanager.operation("UpdateSecretVersionStage")
def update_secret_version_stage(
    ctx: Context,
    *,
    SecretId: str,
    VersionStage: str,
    RemoveFromVersionId: str | None = None,
    MoveToVersionId: str | None = None,
) -> dict[str, Any]:
    found = find_primary(ctx, SecretId)
    there, secret = found
    for version in (RemoveFromVersionId, MoveToVersionId):
        if version and not versions.get(there, secret.id, version):
            raise errors.ResourceNotFoundException(
                f"Secrets Manager can't find the specified secret value for VersionId: {version}"
            )
    _check_move(secret.labels.get(VersionStage), VersionStage, RemoveFromVersionId, MoveToVersionId)
    if MoveToVersionId:
        labels = labelled.moved(secret.labels, VersionStage, MoveToVersionId)
    else:
        labels = {label: holder for label, holder in secret.labels.items() if label != VersionStage}
    labelled.check_labels(found, labels)
    save(Found(there, replace(secret, labels=labels)))
    return dict(found.head)


def _check_move(holder: str | None, label: str, remove_from: str | None, move_to: str | None) -> None:
    """`holder` is the version that has the label. Raises: InvalidParameterException."""
    if remove_from is None and move_to is None:
        raise errors.InvalidParameterException("You must specify RemoveFromVersionId, MoveToVersionId or both.")
    if move_to is None and label == CURRENT:
        raise errors.InvalidParameterException(
            f"You can only move staging label {CURRENT} to a different secret version. It can't be completely removed."
        )
    if remove_from is None and holder not in (None, move_to):
        raise errors.InvalidParameterException(
            f"The parameter RemoveFromVersionId can't be empty. Staging label {label} is currently attached to version "
            f"{holder}, so you must explicitly reference that version in RemoveFromVersionId."
        )
    if remove_from is not None and remove_from != holder:
        raise errors.InvalidParameterException(
            f"RemoveFromVersionId is {remove_from}, but staging label {label} isn't attached to that version."
        )
