"""Scalable targets: what is to be scaled, and how far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.application_autoscaling import (
    errors,
    find,
    pages,
    policies,
    roles,
    scaling,
    scheduled_actions,
    tagging,
)
from hodei.services.application_autoscaling.scalables import Missing, Scalable, scalable
from hodei.services.application_autoscaling.service import application_autoscaling
from hodei.services.application_autoscaling.state import Dimension, Target, Wire, targets

SUSPENSIONS = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")


@application_autoscaling.operation("RegisterScalableTarget")
async def register_scalable_target(
    ctx: Context,
    *,
    ServiceNamespace: str,
    ResourceId: str,
    ScalableDimension: str,
    MinCapacity: int | None = None,
    MaxCapacity: int | None = None,
    RoleARN: str = "",
    SuspendedState: Mapping[str, bool] | None = None,
    Tags: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """A RoleARN is only for services without service-linked roles, none of which is here: it says nothing."""
    of = Dimension(ServiceNamespace, ResourceId, ScalableDimension)
    scaled = scalable(of)
    roles.make(ctx, of.namespace)
    await _check_there(ctx, of, scaled)
    old = targets.get(ctx, *of)
    target = _bounded(_new(ctx, of, MinCapacity, MaxCapacity) if old is None else old, scaled, MinCapacity, MaxCapacity)
    if SuspendedState is not None:
        target = replace(target, suspended={**target.suspended, **SuspendedState})
    if Tags:
        if old is not None:
            raise errors.ValidationException(reason="Tags cannot be changed by RegisterScalableTarget: use TagResource")
        tagging.add(ctx, target, Tags)
    targets.put(ctx, target)
    try:
        await scaling.keep_within(ctx, target)
    except AwsError:
        scaling.wake(ctx, target)  # until it goes well
    return {"ScalableTargetARN": find.target_arn(ctx, target)}


async def _check_there(ctx: Context, of: Dimension, scaled: Scalable) -> None:
    try:
        await scaled.capacity(roles.scaling(ctx, of.namespace))
    except Missing as missing:
        raise errors.ValidationException(reason=str(missing)) from None


def _new(ctx: Context, of: Dimension, minimum: int | None, maximum: int | None) -> Target:
    if minimum is None or maximum is None:
        raise errors.ValidationException(
            reason="Both the minimum and the maximum capacity are required to register a new scalable target"
        )
    key = "dynamodb-targets" if of.namespace == "dynamodb" else "targets"
    most, kind = ctx.quota(key), of.name.rpartition(":")[0]
    there = sum(target.dimension.startswith(kind) for target in targets.scan(ctx, of.namespace))
    if there >= most:
        raise errors.LimitExceededException(reason=f"The maximum of {most:.0f} scalable targets for {kind} is reached")
    return Target(
        namespace=of.namespace,
        resource=of.resource,
        dimension=of.name,
        id=ctx.ids.uuid().replace("-", ""),
        minimum=minimum,
        maximum=maximum,
        created=ctx.now,
        suspended=dict.fromkeys(SUSPENSIONS, False),
    )


def _bounded(target: Target, scaled: Scalable, minimum: int | None, maximum: int | None) -> Target:
    """Raises: ValidationException."""
    new = replace(
        target,
        minimum=target.minimum if minimum is None else minimum,
        maximum=target.maximum if maximum is None else maximum,
    )
    scaling.check_bounds(new.minimum, new.maximum, scaled.least)
    return new


@application_autoscaling.operation("DescribeScalableTargets")
def describe_scalable_targets(
    ctx: Context,
    *,
    ServiceNamespace: str,
    ResourceIds: Sequence[str] = (),
    ScalableDimension: str | None = None,
    MaxResults: int = pages.MOST,
    NextToken: str = "",
) -> dict[str, Any]:
    find.check_filter(ScalableDimension, ResourceIds)
    found = (
        one
        for one in targets.scan(ctx, ServiceNamespace, after=pages.after(ctx, NextToken))
        if (not ResourceIds or one.resource in ResourceIds) and ScalableDimension in (None, one.dimension)
    )
    page, rest = pages.cut(ctx, found, MaxResults, lambda one: (one.resource, one.dimension))
    return {"ScalableTargets": [_described(ctx, one) for one in page], **rest}


def _described(ctx: Context, target: Target) -> Wire:
    return {
        **target.of.members,
        "MinCapacity": target.minimum,
        "MaxCapacity": target.maximum,
        "RoleARN": roles.arn(ctx, target.namespace),
        "CreationTime": target.created,
        "SuspendedState": target.suspended,
        "ScalableTargetARN": find.target_arn(ctx, target),
    }


@application_autoscaling.operation("DeregisterScalableTarget")
async def deregister_scalable_target(
    ctx: Context, *, ServiceNamespace: str, ResourceId: str, ScalableDimension: str
) -> None:
    """Its policies, their alarms and its scheduled actions go with it."""
    target = find.registered(ctx, Dimension(ServiceNamespace, ResourceId, ScalableDimension))
    await policies.forget(ctx, target.of)
    scheduled_actions.forget(ctx, target.of)
    ctx.tags.set(ctx, find.target_arn(ctx, target), {})
    targets.delete(ctx, *target.of)
