"""Contributor Insights rules, as configurations. Reports of them are left out: nothing reads logs for them yet."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from hodei.kernel import pages
from hodei.kernel.context import Context
from hodei.services.cloudwatch import tagging
from hodei.services.cloudwatch.data.listing import page_after
from hodei.services.cloudwatch.rules import invalid
from hodei.services.cloudwatch.service import cloudwatch
from hodei.services.cloudwatch.state import InsightRule, insight_rules

PAGE = 500


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
    _schema(RuleDefinition)
    if insight_rules.get(ctx, RuleName) is None:
        tagging.add(ctx, _arn(ctx, RuleName), Tags)
    rule = InsightRule(
        name=RuleName, definition=RuleDefinition, enabled=RuleState == "ENABLED", transformed=ApplyOnTransformedLogs
    )
    insight_rules.put(ctx, rule)
    return {}


@cloudwatch.operation("DescribeInsightRules")
def describe_insight_rules(ctx: Context, *, NextToken: str = "", MaxResults: int = PAGE) -> dict[str, Any]:
    found = insight_rules.scan(ctx, after=page_after(ctx, NextToken))
    page, token = pages.cut(ctx, found, MaxResults, lambda rule: (rule.name,))
    rules = [
        {
            "Name": rule.name,
            "State": "ENABLED" if rule.enabled else "DISABLED",
            "Schema": _schema(rule.definition),
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
            insight_rules.put(ctx, replace(rule, enabled=enabled))
        else:
            failures.append(_failure(name))
    return {"Failures": failures}


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


def _schema(definition: str) -> str:
    """CloudWatchLogRule/1. Raises: InvalidParameterValue."""
    try:
        schema = json.loads(definition)["Schema"]
        return f"{schema['Name']}/{int(schema['Version'])}"
    except (ValueError, KeyError, TypeError, RecursionError):
        raise invalid(
            "The parameter RuleDefinition must be a JSON object with a Schema of a Name and a Version."
        ) from None
