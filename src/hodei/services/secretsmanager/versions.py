"""Versions of secrets and the staging labels that move between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from msgspec.structs import replace

from hodei.services.secretsmanager import errors, rules, sealing
from hodei.services.secretsmanager.find import Found
from hodei.services.secretsmanager.state import CURRENT, PENDING, PREVIOUS, Version, versions


class Value(NamedTuple):
    content: bytes
    binary: bool


def value_of(text: str | None, binary: bytes | None) -> Value | None:
    """The value in a request, None if it has none. Raises: InvalidParameterException."""
    if text is not None and binary is not None:
        raise errors.InvalidParameterException(
            "You can't specify both a binary secret value and a string secret value in the same secret."
        )
    content = binary if text is None else text.encode()
    if content is None:
        return None
    if len(content) > rules.SECRET_BYTES:
        raise errors.InvalidParameterException(f"The secret value is larger than {rules.SECRET_BYTES} bytes.")
    return Value(content, binary is not None)


def read(found: Found, version: Version) -> Value:
    return Value(sealing.unseal(found, version), version.binary)


def moved(labels: Mapping[str, str], label: str, to: str) -> dict[str, str]:
    """The labels after one went to a version. Where AWSCURRENT comes from, there goes AWSPREVIOUS."""
    after = {**labels, label: to}
    if label == CURRENT and (before := labels.get(CURRENT, to)) != to:
        after[PREVIOUS] = before
    return after


def add(found: Found, token: str, value: Value, labels: Iterable[str] = ()) -> Found:
    """The secret with a version of that id; the first one becomes AWSCURRENT whatever its labels.

    The same value once more changes nothing. Raises: ResourceExistsException, LimitExceededException.
    """
    ctx, secret = found
    if (existing := versions.get(ctx, secret.id, token)) is not None:
        if read(found, existing) != value:
            raise errors.ResourceExistsException(
                f"You can't use ClientRequestToken {token} because that value is already in use for a version of "
                f"secret {found.arn}."
            )
        return found
    wrapped, sealed = sealing.seal(found, token, value.content)
    version = Version(
        secret=secret.id,
        id=token,
        number=secret.made,
        created=ctx.now,
        wrapped=wrapped,
        sealed=sealed,
        binary=value.binary,
        keys=keys_of(found),
    )
    versions.put(ctx, version, old=None)
    wanted = set(labels) or {CURRENT}
    if not secret.made:
        wanted.add(CURRENT)
    after: Mapping[str, str] = secret.labels
    for label in sorted(wanted):
        after = moved(after, label, token)
    check_labels(found, after)
    added = Found(ctx, replace(secret, labels=after, made=secret.made + 1))
    prune(added)
    return added


def keys_of(found: Found) -> tuple[str, ...]:
    return (found.secret.key,) if found.secret.key else ()


def reencrypt(found: Found) -> None:
    """Seal the versions with labels of AWS's again, under the key that the secret has now."""
    ctx, secret = found
    for id in {secret.labels[label] for label in (CURRENT, PENDING, PREVIOUS) if label in secret.labels}:
        if version := versions.get(ctx, secret.id, id):
            wrapped, sealed = sealing.seal(found, id, sealing.unseal(found, version))
            versions.put(ctx, replace(version, wrapped=wrapped, sealed=sealed, keys=keys_of(found)), old=version)


def check_labels(found: Found, labels: Mapping[str, str]) -> None:
    most = int(found.ctx.quota("labels"))
    if len(labels) > most:
        raise errors.LimitExceededException(
            f"The request failed because it would exceed the quota of {most} staging labels for a secret."
        )


def prune(found: Found) -> None:
    """Deprecated versions go, the oldest first, where there are more than 100; none that is younger than a day."""
    ctx, secret = found
    most = int(ctx.quota("versions"))
    if secret.made <= most:
        return
    kept = list(versions.by("order", ctx, secret.id))
    labelled = set(secret.labels.values())
    gone = (v for v in kept if v.id not in labelled and v.created <= ctx.now - rules.DAY)
    for version, _ in zip(gone, range(len(kept) - most)):
        versions.delete(ctx, secret.id, version.id)
