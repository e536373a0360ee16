"""JSON that comes from clients and functions, which may be anything but JSON."""

from __future__ import annotations

from typing import Any

import msgspec

from hodei.services.lambda_ import errors

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def check(payload: bytes) -> None:
    """That an event is JSON that can be read. Raises: InvalidRequestContentException."""
    try:
        msgspec.json.decode(payload)
    except UNREADABLE as error:
        raise errors.InvalidRequestContentException(
            reason=f"Could not parse request body into json: Could not parse payload into json: {error}"
        ) from None


def told(payload: bytes) -> Any:
    """What a function has answered; what is no JSON as text."""
    try:
        return msgspec.json.decode(payload)
    except UNREADABLE:
        return payload.decode(errors="replace")


def error_message(payload: bytes) -> str:
    """Of what a function has failed with."""
    found = told(payload)
    return str(found.get("errorMessage", "")) if isinstance(found, dict) else str(found)
