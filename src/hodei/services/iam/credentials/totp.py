"""Time-based one-time passwords of six digits: RFC 6238, with HMAC-SHA-1 and steps of 30 seconds."""

from __future__ import annotations

import hmac

STEP = 30
DIGITS = 6


def step_at(now: float) -> int:
    return int(now // STEP)


def code(seed: bytes, step: int) -> str:
    digest = hmac.digest(seed, step.to_bytes(8, "big"), "sha1")
    offset = digest[-1] & 0xF
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def find(seed: bytes, codes: tuple[str, ...], around: int, window: int) -> int | None:
    """The step of the last of consecutive codes, if the first is within `window` steps around one; the nearest."""
    for first in sorted(range(around - window, around + window + 1), key=lambda step: abs(step - around)):
        if all(hmac.compare_digest(code(seed, first + place), given) for place, given in enumerate(codes)):
            return first + len(codes) - 1
    return None
