"""Alarms described, deleted, switched, set."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from hodei.kernel import pages
from hodei.kernel.context import Context
from hodei.services.cloudwatch import errors, rules
from hodei.services.cloudwatch.alarms import composite, contributors, definitions, history, messages, transitions
from hodei.services.cloudwatch.alarms.suppression import name_of
from hodei.services.cloudwatch.data.listing import page_after
from hodei.services.cloudwatch.data.queries import bad
from hodei.services.cloudwatch.service import cloudwatch
from hodei.services.cloudwatch.state import Alarm, alarms, parents

PAGE = 50
STATISTICS = ("Statistic", "ExtendedStatistic", "Period", "Unit")


@cloudwatch.operation("DescribeAlarms")
def describe_alarms(
    ctx: Context,
    *,
    AlarmNames: Sequence[str] | None = None,
    AlarmNamePrefix: str | None = None,
    AlarmTypes: Sequence[str] = ("MetricAlarm",),
    ChildrenOfAlarmName: str | None = None,
    ParentsOfAlarmName: str | None = None,
    StateValue: str | None = None,
    ActionPrefix: str | None = None,
    MaxRecords: int = PAGE,
    NextToken: str = "",
) -> dict[str, Any]:
    """Without AlarmTypes "only metric alarms are returned"."""
    if AlarmNames and AlarmNamePrefix:
        raise bad("The parameters AlarmNames and AlarmNamePrefix are mutually exclusive and you have specified both.")
    if related := ChildrenOfAlarmName or ParentsOfAlarmName:
        names = _children(ctx, related) if ChildrenOfAlarmName else [one.name for one in parents.scan(ctx, related)]
        page, token = [found for name in names if (found := alarms.get(ctx, name))], ""
        answer: dict[str, Any] = {"CompositeAlarms": [], "MetricAlarms": [], "LogAlarms": []}
        for alarm in page:
            listed = {"AlarmName": alarm.name, "AlarmArn": messages.arn(ctx, alarm.name)}
            answer[_kind(alarm) + "s"].append(listed | _state(alarm))
        return answer
    after = page_after(ctx, NextToken)
    found_alarms = (
        alarm
        for alarm in _named(ctx, AlarmNames, AlarmNamePrefix or "", after)
        if _kind(alarm) in AlarmTypes and StateValue in (None, alarm.state) and _acts(alarm, ActionPrefix)
    )
    page, token = pages.cut(ctx, found_alarms, MaxRecords, lambda alarm: (alarm.name,))
    answer = {"CompositeAlarms": [], "MetricAlarms": [], "LogAlarms": []}
    for alarm in page:
        answer[_kind(alarm) + "s"].append(describe(ctx, alarm))
    return answer | ({"NextToken": token} if token else {})


def _kind(alarm: Alarm) -> str:
    return "CompositeAlarm" if alarm.composite else "MetricAlarm"


def _children(ctx: Context, name: str) -> list[str]:
    alarm = alarms.get(ctx, name_of(name))
    return composite.children(alarm) if alarm and alarm.composite else []


def _named(ctx: Context, names: Sequence[str] | None, prefix: str, after: tuple[Any, ...] | None) -> Iterator[Alarm]:
    if names:
        wanted = sorted(set(names))
        return (alarm for name in wanted if (not after or name > after[0]) and (alarm := alarms.get(ctx, name)))
    start = (prefix,) if prefix and not after else None
    found = alarms.scan(ctx, start=start, after=after)
    return (alarm for alarm in found if alarm.name.startswith(prefix))


def _acts(alarm: Alarm, prefix: str | None) -> bool:
    given = alarm.given
    actions = (*given["OKActions"], *given["AlarmActions"], *given["InsufficientDataActions"])
    return prefix is None or any(action.startswith(prefix) for action in actions)


def _state(alarm: Alarm) -> dict[str, Any]:
    found: dict[str, Any] = {
        "StateValue": alarm.state,
        "StateReason": alarm.reason,
        "StateUpdatedTimestamp": datetime.fromtimestamp(alarm.state_updated, UTC),
        "StateTransitionedTimestamp": datetime.fromtimestamp(alarm.transitioned, UTC),
    }
    if alarm.reason_data is not None:
        found["StateReasonData"] = alarm.reason_data
    if alarm.evaluation_state:
        found["EvaluationState"] = alarm.evaluation_state
    if alarm.suppressed_by:
        found |= {
            "ActionsSuppressedBy": alarm.suppressed_by,
            "ActionsSuppressedReason": f"Actions suppressed by {alarm.suppressed_by}",
        }
    return found


def describe(ctx: Context, alarm: Alarm) -> dict[str, Any]:
    return {
        "AlarmName": alarm.name,
        "AlarmArn": messages.arn(ctx, alarm.name),
        "AlarmConfigurationUpdatedTimestamp": datetime.fromtimestamp(alarm.updated, UTC),
        **alarm.given,
        **_state(alarm),
    }


@cloudwatch.operation("DescribeAlarmsForMetric")
def describe_alarms_for_metric(
    ctx: Context,
    *,
    MetricName: str,
    Namespace: str,
    Statistic: str | None = None,
    ExtendedStatistic: str | None = None,
    Dimensions: Sequence[Mapping[str, str]] = (),
    Period: int | None = None,
    Unit: str | None = None,
) -> dict[str, Any]:
    """Those on one metric alone: "to retrieve alarms based on metric math, use DescribeAlarms"."""
    metric = rules.metric_of(Namespace, MetricName, Dimensions)
    wanted = dict(zip(STATISTICS, (Statistic, ExtendedStatistic, Period, Unit)))
    found = []
    for alarm in alarms.scan(ctx):
        given = alarm.given
        if "MetricName" not in given:
            continue
        if rules.metric_of(given["Namespace"], given["MetricName"], given["Dimensions"]) == metric and all(
            value in (None, given.get(name)) for name, value in wanted.items()
        ):
            found.append(describe(ctx, alarm))
    return {"MetricAlarms": found}


@cloudwatch.operation("DeleteAlarms")
def delete_alarms(ctx: Context, *, AlarmNames: Sequence[str]) -> dict[str, Any]:
    """Names of alarms that are not there are passed over. One composite alarm at most, and alone."""
    found = [alarm for name in AlarmNames if (alarm := alarms.get(ctx, name))]
    if len(found) > 1 and any(alarm.composite for alarm in found):
        raise bad("You can delete only one composite alarm at a time, and no metric alarms with it.")
    for alarm in found:
        alarms.delete(ctx, alarm.name)
        for timer in ("evaluate", "suppressed"):
            ctx.timers.cancel(ctx, timer, alarm.name)
        if alarm.composite:
            composite.forget(ctx, alarm.name)
        contributors.forget(ctx, alarm.name)
        ctx.tags.set(ctx, messages.arn(ctx, alarm.name), {})
        data = {"type": "Delete", "deletedAlarm": alarm.given}
        history.add(ctx, alarm, "ConfigurationUpdate", f'Alarm "{alarm.name}" deleted', data)
        definitions.tell(ctx, alarm, "delete")
    return {}


@cloudwatch.operation("EnableAlarmActions")
def enable_alarm_actions(ctx: Context, *, AlarmNames: Sequence[str]) -> dict[str, Any]:
    return _switch(ctx, AlarmNames, True)


@cloudwatch.operation("DisableAlarmActions")
def disable_alarm_actions(ctx: Context, *, AlarmNames: Sequence[str]) -> dict[str, Any]:
    return _switch(ctx, AlarmNames, False)


def _switch(ctx: Context, names: Sequence[str], enabled: bool) -> dict[str, Any]:
    for name in names:
        if (alarm := alarms.get(ctx, name)) and alarm.enabled != enabled:
            new = replace(alarm, given=alarm.given | {"ActionsEnabled": enabled}, updated=ctx.now)
            alarms.put(ctx, new)
            data = {"type": "Update", "updatedAlarm": new.given}
            history.add(ctx, new, "ConfigurationUpdate", f'Alarm "{name}" updated', data)
            definitions.tell(ctx, new, "update")
    return {}


@cloudwatch.operation("SetAlarmState")
def set_alarm_state(
    ctx: Context, *, AlarmName: str, StateValue: str, StateReason: str, StateReasonData: str | None = None
) -> dict[str, Any]:
    """For as long as the next evaluation does not find another one."""
    if (alarm := alarms.get(ctx, AlarmName)) is None:
        raise errors.ResourceNotFound()
    if StateReasonData is not None:
        try:
            json.loads(StateReasonData)
        except ValueError:
            raise errors.InvalidFormat(reason="StateReasonData must be a valid JSON document.") from None
    transitions.change(ctx, alarm, StateValue, StateReason, StateReasonData)
    return {}
