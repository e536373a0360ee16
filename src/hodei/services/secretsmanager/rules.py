"""What Secrets Manager demands beyond its model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.secretsmanager import errors

DAY = 86400.0
SECRET_BYTES = 65536
MOST_TAGS = 50


def day_of(at: float) -> float:
    """LastAccessedDate tells the day only."""
    return at - at % DAY


def check_token(token: str | None, error: type[AwsError] = errors.InvalidRequestException) -> str:
    """SDKs make the token where a caller gives none; raw requests have to bring one."""
    if token is None:
        raise error("You must provide a ClientRequestToken value. We recommend a UUID-type value.")
    return token


def tags_of(given: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Raises: InvalidParameterException for a tag without a key, which the model lets through."""
    tags = {tag.get("Key", ""): tag.get("Value", "") for tag in given}
    if "" in tags:
        raise errors.InvalidParameterException("A tag must have a key.")
    return tags


def check_tags(tags: Mapping[str, str]) -> None:
    if len(tags) > MOST_TAGS:
        raise errors.InvalidParameterException(f"A secret can have at most {MOST_TAGS} tags.")
    if any(name.lower().startswith("aws:") for name in tags):
        raise errors.InvalidParameterException("Tag keys that start with aws: are reserved for system use.")


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def read_page(ctx: Context, token: str | None) -> Any:
    """What the previous page's token carries, None without one. Raises: InvalidNextTokenException."""
    try:
        return ctx.read_token(token)[0] if token else None
    except ValueError:
        raise errors.InvalidNextTokenException() from None
