"""Alarm mute rules: for some time alarms do not act. When it ends, those that are in ALARM do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from hodei.kernel import pages
from hodei.kernel.context import Context
from hodei.services.cloudwatch import errors, tagging
from hodei.services.cloudwatch.alarms import suppression
from hodei.services.cloudwatch.alarms.windows import muted, parsed, status, window_of
from hodei.services.cloudwatch.data.listing import page_after
from hodei.services.cloudwatch.data.queries import bad
from hodei.services.cloudwatch.service import cloudwatch
from hodei.services.cloudwatch.state import ALARM, MuteRule, Wire, alarms, mute_rules

PAGE = 50


@cloudwatch.operation("PutAlarmMuteRule")
def put_alarm_mute_rule(
    ctx: Context,
    *,
    Name: str,
    Rule: Mapping[str, Any],
    Description: str | None = None,
    MuteTargets: Mapping[str, Sequence[str]] | None = None,
    Tags: Sequence[Mapping[str, str]] = (),
    StartDate: datetime | None = None,
    ExpireDate: datetime | None = None,
) -> dict[str, Any]:
    schedule = dict(Rule["Schedule"])
    try:
        parsed(schedule["Expression"], schedule["Duration"], schedule.get("Timezone", "UTC"))
    except ValueError as error:
        raise bad(str(error)) from None
    start, expire = (moment.timestamp() if moment else None for moment in (StartDate, ExpireDate))
    if start is not None and expire is not None and start >= expire:
        raise bad("StartDate must be before ExpireDate.")
    targets = list((MuteTargets or {}).get("AlarmNames", ()))
    if missing := [name for name in targets if alarms.get(ctx, name) is None]:
        raise bad(f"The alarms [{', '.join(missing)}] do not exist.")
    old = mute_rules.get(ctx, Name)
    rule = MuteRule(
        name=Name,
        schedule=schedule,
        targets=targets,
        description=Description,
        start=start,
        expire=expire,
        updated=ctx.now,
    )
    if old is None:
        tagging.add(ctx, _arn(ctx, Name), Tags)
    mute_rules.put(ctx, rule)
    _plan(ctx, rule)
    _release(ctx, old.targets if old else ())
    return {}


@cloudwatch.operation("GetAlarmMuteRule")
def get_alarm_mute_rule(ctx: Context, *, AlarmMuteRuleName: str) -> dict[str, Any]:
    if (rule := mute_rules.get(ctx, AlarmMuteRuleName)) is None:
        raise errors.ResourceNotFoundException(reason=f"The alarm mute rule {AlarmMuteRuleName} does not exist.")
    found: dict[str, Any] = {"Name": rule.name, **_summary(ctx, rule), "Rule": {"Schedule": rule.schedule}}
    if rule.targets:
        found["MuteTargets"] = {"AlarmNames": rule.targets}
    if rule.description is not None:
        found["Description"] = rule.description
    if rule.start is not None:
        found["StartDate"] = datetime.fromtimestamp(rule.start, UTC)
    return found


@cloudwatch.operation("ListAlarmMuteRules")
def list_alarm_mute_rules(
    ctx: Context,
    *,
    AlarmName: str | None = None,
    Statuses: Sequence[str] = (),
    MaxRecords: int = PAGE,
    NextToken: str = "",
) -> dict[str, Any]:
    found = (
        rule
        for rule in mute_rules.scan(ctx, after=page_after(ctx, NextToken))
        if (AlarmName is None or AlarmName in rule.targets) and (not Statuses or status(ctx, rule) in Statuses)
    )
    page, token = pages.cut(ctx, found, MaxRecords, lambda rule: (rule.name,))
    answer: dict[str, Any] = {"AlarmMuteRuleSummaries": [_summary(ctx, rule) for rule in page]}
    return answer | ({"NextToken": token} if token else {})


@cloudwatch.operation("DeleteAlarmMuteRule")
def delete_alarm_mute_rule(ctx: Context, *, AlarmMuteRuleName: str) -> dict[str, Any]:
    if rule := mute_rules.get(ctx, AlarmMuteRuleName):
        mute_rules.delete(ctx, rule.name)
        ctx.timers.cancel(ctx, "mute-ends", rule.name)
        ctx.tags.set(ctx, _arn(ctx, rule.name), {})
        _release(ctx, rule.targets)
    return {}


def _arn(ctx: Context, name: str) -> str:
    return ctx.arn(f"alarm-mute-rule:{name}")


def _summary(ctx: Context, rule: MuteRule) -> Wire:
    once = rule.schedule["Expression"].startswith("at(")
    found: Wire = {
        "AlarmMuteRuleArn": _arn(ctx, rule.name),
        "Status": status(ctx, rule),
        "MuteType": "ONE_TIME" if once else "RECURRING",
        "LastUpdatedTimestamp": datetime.fromtimestamp(rule.updated, UTC),
    }
    return found | ({"ExpireDate": datetime.fromtimestamp(rule.expire, UTC)} if rule.expire is not None else {})


def _plan(ctx: Context, rule: MuteRule) -> None:
    if window := window_of(ctx, rule):
        ctx.timers.set(ctx, "mute-ends", window[1], rule.name)
    else:
        ctx.timers.cancel(ctx, "mute-ends", rule.name)


@cloudwatch.timer("mute-ends")
def ended(ctx: Context, name: str) -> None:
    if rule := mute_rules.get(ctx, name):
        _plan(ctx, rule)
        _release(ctx, rule.targets)


def _release(ctx: Context, names: Sequence[str]) -> None:
    """Of alarms that may not be muted any more, those that are in ALARM act."""
    for name in names:
        alarm = alarms.get(ctx, name)
        if alarm and alarm.state != alarm.acted and alarm.suppressed_by is None and not muted(ctx, name):
            new = suppression.act(ctx, alarm) if alarm.state == ALARM else replace(alarm, acted=alarm.state)
            alarms.put(ctx, new)
