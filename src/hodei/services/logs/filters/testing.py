"""TestMetricFilter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hodei.kernel.context import Context
from hodei.services.logs.events.filter import compiled
from hodei.services.logs.service import logs


@logs.operation("TestMetricFilter")
def test_metric_filter(ctx: Context, *, filterPattern: str, logEventMessages: Sequence[str]) -> dict[str, Any]:
    pattern = compiled(filterPattern)
    return {
        "matches": [
            {"eventNumber": number, "eventMessage": message, "extractedValues": pattern.extract(message)}
            for number, message in enumerate(logEventMessages, 1)
            if pattern.matches(message)
        ]
    }
