"""Scheduled actions: they set the bounds of a scalable target at their time, and the capacity follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.application_autoscaling import activities, errors, find, pages, scaling, schedules
from hodei.services.application_autoscaling.activities import FAILED, SUCCESSFUL
from hodei.services.application_autoscaling.scalables import scalable
from hodei.services.application_autoscaling.service import application_autoscaling
from hodei.services.application_autoscaling.state import Dimension, ScheduledAction, Target, Wire, targets
from hodei.services.application_autoscaling.state import scheduled_actions as table

TIMER = "scheduled"
BOUNDS = ("MinCapacity", "MaxCapacity")


@application_autoscaling.operation("PutScheduledAction")
def put_scheduled_action(
    ctx: Context,
    *,
    ServiceNamespace: str,
    ScheduledActionName: str,
    ResourceId: str,
    ScalableDimension: str,
    Schedule: str | None = None,
    Timezone: str | None = None,
    StartTime: datetime | None = None,
    EndTime: datetime | None = None,
    ScalableTargetAction: Mapping[str, int] | None = None,
) -> None:
    """ "If you don't specify start and end times, the old values are deleted"."""
    of = Dimension(ServiceNamespace, ResourceId, ScalableDimension)
    least = scalable(of).least
    find.registered(ctx, of)
    old = table.get(ctx, *of, ScheduledActionName)
    if old is None:
        action = _new(ctx, of, ScheduledActionName, Schedule, ScalableTargetAction)
    else:
        action = replace(old, schedule=Schedule or old.schedule, action=dict(ScalableTargetAction or old.action))
    action = replace(
        action,
        timezone=Timezone or action.timezone,
        start=StartTime.timestamp() if StartTime else None,
        end=EndTime.timestamp() if EndTime else None,
    )
    _check(action, least)
    table.put(ctx, action)
    _plan(ctx, action)


def _invalid(reason: str) -> AwsError:
    return errors.ValidationException(reason=reason)


def _new(
    ctx: Context, of: Dimension, name: str, schedule: str | None, action: Mapping[str, int] | None
) -> ScheduledAction:
    if schedule is None or action is None:
        raise _invalid("Schedule and ScalableTargetAction are required to create a scheduled action")
    most = ctx.quota("scheduled-actions")
    if table.count(ctx, *of) >= most:
        raise errors.LimitExceededException(
            reason=f"A scalable target can have no more than {most:.0f} scheduled actions"
        )
    return ScheduledAction(
        namespace=of.namespace,
        resource=of.resource,
        dimension=of.name,
        name=name,
        id=ctx.ids.uuid(),
        created=ctx.now,
        schedule=schedule,
        action=dict(action),
    )


def _check(action: ScheduledAction, least: int) -> None:
    """Raises: ValidationException."""
    if not action.action:
        raise _invalid("At least one of MinCapacity and MaxCapacity is required in ScalableTargetAction")
    minimum = action.action.get("MinCapacity", least)
    scaling.check_bounds(minimum, action.action.get("MaxCapacity", max(minimum, least)), least)
    if action.start is not None and action.end is not None and action.end <= action.start:
        raise _invalid("The end time must be after the start time")
    try:
        _next(action, action.created)
    except ValueError as error:
        raise _invalid(str(error)) from None


def _next(action: ScheduledAction, after: float) -> float | None:
    begin = action.created if action.start is None else action.start
    return schedules.next_time(action.schedule, action.timezone or "UTC", begin, after)


def _plan(ctx: Context, action: ScheduledAction) -> None:
    """Set the timer for the next time within the action's bounds, if there is one."""
    key = (*action.of, action.name)
    ctx.timers.cancel(ctx, TIMER, *key)
    after = ctx.now if action.start is None else max(ctx.now, action.start - 1)
    at = _next(action, after)
    if at is not None and (action.end is None or at <= action.end):
        ctx.timers.set(ctx, TIMER, at, *key)


@application_autoscaling.timer(TIMER)
def run(ctx: Context, *key: str) -> None:
    action = table.get(ctx, *key)
    target = targets.get(ctx, *action.of) if action else None
    if action is None or target is None:
        return
    _plan(ctx, action)
    if not target.suspended["ScheduledScalingSuspended"]:
        _set_bounds(ctx, target, action)


def _set_bounds(ctx: Context, target: Target, action: ScheduledAction) -> None:
    given = action.action
    words = [f"{name[:3].lower()} capacity to {given[name]}" for name in BOUNDS if name in given]
    doing, cause = " and ".join(words), f"scheduled action name {action.name} was triggered"
    new = replace(
        target,
        minimum=given.get("MinCapacity", target.minimum),
        maximum=given.get("MaxCapacity", target.maximum),
    )
    wrong = new.maximum < new.minimum
    activities.add(
        ctx,
        target.of,
        f"Setting {doing}",
        cause,
        FAILED if wrong else SUCCESSFUL,
        ended=ctx.now,
        message=f"Failed to set {doing}. Reason: Maximum capacity cannot be less than minimum capacity"
        if wrong
        else f"Successfully set {doing}",
    )
    if not wrong:
        targets.put(ctx, new)
        scaling.wake(ctx, new)


@application_autoscaling.operation("DescribeScheduledActions")
def describe_scheduled_actions(
    ctx: Context,
    *,
    ServiceNamespace: str,
    ScheduledActionNames: Sequence[str] = (),
    ResourceId: str | None = None,
    ScalableDimension: str | None = None,
    MaxResults: int = pages.MOST,
    NextToken: str = "",
) -> dict[str, Any]:
    found = find.described(ctx, table, ServiceNamespace, ScheduledActionNames, ResourceId, ScalableDimension, NextToken)
    page, rest = pages.cut(ctx, found, MaxResults, find.place)
    return {"ScheduledActions": [_described(ctx, one) for one in page], **rest}


def _described(ctx: Context, action: ScheduledAction) -> Wire:
    found = {
        "ScheduledActionName": action.name,
        "ScheduledActionARN": find.action_arn(ctx, action),
        **action.of.members,
        "Schedule": action.schedule,
        "ScalableTargetAction": action.action,
        "CreationTime": action.created,
    }
    more = {"Timezone": action.timezone, "StartTime": action.start, "EndTime": action.end}
    return found | {name: value for name, value in more.items() if value is not None}


@application_autoscaling.operation("DeleteScheduledAction")
def delete_scheduled_action(
    ctx: Context, *, ServiceNamespace: str, ScheduledActionName: str, ResourceId: str, ScalableDimension: str
) -> None:
    of = Dimension(ServiceNamespace, ResourceId, ScalableDimension)
    if not table.delete(ctx, *of, ScheduledActionName):
        raise errors.ObjectNotFoundException(
            reason=f"No scheduled action found for {find.worded(of)}, scheduled action name: {ScheduledActionName}"
        )
    ctx.timers.cancel(ctx, TIMER, *of, ScheduledActionName)


def forget(ctx: Context, of: Dimension) -> None:
    """The scheduled actions of a target go."""
    for action in list(table.scan(ctx, *of)):
        ctx.timers.cancel(ctx, TIMER, *of, action.name)
    table.delete_all(ctx, *of)
