"""What other services ask of Application Auto Scaling."""

from __future__ import annotations

from hodei.kernel.context import Context
from hodei.services.application_autoscaling import scaling
from hodei.services.application_autoscaling.state import Dimension, targets


def is_scaled(ctx: Context, namespace: str, resource: str, dimension: str) -> bool:
    """Whether something is a scalable target in the place of the call."""
    return targets.get(ctx, namespace, resource, dimension) is not None


def copy(ctx: Context, namespace: str, resource: str, dimension: str, region: str) -> None:
    """Soon scale what has the same name in another region as it is scaled here, if it is."""
    if target := targets.get(ctx, *Dimension(namespace, resource, dimension)):
        here = ctx.world.context("application-autoscaling", account=ctx.account, region=ctx.region)
        scaling.wake(here, target, region=region)
