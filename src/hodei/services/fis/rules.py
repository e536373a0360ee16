"""What FIS accepts as a template. Texts are ours where AWS's are not known."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any

from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError, NotImplementedByHodei
from hodei.services.fis import durations, effects, errors
from hodei.services.fis.catalogue import ActionType, catalogue
from hodei.services.fis.durations import HOUR, MINUTE
from hodei.services.fis.state import Template, Wire

ROLE = re.compile(r"arn:[a-z-]+:iam::\d{12}:role/[\w+=,.@/-]+")
SELECTION = re.compile(r"ALL|COUNT\(([1-9]\d{0,8})\)|PERCENT\(([1-9]\d?|100)\)")
ALARMS = "aws:cloudwatch:alarm"  # as the source of stop conditions
ALARM = re.compile(r"arn:[\w-]+:cloudwatch:[\w-]+:\d{12}:alarm:.+")
MOST_FILTERS = 5
MOST_VALUES = 5


def invalid(reason: str) -> AwsError:
    return errors.ValidationException(reason=reason)


def check(ctx: Context, template: Template) -> None:
    """Raises: ValidationException, ResourceNotFoundException, ServiceQuotaExceededException, NotImplemented."""
    check_role(template.role)
    if Arn.parse(template.role).account != ctx.account:
        raise invalid("The experiment role must be in the account of the experiment template.")
    within(ctx, "stop-conditions", len(template.stop_conditions))
    for condition in template.stop_conditions:
        _check_stop_condition(condition)
    if not template.actions:
        raise invalid("An experiment template must have at least one action.")
    within(ctx, "actions", len(template.actions))
    for name, target in template.targets.items():
        _check_target(name, target)
    for name, action in template.actions.items():
        _check_action(ctx, name, action, template.targets)
    _check_schedule(ctx, template.actions)


def check_role(role: str) -> None:
    if not ROLE.fullmatch(role):
        raise invalid(f"{role} is not the ARN of an IAM role.")


def within(ctx: Context, quota: str, count: int) -> None:
    """Raises: ServiceQuotaExceededException for a count that is above a quota."""
    most = ctx.quota(quota)
    if count > most:
        name = ctx.service.manifest.quotas[quota].name
        raise errors.ServiceQuotaExceededException(most=f"{most:.0f}", what=name)


def refuse_reports(report: Mapping[str, Any] | None) -> None:
    """Raises: NotImplemented for what would be kept and never written."""
    if report:
        raise NotImplementedByHodei(
            "experimentReportConfiguration: reports of experiments are not implemented by Hodei."
        )


def _check_stop_condition(condition: Mapping[str, str]) -> None:
    """Raises: ValidationException."""
    source, value = condition["source"], condition.get("value")
    if source == "none":
        if value is not None:
            raise invalid("A stop condition of source none must not have a value.")
    elif source != ALARMS:
        raise invalid(f"Stop condition source {source} is not valid. It must be none or aws:cloudwatch:alarm.")
    elif not value:
        raise invalid("A stop condition of source aws:cloudwatch:alarm must have the ARN of an alarm as its value.")
    elif not ALARM.fullmatch(value):
        raise invalid(f"{value} is not the ARN of a CloudWatch alarm.")


# targets


def _check_target(name: str, target: Mapping[str, Any]) -> None:
    id = target["resourceType"]
    if (kind := catalogue().types.get(id)) is None:
        raise errors.ResourceNotFoundException(kind="Target resource type", id=id)
    if not SELECTION.fullmatch(target["selectionMode"]):
        raise invalid(
            f'Selection mode of target "{name}" is not valid. It must be ALL, COUNT(n) with n of at least 1, or '
            "PERCENT(n) with n from 1 to 100."
        )
    arns, tags, filters = (target.get(part) for part in ("resourceArns", "resourceTags", "filters"))
    if target.get("parameters"):
        raise invalid(f'Unexpected parameters found in target "{name}": {id} has none.')
    if arns and (tags or filters):
        raise invalid(f'Target "{name}" must not have both resource ARNs and resource tags or filters.')
    if arns and not kind.arns:
        raise invalid(f'Target "{name}": targets of type {id} are identified by resource tags only.')
    if tags and not kind.tags:
        raise invalid(f'Target "{name}": targets of type {id} cannot be identified by resource tags.')
    if not (arns or tags or (filters and kind.arns)):
        raise invalid(f'Target "{name}" does not identify any resource.')
    for arn in arns or ():
        if not re.fullmatch(kind.arn, arn):
            raise invalid(f'Target "{name}": {arn} is not the ARN of a resource of type {id}.')
    _check_filters(name, filters or ())


def _check_filters(name: str, filters: Sequence[Mapping[str, Any]]) -> None:
    if len(filters) > MOST_FILTERS or any(len(one["values"]) > MOST_VALUES for one in filters):
        raise invalid(
            f'Target "{name}" has more than {MOST_FILTERS} filters, or one of more than {MOST_VALUES} values.'
        )


# actions


def _check_action(ctx: Context, name: str, action: Mapping[str, Any], targets: Mapping[str, Wire]) -> None:
    if (kind := catalogue().actions.get(action["actionId"])) is None:
        raise errors.ResourceNotFoundException(kind="Action", id=action["actionId"])
    _check_action_targets(name, kind, action.get("targets", {}), targets)
    parameters = action.get("parameters", {})
    for parameter in parameters:
        if parameter not in kind.parameters:
            raise invalid(f'Unexpected parameter "{parameter}" found in action "{name}".')
    for parameter, one in kind.parameters.items():
        if one.required and parameter not in parameters:
            raise invalid(f'Missing required parameter "{parameter}" in action "{name}".')
    length = durations.seconds(parameters["duration"])
    if length is None or not MINUTE <= length <= ctx.quota("action-hours") * HOUR:
        raise invalid(
            f'Parameter "duration" of action "{name}" must be an ISO 8601 duration from one minute to '
            f"{ctx.quota('action-hours'):.0f} hours."
        )
    if problem := effects.of(action["actionId"]).problem(ctx, parameters):
        raise invalid(f'Action "{name}": {problem}')


def _check_action_targets(name: str, kind: ActionType, given: Mapping[str, str], targets: Mapping[str, Wire]) -> None:
    for key, target in given.items():
        if key not in kind.targets:
            raise invalid(f'Unexpected target "{key}" found in action "{name}".')
        if target not in targets:
            raise invalid(f'Target "{target}" of action "{name}" is not defined.')
        if targets[target]["resourceType"] != kind.targets[key]:
            raise invalid(f'Target "{target}" of action "{name}" must be of type {kind.targets[key]}.')
    for key in kind.targets:
        if key not in given:
            raise invalid(f'Missing required target "{key}" in action "{name}".')


def _check_schedule(ctx: Context, actions: Mapping[str, Wire]) -> None:
    """By when each action starts and ends if nothing fails: how long it all takes, how many run at once."""
    spans = list(_spans(actions))
    if max(end for _, end in spans) > ctx.quota("experiment-hours") * HOUR:
        raise invalid(f"An experiment must not take longer than {ctx.quota('experiment-hours'):.0f} hours.")
    within(ctx, "parallel-actions", max(sum(one <= start < end for one, end in spans) for start, _ in spans))


def _spans(actions: Mapping[str, Wire]) -> Iterator[tuple[float, float]]:
    for name, action in actions.items():
        for before in action.get("startAfter", ()):
            if before not in actions:
                raise invalid(f'Action "{before}", which action "{name}" is to start after, is not defined.')
    try:
        order = list(
            TopologicalSorter({name: one.get("startAfter", ()) for name, one in actions.items()}).static_order()
        )
    except CycleError:
        raise invalid("The actions of an experiment template must not start after each other in a circle.") from None
    ends: dict[str, float] = {}
    for name in order:
        start = max((ends[before] for before in actions[name].get("startAfter", ())), default=0.0)
        ends[name] = start + (durations.seconds(actions[name]["parameters"]["duration"]) or 0.0)
        yield start, ends[name]
