"""Contributor Insights rules; for what they see see `insight_reports`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from hodei.engines.contributions import rules as contributions
from hodei.engines.contributions.rules import Rule
from hodei.kernel import pages
from hodei.kernel.context import Context
from hodei.services.cloudwatch import tagging
from hodei.services.cloudwatch.data.listing import page_after
from hodei.services.cloudwatch.rules import invalid
from hodei.services.cloudwatch.service import cloudwatch
from hodei.services.cloudwatch.state import InsightRule, insight_rules

PAGE = 500
SCHEMA = "CloudWatchLogRule/1"


@cloudwatch.operation("PutInsightRule")
def put_insight_rule(
    ctx: Context,
    *,
    RuleName: str,
    RuleDefinition: str,
    RuleState: str = "ENABLED",
    Tags: Sequence[Mapping[str, str]] = (),
    ApplyOnTransformedLogs: bool = False,
) -> dict[str, Any]:
    if RuleState not in ("ENABLED", "DISABLED"):
        raise invalid(f"The value {RuleState} for parameter RuleState is invalid.")
    parsed(RuleDefinition)
    old = insight_rules.get(ctx, RuleName)
    if old is None:
        tagging.add(ctx, _arn(ctx, RuleName), Tags)
    enabled = RuleState == "ENABLED"
    if old is None or old.definition != RuleDefinition:
        old = InsightRule(name=RuleName, definition=RuleDefinition, enabled=enabled, since=ctx.now)
    insight_rules.put(ctx, replace(_switched(ctx, old, enabled), transformed=ApplyOnTransformedLogs))
    return {}


@cloudwatch.operation("DescribeInsightRules")
def describe_insight_rules(ctx: Context, *, NextToken: str = "", MaxResults: int = PAGE) -> dict[str, Any]:
    found = insight_rules.scan(ctx, after=page_after(ctx, NextToken))
    page, token = pages.cut(ctx, found, MaxResults, lambda rule: (rule.name,))
    rules = [
        {
            "Name": rule.name,
            "State": "ENABLED" if rule.enabled else "DISABLED",
            "Schema": SCHEMA,
            "Definition": rule.definition,
            "ManagedRule": False,
            "ApplyOnTransformedLogs": rule.transformed,
        }
        for rule in page
    ]
    return {"InsightRules": rules} | ({"NextToken": token} if token else {})


@cloudwatch.operation("EnableInsightRules")
def enable_insight_rules(ctx: Context, *, RuleNames: Sequence[str]) -> dict[str, Any]:
    return _switch(ctx, RuleNames, True)


@cloudwatch.operation("DisableInsightRules")
def disable_insight_rules(ctx: Context, *, RuleNames: Sequence[str]) -> dict[str, Any]:
    return _switch(ctx, RuleNames, False)


def _switch(ctx: Context, names: Sequence[str], enabled: bool) -> dict[str, Any]:
    failures = []
    for name in names:
        if rule := insight_rules.get(ctx, name):
            insight_rules.put(ctx, _switched(ctx, rule, enabled))
        else:
            failures.append(_failure(name))
    return {"Failures": failures}


def _switched(ctx: Context, rule: InsightRule, enabled: bool) -> InsightRule:
    if rule.enabled and not enabled:
        rule = replace(rule, enabled_in=[*rule.enabled_in, (rule.since, ctx.now)])
    return replace(rule, enabled=enabled, since=rule.since if rule.enabled else ctx.now)


@cloudwatch.operation("DeleteInsightRules")
def delete_insight_rules(ctx: Context, *, RuleNames: Sequence[str]) -> dict[str, Any]:
    failures = []
    for name in RuleNames:
        if insight_rules.delete(ctx, name):
            ctx.tags.set(ctx, _arn(ctx, name), {})
        else:
            failures.append(_failure(name))
    return {"Failures": failures}


def _failure(name: str) -> dict[str, str]:
    return {
        "FailureResource": name,
        "ExceptionType": "ResourceNotFoundException",
        "FailureCode": "404",
        "FailureDescription": "The rule does not exist.",
    }


def _arn(ctx: Context, name: str) -> str:
    return ctx.arn(f"insight-rule/{name}")


def parsed(definition: str) -> Rule:
    """Raises: InvalidParameterValue."""
    try:
        return contributions.parse(definition)
    except contributions.Malformed as error:
        raise invalid(f"The parameter RuleDefinition is invalid: {error}.") from None
