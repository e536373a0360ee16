"""State changes that services tell of: EventBridge's default bus, CloudTrail and Config will listen here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from hodei.kernel.manifest import all_manifests
from hodei.kernel.service import load_service

if TYPE_CHECKING:
    from hodei.kernel.context import Context


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """An event as EventBridge knows it; `time` in epoch seconds."""

    id: str
    source: str
    detail_type: str
    account: str
    region: str
    time: float
    resources: tuple[str, ...]
    detail: dict[str, Any]


class Bus:
    def emit(self, ctx: Context, detail_type: str, detail: dict[str, Any], resources: tuple[str, ...]) -> None:
        """Call those who listen to this service's events, in the emitter's batch."""
        source = f"aws.{ctx.service.name}"
        listening = [name for name, manifest in all_manifests().items() if source in manifest.listens]
        if not listening:
            return
        event = Event(
            id=ctx.ids.uuid(),
            source=source,
            detail_type=detail_type,
            account=ctx.account,
            region=ctx.region,
            time=ctx.now,
            resources=resources,
            detail=detail,
        )
        for name in listening:
            service = load_service(name)
            for handler in service.listeners.get(source, ()):
                handler(ctx.world.context(name, account=ctx.account, region=ctx.region), event)
