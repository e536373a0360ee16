"""What alarms tell policies, and what scalable targets are woken for."""

from __future__ import annotations

import json
from contextlib import suppress

from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.kernel.deliver import Delivery
from hodei.kernel.errors import AwsError
from hodei.services.application_autoscaling import policies, scaling
from hodei.services.application_autoscaling.service import application_autoscaling
from hodei.services.application_autoscaling.state import Target, targets
from hodei.services.application_autoscaling.state import policies as table
from hodei.services.application_autoscaling.targets import register_scalable_target


@application_autoscaling.delivers
async def receive(ctx: Context, arn: Arn, delivery: Delivery) -> None:
    about = json.loads(delivery.payload)
    if arn.service == ctx.service.name:
        if target := next(targets.by("ids", ctx, arn.resource.partition("/")[2]), None):
            await _see_to(ctx, target, about)
    elif policy := next(table.by("ids", ctx, arn.resource.split(":")[1]), None):
        with suppress(AwsError):  # what may pass: the alarm tells of itself again in a minute
            await scaling.by_alarm(ctx, policy, about)


async def _see_to(ctx: Context, target: Target, about: dict[str, str]) -> None:
    if "activity" in about:
        await scaling.look_again(ctx, target, about["activity"])
    elif "region" in about:
        await _copy(ctx.at(region=about["region"]), ctx, target)
    else:
        await scaling.keep_within(ctx, target)


async def _copy(there: Context, ctx: Context, target: Target) -> None:
    """Scale what has the same name in another region in the same way."""
    named = target.of.members
    await register_scalable_target(
        there, **named, MinCapacity=target.minimum, MaxCapacity=target.maximum, SuspendedState=target.suspended
    )
    for policy in table.scan(ctx, *target.of):
        await policies.put_scaling_policy(
            there,
            **named,
            PolicyName=policy.name,
            PolicyType=policies.TRACKING,
            TargetTrackingScalingPolicyConfiguration=policy.configuration,
        )
