"""Capacities set: to keep them within the bounds of their target, and as policies want them."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.application_autoscaling import activities, alarms, errors, find, roles, tracking
from hodei.services.application_autoscaling.activities import FAILED, IN_PROGRESS, SUCCESSFUL, UNFULFILLED
from hodei.services.application_autoscaling.scalables import Capacity, Missing, Scalable, scalable
from hodei.services.application_autoscaling.service import application_autoscaling
from hodei.services.application_autoscaling.state import Activity, Policy, Target, policies, targets
from hodei.services.application_autoscaling.state import activities as table

SERVICE = "application-autoscaling.amazonaws.com"
PAUSE = 10.0  # seconds between looks at whether a change has been fulfilled
PATIENCE = 1800.0  # seconds after which nobody looks any more


def check_bounds(minimum: int, maximum: int, least: int) -> None:
    """Raises: ValidationException."""
    if minimum < least:
        raise errors.ValidationException(reason=f"Minimum capacity cannot be less than {least}")
    if maximum < minimum:
        raise errors.ValidationException(reason="Maximum capacity cannot be less than minimum capacity")


def wake(ctx: Context, target: Target, **about: str) -> None:
    """See to a target in the background: to its bounds, or to what is told `about` it; see `receiving`."""
    ctx.deliver(find.target_arn(ctx, target), json.dumps(about).encode(), source=SERVICE)


async def keep_within(ctx: Context, target: Target) -> None:
    """Put a capacity that is out of the target's bounds back into them. Raises: AwsError that may pass."""
    scaled = scalable(target.of)
    try:
        now = (await scaled.capacity(roles.scaling(ctx, target.namespace))).value
    except (AwsError, Missing) as error:
        if error.is_transient:
            raise
        return
    if now is not None and now < target.minimum:
        await _change(ctx, target, scaled, target.minimum, f"minimum capacity was set to {target.minimum}")
    elif now is not None and now > target.maximum:
        await _change(ctx, target, scaled, target.maximum, f"maximum capacity was set to {target.maximum}")


async def by_alarm(ctx: Context, policy: Policy, told: dict[str, Any]) -> None:
    """An alarm of a policy has changed its state, or remains in it. Raises: AwsError that may pass."""
    kind = next((kind for kind, name in policy.alarms.items() if name == told["alarmName"]), None)
    target = targets.get(ctx, *policy.of)
    if kind is None or target is None or told["state"] != "ALARM":
        return
    scaled = scalable(target.of)
    try:
        now = await scaled.capacity(roles.scaling(ctx, target.namespace))
    except (AwsError, Missing) as error:
        if error.is_transient:
            raise
        return
    if now.value is None or not now.settled:
        return
    if kind in alarms.OF_CAPACITY:  # somebody has changed it: what alarms go by follows
        await alarms.follow(ctx, target, scaled, now.value)
        return
    cause = f"monitor alarm {told['alarmName']} in state ALARM triggered policy {policy.name}"
    points = [(_time(point["timestamp"]), float(point["value"])) for point in told["datapoints"]]
    if kind == alarms.HIGH:
        await _out(ctx, target, policy, scaled, now, points, cause)
    else:
        await _in(ctx, target, policy, scaled, now, points, cause)


def _time(stamp: str) -> float:
    return datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%S.%f%z").astimezone(UTC).timestamp()


async def _out(
    ctx: Context,
    target: Target,
    policy: Policy,
    scaled: Scalable,
    now: Capacity,
    points: list[tuple[float, float]],
    cause: str,
) -> None:
    """Scale out, if the newest datapoint asks for more than there is. In the cooldown of a scale-out what that has
    added counts as part of what is wanted."""
    assert now.value is not None
    cooling = ctx.now < target.scaled_out + tracking.cooldown(policy, "ScaleOutCooldown")
    base = target.scaled_from if cooling else now.value
    wanted = tracking.wanted(policy, scaled, base, points[:1], 0.0 if cooling else target.changed)
    if wanted is None or target.suspended["DynamicScalingOutSuspended"]:
        return
    if now.value >= target.maximum:
        reason = {"Code": "AlreadyAtMaxCapacity", "MaxCapacity": target.maximum}
        activities.not_scaled(ctx, target.of, cause, reason)
    elif wanted > now.value:
        new = min(max(wanted, target.minimum), target.maximum)
        if await _change(ctx, target, scaled, new, cause):
            after = replace(targets.get(ctx, *target.of) or target, scaled_out=ctx.now, scaled_from=base, scaled_in=0.0)
            targets.put(ctx, after)
            if new == target.maximum:
                _tell_of_maximum(ctx, after, now.value)


