"""Which resources requests are about, as permissions name them, and condition keys."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from hodei.kernel.context import Context
from hodei.services.cloudwatch.alarms.suppression import name_of
from hodei.services.cloudwatch.service import cloudwatch

Params = Mapping[str, Any]
ACTIONS = ("OKActions", "AlarmActions", "InsufficientDataActions")


@cloudwatch.finds("alarm")
def alarms(ctx: Context, params: Params) -> Iterator[str]:
    """Who lists alarms without naming them needs the permission on all."""
    if "ResourceARN" in params:
        yield from _tagged(params, "alarm:")
    elif ctx.operation == "PutAlarmMuteRule":
        yield from params.get("MuteTargets", {}).get("AlarmNames", ())
    elif "AlarmMuteRuleName" not in params:
        named = params.get("AlarmNames") or [params[key] for key in ("AlarmName",) if key in params]
        yield from map(name_of, named or ["*"])


@cloudwatch.finds("alarm-mute-rule")
def mute_rules(ctx: Context, params: Params) -> Iterator[str]:
    yield from _tagged(params, "alarm-mute-rule:")
    if named := params.get("AlarmMuteRuleName", params.get("Name")):
        yield named


@cloudwatch.finds("dashboard")
def dashboards(ctx: Context, params: Params) -> Iterator[str]:
    yield from _tagged(params, "dashboard/")
    if "DashboardName" in params:
        yield params["DashboardName"]
    yield from params.get("DashboardNames", ())


@cloudwatch.finds("insight-rule")
def insight_rules(ctx: Context, params: Params) -> Iterator[str]:
    yield from _tagged(params, "insight-rule/")
    if "RuleName" in params:
        yield params["RuleName"]
    yield from params.get("RuleNames", ())


@cloudwatch.finds("metric-stream")
def metric_streams(ctx: Context, params: Params) -> Iterator[str]:
    yield from _tagged(params, "metric-stream/")
    if "Name" in params:
        yield params["Name"]
    yield from params.get("Names", ())


@cloudwatch.condition_key("cloudwatch:AlarmActions")
def alarm_actions(ctx: Context, params: Params) -> list[str] | None:
    return [arn for name in ACTIONS for arn in params.get(name, ())] or None


@cloudwatch.condition_key("cloudwatch:requestInsightRuleLogGroups")
def log_groups(ctx: Context, params: Params) -> list[str] | None:
    try:
        names = json.loads(params.get("RuleDefinition", "{}")).get("LogGroupNames")
    except (ValueError, AttributeError, RecursionError):
        return None
    return [str(name) for name in names] if isinstance(names, list) else None


def _tagged(params: Params, kind: str) -> Iterator[str]:
    arn = params.get("ResourceARN", "")
    if arn.split(":", 5)[-1].startswith(kind):
        yield arn
