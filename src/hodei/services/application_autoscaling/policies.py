"""Scaling policies. Of what can be scaled here, all is scaled by target tracking alone.

StepScaling is "not supported for DynamoDB, Amazon Comprehend, Lambda, ...", PredictiveScaling "only supported for
Amazon ECS": https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScalingPolicy.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.application_autoscaling import alarms, errors, find, pages, roles, tracking
from hodei.services.application_autoscaling.scalables import Missing, Scalable, scalable
from hodei.services.application_autoscaling.service import application_autoscaling
from hodei.services.application_autoscaling.state import Dimension, Policy, Target, Wire
from hodei.services.application_autoscaling.state import policies as table

TRACKING, STEPS = "TargetTrackingScaling", "StepScaling"
LARGEST = 2.0**360
UTILISATION = (20.0, 90.0)  # percent, of DynamoDB's predefined metrics


@application_autoscaling.operation("PutScalingPolicy")
async def put_scaling_policy(
    ctx: Context,
    *,
    PolicyName: str,
    ServiceNamespace: str,
    ResourceId: str,
    ScalableDimension: str,
    PolicyType: str | None = None,
    StepScalingPolicyConfiguration: Mapping[str, Any] | None = None,
    TargetTrackingScalingPolicyConfiguration: Mapping[str, Any] | None = None,
    PredictiveScalingPolicyConfiguration: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    of = Dimension(ServiceNamespace, ResourceId, ScalableDimension)
    scaled = scalable(of)
    old = table.get(ctx, *of, PolicyName)
    kind = PolicyType or (TRACKING if old else STEPS)
    if kind != TRACKING or StepScalingPolicyConfiguration or PredictiveScalingPolicyConfiguration:
        raise _invalid(f"Policy type {kind} is not supported for service namespace {of.namespace}")
    target = find.registered(ctx, of)
    if TargetTrackingScalingPolicyConfiguration is not None:
        configuration = dict(TargetTrackingScalingPolicyConfiguration)
    elif old is not None:
        configuration = old.configuration
    else:
        raise _invalid("A target tracking scaling policy needs a TargetTrackingScalingPolicyConfiguration")
    _check(configuration, scaled)
    policy = replace(old, configuration=configuration) if old else _new(ctx, of, PolicyName, configuration)
    _check_metric_is_new(ctx, policy)
    policy = await _with_alarms(ctx, target, scaled, policy)
    table.put(ctx, policy)
    return {"PolicyARN": find.policy_arn(ctx, policy), "Alarms": alarms.named(ctx, policy)}


def _invalid(reason: str) -> AwsError:
    return errors.ValidationException(reason=reason)


def _new(ctx: Context, of: Dimension, name: str, configuration: Wire) -> Policy:
    most = ctx.quota("policies")
    if table.count(ctx, *of) >= most:
        raise errors.LimitExceededException(
            reason=f"A scalable target can have no more than {most:.0f} scaling policies"
        )
    return Policy(
        namespace=of.namespace,
        resource=of.resource,
        dimension=of.name,
        name=name,
        id=ctx.ids.uuid(),
        created=ctx.now,
        configuration=configuration,
    )


def _check(configuration: Wire, scaled: Scalable) -> None:
    """Raises: ValidationException."""
    aim = configuration["TargetValue"]
    if not 1 / LARGEST <= aim <= LARGEST:
        raise _invalid("The target value must be a positive number in the range of 2^-360 to 2^360")
    for name in ("ScaleOutCooldown", "ScaleInCooldown"):
        if configuration.get(name, 0) < 0:
            raise _invalid(f"{name} cannot be negative")
    given = [name for name in (tracking.PREDEFINED, tracking.CUSTOMIZED) if name in configuration]
    if len(given) != 1:
        raise _invalid("Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification is required")
    if given == [tracking.PREDEFINED]:
        _check_predefined(configuration[tracking.PREDEFINED], aim, scaled)
    else:
        _check_customized(configuration[tracking.CUSTOMIZED])


def _check_predefined(given: Mapping[str, Any], aim: float, scaled: Scalable) -> None:
    kind = given["PredefinedMetricType"]
    if (metric := scaled.metric(kind)) is None:
        raise _invalid(f"The predefined metric type {kind} is not supported for this scalable dimension")
    if "ResourceLabel" in given:
        raise _invalid(f"A resource label cannot be specified for the predefined metric type {kind}")
    low, high = UTILISATION
    if metric.units and not low <= aim <= high:
        raise _invalid(f"The target value for {kind} must be between {low:.0f} and {high:.0f}")


def _check_customized(given: Mapping[str, Any]) -> None:
    single = [name for name in ("MetricName", "Namespace", "Statistic") if name in given]
    if "Metrics" in given and single:
        raise _invalid(f"{single[0]} and Metrics cannot both be specified in a CustomizedMetricSpecification")
    if "Metrics" not in given and len(single) < 3:
        raise _invalid("A CustomizedMetricSpecification needs Metrics, or MetricName, Namespace and Statistic")


def _check_metric_is_new(ctx: Context, policy: Policy) -> None:
    tracked = _tracked(policy)
    if any(one.name != policy.name and _tracked(one) == tracked for one in table.scan(ctx, *policy.of)):
        raise _invalid("Only one TargetTrackingScaling policy for a given metric specification is allowed.")


def _tracked(policy: Policy) -> Any:
    return policy.configuration.get(tracking.PREDEFINED) or policy.configuration[tracking.CUSTOMIZED]


async def _with_alarms(ctx: Context, target: Target, scaled: Scalable, policy: Policy) -> Policy:
    """Raises: ValidationException."""
    roles.make(ctx, policy.namespace)
    try:
        now = await scaled.capacity(roles.scaling(ctx, policy.namespace))
        return await alarms.put(ctx, policy, scaled, target.minimum if now.value is None else now.value)
    except Missing as missing:
        raise _invalid(str(missing)) from None
    except AwsError as error:
        if error.is_transient:
            raise
        raise _invalid(error.message) from None


@application_autoscaling.operation("DescribeScalingPolicies")
def describe_scaling_policies(
    ctx: Context,
    *,
    ServiceNamespace: str,
    PolicyNames: Sequence[str] = (),
    ResourceId: str | None = None,
    ScalableDimension: str | None = None,
    MaxResults: int = pages.MOST,
    NextToken: str = "",
) -> dict[str, Any]:
    found = find.described(ctx, table, ServiceNamespace, PolicyNames, ResourceId, ScalableDimension, NextToken)
    page, rest = pages.cut(ctx, found, MaxResults, find.place)
    return {"ScalingPolicies": [_described(ctx, one) for one in page], **rest}


def _described(ctx: Context, policy: Policy) -> Wire:
    return {
        "PolicyARN": find.policy_arn(ctx, policy),
        "PolicyName": policy.name,
        **policy.of.members,
        "PolicyType": TRACKING,
        "TargetTrackingScalingPolicyConfiguration": policy.configuration,
        "Alarms": alarms.named(ctx, policy),
        "CreationTime": policy.created,
    }


@application_autoscaling.operation("DeleteScalingPolicy")
async def delete_scaling_policy(
    ctx: Context, *, PolicyName: str, ServiceNamespace: str, ResourceId: str, ScalableDimension: str
) -> None:
    of = Dimension(ServiceNamespace, ResourceId, ScalableDimension)
    if (policy := table.get(ctx, *of, PolicyName)) is None:
        raise errors.ObjectNotFoundException(
            reason=f"No scaling policy found for {find.worded(of)}, policy name: {PolicyName}"
        )
    await _delete(ctx, policy)


async def _delete(ctx: Context, policy: Policy) -> None:
    roles.make(ctx, policy.namespace)  # it may have been deleted meanwhile
    await alarms.delete(ctx, policy)
    table.delete(ctx, *policy.of, policy.name)


async def forget(ctx: Context, of: Dimension) -> None:
    """The policies of a target go, with their alarms."""
    for policy in list(table.scan(ctx, *of)):
        await _delete(ctx, policy)
