"""Durations as ISO 8601 writes them, of the parts that FIS takes: PT1M, PT1H30M, PT90S."""

from __future__ import annotations

import re

DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
SECONDS = (86400, 3600, 60, 1)
MINUTE, HOUR = 60.0, 3600.0


def seconds(text: str) -> float | None:
    """None for what is no duration."""
    found = DURATION.fullmatch(text)
    if found is None or not any(found.groups()):
        return None
    return float(sum(int(part) * unit for part, unit in zip(found.groups(), SECONDS, strict=True) if part))
