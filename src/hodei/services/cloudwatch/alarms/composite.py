"""Composite alarms: PutCompositeAlarm, and what their rules make of their children."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from hodei.kernel.context import Context
from hodei.services.cloudwatch.alarms import definitions, messages, rule, suppression, transitions
from hodei.services.cloudwatch.alarms.suppression import name_of
from hodei.services.cloudwatch.data.queries import bad
from hodei.services.cloudwatch.service import cloudwatch
from hodei.services.cloudwatch.state import ALARM, OK, Alarm, Parent, alarms, parents

parsed = lru_cache(maxsize=1024)(rule.parse)


@cloudwatch.operation("PutCompositeAlarm")
def put_composite_alarm(
    ctx: Context,
    *,
    AlarmName: str,
    AlarmRule: str,
    ActionsEnabled: bool = True,
    AlarmActions: Sequence[str] = (),
    AlarmDescription: str | None = None,
    InsufficientDataActions: Sequence[str] = (),
    OKActions: Sequence[str] = (),
    Tags: Sequence[Mapping[str, str]] = (),
    ActionsSuppressor: str | None = None,
    ActionsSuppressorWaitPeriod: int | None = None,
    ActionsSuppressorExtensionPeriod: int | None = None,
) -> dict[str, Any]:
    names = _check_rule(ctx, AlarmName, AlarmRule)
    periods = {
        "ActionsSuppressorWaitPeriod": ActionsSuppressorWaitPeriod,
        "ActionsSuppressorExtensionPeriod": ActionsSuppressorExtensionPeriod,
    }
    _check_suppressor(ctx, ActionsSuppressor, periods)
    given = definitions.common(
        ctx, AlarmDescription, ActionsEnabled, OKActions, AlarmActions, InsufficientDataActions, composite=True
    )
    given["AlarmRule"] = AlarmRule
    if ActionsSuppressor is not None:
        given |= {"ActionsSuppressor": ActionsSuppressor} | periods
    alarm, new = definitions.put(ctx, AlarmName, given, Tags)
    _adopt(ctx, alarm, names)
    made = "created" if new else "updated"
    state = _state(ctx, alarm)
    reason = f"{messages.arn(ctx, AlarmName)} was {made} and its alarm rule evaluates to {state}"
    if new or state != alarm.state:
        transitions.change(ctx, alarm, state, reason, _reason_data(ctx, alarm, names))
    return {}


def _check_rule(ctx: Context, name: str, text: str) -> list[str]:
    """The names of its children. Raises: ValidationError."""
    try:
        found, elements = parsed(text)
    except ValueError as error:
        raise bad(f"AlarmRule must be a valid rule expression: {error}.") from None
    names = list(dict.fromkeys(map(name_of, rule.alarms_of(found))))
    if len(names) > ctx.quota("rule-children"):
        raise bad(f"AlarmRule must not reference more than {ctx.quota('rule-children'):.0f} alarms.")
    if elements > ctx.quota("rule-elements"):
        raise bad(f"AlarmRule must not have more than {ctx.quota('rule-elements'):.0f} elements.")
    if name in names:
        raise bad(f"Could not save the composite alarm as it references itself in the alarm rule: {name}.")
    if missing := [one for one in names if alarms.get(ctx, one) is None]:
        raise bad(f"Could not save the composite alarm as alarms [{', '.join(missing)}] in the alarm rule do not exist")
    return names


def _check_suppressor(ctx: Context, suppressor: str | None, periods: Mapping[str, int | None]) -> None:
    if suppressor is None:
        if any(period is not None for period in periods.values()):
            raise bad("ActionsSuppressorWaitPeriod and ActionsSuppressorExtensionPeriod need an ActionsSuppressor.")
        return
    for name, period in periods.items():
        if period is None:
            raise bad(f"{name} is required if ActionsSuppressor is specified.")
        if period < 0:
            raise bad(f"{name} must not be negative.")
    if alarms.get(ctx, name_of(suppressor)) is None:
        raise bad(f"Could not save the composite alarm as the suppressor alarm {suppressor} does not exist")


def _adopt(ctx: Context, alarm: Alarm, names: Sequence[str]) -> None:
    """Be told of changes of those that the rule names, and of the suppressor."""
    forget(ctx, alarm.name)
    watched = [*names, *([name_of(alarm.given["ActionsSuppressor"])] if "ActionsSuppressor" in alarm.given else [])]
    for child in watched:
        parents.put(ctx, Parent(child=child, name=alarm.name))


def forget(ctx: Context, name: str) -> None:
    """A composite alarm is gone, or has another rule."""
    for parent in [one for one in parents.scan(ctx) if one.name == name]:
        parents.delete(ctx, parent.child, parent.name)


def children(alarm: Alarm) -> list[str]:
    """The names of the alarms in its rule."""
    return list(dict.fromkeys(map(name_of, rule.alarms_of(parsed(alarm.given["AlarmRule"])[0]))))


def _state(ctx: Context, alarm: Alarm) -> str:
    def state_of(named: str) -> str | None:
        child = alarms.get(ctx, name_of(named))
        return child.state if child else None

    return ALARM if rule.holds(parsed(alarm.given["AlarmRule"])[0], state_of) else OK


def _reason_data(ctx: Context, alarm: Alarm, names: Sequence[str]) -> str:
    found = []
    for name in names:
        if child := alarms.get(ctx, name):
            state = {"value": child.state, "timestamp": messages.stamp(child.state_updated)}
            found.append({"arn": messages.arn(ctx, name), "state": state})
    return json.dumps({"triggeringAlarms": found})


@cloudwatch.timer("child-changed")
def child_changed(ctx: Context, name: str, child: str) -> None:
    alarm, changed = alarms.get(ctx, name), alarms.get(ctx, child)
    if alarm is None or changed is None or not alarm.composite:
        return
    if child == name_of(alarm.given.get("ActionsSuppressor", "")):
        alarm = suppression.suppressor_changed(ctx, alarm)
        alarms.put(ctx, alarm)
    state = _state(ctx, alarm)
    if state != alarm.state:
        moment = datetime.fromtimestamp(changed.state_updated, UTC).strftime("%A %d %B, %Y %H:%M:%S UTC")
        reason = f"{messages.arn(ctx, child)} transitioned to {changed.state} at {moment}"
        transitions.change(ctx, alarm, state, reason, _reason_data(ctx, alarm, [child]))
