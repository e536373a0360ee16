"""Which events a trail takes, as it is told. What Insights would find, nothing looks for yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.cloudtrail import errors
from hodei.services.cloudtrail.find import find, find_home
from hodei.services.cloudtrail.selecting import advanced, basic, selection
from hodei.services.cloudtrail.service import cloudtrail
from hodei.services.cloudtrail.state import Trail, trails


@cloudtrail.operation("PutEventSelectors")
def put_event_selectors(
    ctx: Context,
    *,
    TrailName: str,
    EventSelectors: Sequence[Mapping[str, Any]] | None = None,
    AdvancedEventSelectors: Sequence[Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """Selectors of one kind take the place of those of both."""
    home, trail = find_home(ctx, TrailName)
    if (EventSelectors is None) == (AdvancedEventSelectors is None):
        raise errors.InvalidEventSelectors("Specify either EventSelectors or AdvancedEventSelectors, but not both.")
    if AdvancedEventSelectors is not None:
        changed = replace(trail, selectors=None, advanced=advanced.checked(AdvancedEventSelectors))
    else:
        changed = replace(trail, selectors=basic.checked(EventSelectors or ()), advanced=None)
    trails.put(home, changed)
    selection.keep_data_events(home, selection.covered(home, changed))
    return _shown(changed)


@cloudtrail.operation("GetEventSelectors")
def get_event_selectors(ctx: Context, *, TrailName: str) -> dict[str, Any]:
    return _shown(find(ctx, TrailName).trail)


@cloudtrail.operation("GetInsightSelectors")
def get_insight_selectors(ctx: Context, *, TrailName: str = "") -> dict[str, Any]:
    """No trail has any, as none can be given it."""
    if not TrailName:
        raise errors.InvalidParameterCombination("Specify either TrailName or EventDataStore.")
    raise errors.InsightNotEnabled(arn=find(ctx, TrailName).trail.arn)


def _shown(trail: Trail) -> dict[str, Any]:
    if trail.advanced is not None:
        return {"TrailARN": trail.arn, "AdvancedEventSelectors": trail.advanced}
    return {"TrailARN": trail.arn, "EventSelectors": trail.selectors or [basic.DEFAULT]}