async def _in(
    ctx: Context,
    target: Target,
    policy: Policy,
    scaled: Scalable,
    now: Capacity,
    points: list[tuple[float, float]],
    cause: str,
) -> None:
    """Scale in, when all policies of the target want to, as far as the one does that wants the most."""
    assert now.value is not None
    wanted = tracking.wanted(policy, scaled, now.value, points, target.changed)
    if wanted is None or target.suspended["DynamicScalingInSuspended"]:
        return
    policies.put(ctx, replace(policy, wanted=wanted, wanted_at=ctx.now))
    others = [one for one in policies.scan(ctx, *target.of) if alarms.LOW in one.alarms]
    if any(one.wanted_at <= ctx.now - tracking.MINUTE for one in others):
        return
    if ctx.now < target.scaled_in + tracking.cooldown(policy, "ScaleInCooldown"):
        return
    if now.value <= target.minimum:
        reason = {"Code": "AlreadyAtMinCapacity", "MinCapacity": target.minimum}
        activities.not_scaled(ctx, target.of, cause, reason)
        return
    new = min(max(target.minimum, *(one.wanted for one in others)), target.maximum)
    if new >= now.value:
        reason = {"Code": "AlreadyAtDesiredCapacity", "CurrentCapacity": now.value}
        activities.not_scaled(ctx, target.of, cause, reason)
    elif await _change(ctx, target, scaled, new, cause):
        targets.put(ctx, replace(targets.get(ctx, *target.of) or target, scaled_in=ctx.now))


async def _change(ctx: Context, target: Target, scaled: Scalable, wanted: int, cause: str) -> bool:
    """Set a capacity; whether that went well. Raises: AwsError that may pass."""
    activity = activities.add(ctx, target.of, f"Setting {scaled.noun} to {wanted}.", cause, IN_PROGRESS, wanted=wanted)
    try:
        await scaled.put(roles.scaling(ctx, target.namespace), wanted)
    except (AwsError, Missing) as error:
        activities.end(ctx, activity, FAILED, f"Failed to set {scaled.noun} to {wanted}. Reason: {error}")
        if error.is_transient:
            raise
        return False
    targets.put(ctx, replace(target, changed=ctx.now))
    await _see(ctx, target, scaled, activity)
    with suppress(AwsError):  # else the alarms will tell of the capacity
        await alarms.follow(ctx, target, scaled, wanted)
    return True


async def _see(ctx: Context, target: Target, scaled: Scalable, activity: Activity) -> None:
    """Whether a change has been fulfilled."""
    done = f"Successfully set {scaled.noun} to {activity.wanted}."
    try:
        now = await scaled.capacity(roles.scaling(ctx, target.namespace))
    except (AwsError, Missing) as error:
        if not error.is_transient:
            activities.end(ctx, activity, FAILED, f"Failed to set {scaled.noun} to {activity.wanted}. Reason: {error}")
            return
        now = Capacity(None, settled=False)
    if now.settled and now.value == activity.wanted:
        activities.end(ctx, activity, SUCCESSFUL, f"{done} Change successfully fulfilled by {target.namespace}.")
    elif ctx.now >= activity.at + PATIENCE:
        activities.end(ctx, activity, UNFULFILLED, f"{done} Change was not fulfilled by {target.namespace}.")
    else:
        table.put(ctx, replace(activity, message=f"{done} Waiting for change to be fulfilled by {target.namespace}."))
        ctx.timers.set(ctx, "look", ctx.now + PAUSE, target.id, activity.id)


@application_autoscaling.timer("look")
def look(ctx: Context, target: str, activity: str) -> None:
    if found := next(targets.by("ids", ctx, target), None):
        wake(ctx, found, activity=activity)


async def look_again(ctx: Context, target: Target, id: str) -> None:
    """Whether the change of an activity has been fulfilled by now."""
    found = next((one for one in table.scan(ctx, target.namespace, reverse=True) if one.id == id), None)
    if found is not None and found.status == IN_PROGRESS:
        await _see(ctx, target, scalable(target.of), found)


def _tell_of_maximum(ctx: Context, target: Target, before: int) -> None:
    """https://docs.aws.amazon.com/autoscaling/application/userguide/cloudwatch-events-and-eventbridge.html"""
    now = datetime.fromtimestamp(ctx.now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    detail = {
        "startTime": now,
        "endTime": now,
        "newDesiredCapacity": target.maximum,
        "oldDesiredCapacity": before,
        "minCapacity": target.minimum,
        "maxCapacity": target.maximum,
        "resourceId": target.resource,
        "scalableDimension": target.dimension,
        "serviceNamespace": target.namespace,
        "statusCode": SUCCESSFUL,
        "scaledToMax": True,
        "direction": "scale-out",
    }
    ctx.emit("Application Auto Scaling Scaling Activity State Change", detail)
