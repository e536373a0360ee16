"""GetDurableExecutionHistory."""

from __future__ import annotations

from typing import Any

from hodei.kernel.context import Context
from hodei.services.lambda_ import pages
from hodei.services.lambda_.durable import tokens
from hodei.services.lambda_.durable.reading import DEFAULT_ITEMS, MOST_ITEMS
from hodei.services.lambda_.durable.records import Event, history
from hodei.services.lambda_.service import lambda_


@lambda_.operation("GetDurableExecutionHistory")
def get_durable_execution_history(
    ctx: Context,
    *,
    DurableExecutionArn: str,
    IncludeExecutionData: bool = True,
    MaxItems: int = 0,
    Marker: str = "",
    ReverseOrder: bool = False,
) -> dict[str, Any]:
    there, execution = tokens.existing(ctx, DurableExecutionArn)
    found = history.scan(there, execution.id, after=pages.after(ctx, Marker), reverse=ReverseOrder)
    page, rest = pages.cut(ctx, found, MaxItems or DEFAULT_ITEMS, lambda event: (event.number,), most=MOST_ITEMS)
    return {"Events": [_view(event, data=IncludeExecutionData) for event in page], **rest}


def _view(event: Event, *, data: bool) -> dict[str, Any]:
    details = event.details if data else _without_payloads(event.details)
    return {
        "EventId": event.number,
        "EventType": event.type,
        "EventTimestamp": event.at,
        **event.operation,
        **details,
    }


def _without_payloads(details: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _without_payloads(value) if isinstance(value, dict) else value
        for name, value in details.items()
        if name != "Payload"
    }
