"""Scaling activities: what has been done to capacities and bounds, and why; what has not been done, and why not."""

from __future__ import annotations

from itertools import islice
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.application_autoscaling import find, pages
from hodei.services.application_autoscaling.service import application_autoscaling
from hodei.services.application_autoscaling.state import Activity, Dimension, Wire, activities

SIX_WEEKS = 42 * 86400
EXPIRED = 20  # old activities that are deleted where a new one begins
IN_PROGRESS, SUCCESSFUL, UNFULFILLED, FAILED = "InProgress", "Successful", "Unfulfilled", "Failed"


def add(ctx: Context, of: Dimension, description: str, cause: str, status: str, **more: Any) -> Activity:
    _expire(ctx, of.namespace)
    last = next(activities.scan(ctx, of.namespace, reverse=True), None)
    activity = Activity(
        namespace=of.namespace,
        resource=of.resource,
        dimension=of.name,
        number=last.number + 1 if last else 0,
        at=ctx.now,
        id=ctx.ids.uuid(),
        description=description,
        cause=cause,
        status=status,
        **more,
    )
    activities.put(ctx, activity)
    return activity


def _expire(ctx: Context, namespace: str) -> None:
    for old in list(islice(activities.scan(ctx, namespace), EXPIRED)):
        if old.at < ctx.now - SIX_WEEKS:
            activities.delete(ctx, namespace, old.number)


def end(ctx: Context, activity: Activity, status: str, message: str) -> None:
    activities.put(ctx, replace(activity, status=status, message=message, ended=ctx.now))


def not_scaled(ctx: Context, of: Dimension, cause: str, reason: Wire) -> None:
    """Alarms tell every minute: as long as nothing else happens, the same reason is noted once."""
    last = latest(ctx, of)
    if last is None or (last.cause, last.reasons) != (cause, [reason]):
        add(ctx, of, "Attempting to scale due to alarm triggered", cause, FAILED, ended=ctx.now, reasons=[reason])


def latest(ctx: Context, of: Dimension) -> Activity | None:
    return next((one for one in activities.scan(ctx, of.namespace, reverse=True) if one.of == of), None)


@application_autoscaling.operation("DescribeScalingActivities")
def describe_scaling_activities(
    ctx: Context,
    *,
    ServiceNamespace: str,
    ResourceId: str | None = None,
    ScalableDimension: str | None = None,
    MaxResults: int = pages.MOST,
    NextToken: str = "",
    IncludeNotScaledActivities: bool = False,
) -> dict[str, Any]:
    """The newest first."""
    find.check_filter(ScalableDimension, ResourceId)
    last = pages.after(ctx, NextToken)
    found = (
        one
        for one in activities.scan(ctx, ServiceNamespace, after=last, reverse=True)
        if one.at >= ctx.now - SIX_WEEKS
        and ResourceId in (None, one.resource)
        and ScalableDimension in (None, one.dimension)
        and (IncludeNotScaledActivities or not one.reasons)
    )
    page, rest = pages.cut(ctx, found, MaxResults, lambda one: (one.number,))
    return {"ScalingActivities": [_described(one) for one in page], **rest}


def _described(activity: Activity) -> Wire:
    found: Wire = {
        "ActivityId": activity.id,
        **activity.of.members,
        "Description": activity.description,
        "Cause": activity.cause,
        "StartTime": activity.at,
        "StatusCode": activity.status,
    }
    if activity.ended is not None:
        found["EndTime"] = activity.ended
    if activity.message:
        found["StatusMessage"] = activity.message
    if activity.reasons:
        found["NotScaledReasons"] = activity.reasons
    return found
