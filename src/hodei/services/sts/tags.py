"""Session tags.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from hodei.kernel.iam.keys import Session
from hodei.services.sts import errors

Tags = Sequence[Mapping[str, str]]
MOST = 50


class SessionTags(Struct, frozen=True):
    """`transitive` are the keys of those that go on to the next role; `given` is what the request itself brings."""

    tags: dict[str, str]
    transitive: tuple[str, ...]
    given: dict[str, str]


def merged(given: Mapping[str, str], transitive: Sequence[str], caller: Session | None) -> SessionTags:
    """The tags of a new session: those of a request, and the transitive ones of the caller's own session.

    Raises: InvalidParameterValue.
    """
    inherited = {key: caller.tags[key] for key in caller.transitive} if caller else {}
    taken = {key.lower() for key in inherited}
    own = {key.lower() for key in given}
    if wrong := [key for key in transitive if key.lower() in taken]:
        raise errors.InvalidParameterValue(
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key "
            f"from the calling session: {wrong[0]}"
        )
    if taken & own:
        raise errors.InvalidParameterValue(
            "One of the specified tag keys can't be set because it conflicts with a transitive tag key from the "
            "calling session."
        )
    if any(key.lower() not in own for key in transitive):
        raise errors.InvalidParameterValue("The specified transitive tag key must be included in the requested tags.")
    if any(key.lower().startswith("aws:") for key in given):
        raise errors.InvalidParameterValue("Tag keys beginning with aws: are reserved for system use.")
    names = {key.lower(): key for key in given}
    chosen = tuple(dict.fromkeys(names[key.lower()] for key in transitive))
    return SessionTags({**inherited, **given}, (*inherited, *chosen), dict(given))


def as_mapping(tags: Tags) -> dict[str, str]:
    """Raises: InvalidParameterValue if two keys differ in case at most."""
    found = {tag["Key"]: tag["Value"] for tag in tags}
    if len({key.lower() for key in found}) < len(tags):
        raise errors.InvalidParameterValue("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
    return found
