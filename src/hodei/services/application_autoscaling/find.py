"""Scalable targets by what they scale, and the ARNs of things."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from hodei.kernel.arns import Arn, partition_of
from hodei.kernel.context import Context
from hodei.kernel.tables import Table
from hodei.services.application_autoscaling import errors, pages
from hodei.services.application_autoscaling.state import Dimension, Policy, ScheduledAction, Target, targets

Named = TypeVar("Named", Policy, ScheduledAction)
SHARED = "autoscaling"  # policies and scheduled actions have ARNs of EC2 Auto Scaling's


def registered(ctx: Context, of: Dimension) -> Target:
    """Raises: ObjectNotFoundException."""
    if (target := targets.get(ctx, *of)) is None:
        raise errors.ObjectNotFoundException(reason=f"No scalable target registered for {worded(of)}")
    return target


def check_filter(dimension: str | None, resources: str | Sequence[str] | None) -> None:
    """Raises: ValidationException."""
    if dimension and not resources:
        raise errors.ValidationException(
            reason="If you specify a scalable dimension, you must also specify a resource ID"
        )


def described(
    ctx: Context,
    table: Table[Named],
    namespace: str,
    names: Sequence[str],
    resource: str | None,
    dimension: str | None,
    token: str,
) -> Iterator[Named]:
    """What a Describe operation of policies or scheduled actions asks for, from a page's token on.

    Raises: ValidationException, InvalidNextTokenException.
    """
    check_filter(dimension, resource)
    return (
        one
        for one in table.scan(ctx, namespace, after=pages.after(ctx, token))
        if (not names or one.name in names) and resource in (None, one.resource) and dimension in (None, one.dimension)
    )


def place(one: Policy | ScheduledAction) -> tuple[str, str, str]:
    """Of one of these in its pages."""
    return one.resource, one.dimension, one.name


def worded(of: Dimension) -> str:
    return f"service namespace: {of.namespace}, resource ID: {of.resource}, scalable dimension: {of.name}"


def target_arn(ctx: Context, target: Target) -> str:
    return ctx.arn(f"scalable-target/{target.id}")


def policy_arn(ctx: Context, policy: Policy) -> str:
    return _of(ctx, SHARED, f"scalingPolicy:{policy.id}:{_resource(policy.of)}:policyName/{policy.name}")


def action_arn(ctx: Context, action: ScheduledAction) -> str:
    return _of(ctx, SHARED, f"scheduledAction:{action.id}:{_resource(action.of)}:scheduledActionName/{action.name}")


def _resource(of: Dimension) -> str:
    return f"resource/{of.namespace}/{of.resource}"


def alarm_arn(ctx: Context, name: str) -> str:
    return _of(ctx, "cloudwatch", f"alarm:{name}")


def _of(ctx: Context, service: str, resource: str) -> str:
    return str(Arn(partition_of(ctx.region), service, ctx.region, ctx.account, resource))
