"""CloudWatch Contributor Insights: switched on and off. CloudWatch has no rules to show for it yet."""

from __future__ import annotations

from itertools import islice
from typing import Any

from hodei.kernel.context import Context
from hodei.services.dynamodb import errors
from hodei.services.dynamodb.encryption import keys
from hodei.services.dynamodb.find import described
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import Insights, Table, insights

ALL = "ACCESSED_AND_THROTTLED_KEYS"
PAGE = 100


@dynamodb.operation("UpdateContributorInsights")
def update_contributor_insights(
    ctx: Context,
    *,
    TableName: str,
    ContributorInsightsAction: str,
    IndexName: str = "",
    ContributorInsightsMode: str = "",
) -> dict[str, Any]:
    where, table = described(ctx, TableName)
    _check_index(table, IndexName)
    keys.check(where, table.table_key)
    old = insights.get(where, table.id, IndexName)
    enabled = ContributorInsightsAction == "ENABLE"
    mode = ContributorInsightsMode or (old.mode if old else ALL)
    insights.put(
        where,
        Insights(table=table.id, index=IndexName, name=table.name, enabled=enabled, changed=ctx.now, mode=mode),
    )
    status = "ENABLING" if enabled else "DISABLING"
    return {**_subject(table.name, IndexName), "ContributorInsightsStatus": status, "ContributorInsightsMode": mode}


@dynamodb.operation("DescribeContributorInsights")
def describe_contributor_insights(ctx: Context, *, TableName: str, IndexName: str = "") -> dict[str, Any]:
    where, table = described(ctx, TableName)
    _check_index(table, IndexName)
    found = insights.get(where, table.id, IndexName)
    subject = _subject(table.name, IndexName)
    if found is None:
        return {**subject, "ContributorInsightsStatus": "DISABLED"}
    rules = {"ContributorInsightsRuleList": _rules(table, found)} if found.enabled else {}
    return {**subject, **_status(found), **rules, "LastUpdateDateTime": found.changed}


@dynamodb.operation("ListContributorInsights")
def list_contributor_insights(
    ctx: Context, *, TableName: str = "", NextToken: str = "", MaxResults: int = PAGE
) -> dict[str, Any]:
    """Of a table and its indexes, or of all in the region."""
    if MaxResults < 1:
        raise errors.ValidationException(
            f"1 validation error detected: Value '{MaxResults}' at 'maxResults' failed to satisfy constraint: "
            "Member must have value greater than or equal to 1"
        )
    where, prefix = ctx, tuple[str, ...]()
    if TableName:
        where, table = described(ctx, TableName)
        prefix = (table.id,)
    after = _read(ctx, NextToken)[len(prefix) :] if NextToken else None
    found = list(islice(insights.scan(where, *prefix, after=after), MaxResults + 1))
    page: dict[str, Any] = {
        "ContributorInsightsSummaries": [
            {**_subject(one.name, one.index), **_status(one)} for one in found[:MaxResults]
        ]
    }
    if len(found) > MaxResults:
        last = found[MaxResults - 1]
        page["NextToken"] = ctx.token("insights", last.table, last.index)
    return page


def _check_index(table: Table, name: str) -> None:
    if name and table.index(name) is None:
        raise errors.ResourceNotFoundException(
            f"Requested resource not found: Index: {name} for table {table.name} not found"
        )


def _subject(table: str, index: str) -> dict[str, str]:
    return {"TableName": table, "IndexName": index} if index else {"TableName": table}


def _status(found: Insights) -> dict[str, str]:
    return {
        "ContributorInsightsStatus": "ENABLED" if found.enabled else "DISABLED",
        "ContributorInsightsMode": found.mode,
    }


def _rules(table: Table, found: Insights) -> list[str]:
    """AWS names a rule for accessed and throttled keys (C, T) of each part of the key (PK, SK)."""
    index = table.index(found.index)
    key = index.key if index else table.key
    parts = ("PK", "SK") if len(key.names) > key.partitions else ("PK",)
    sights = ("C", "T") if found.mode == ALL else ("T",)
    subject = f"{table.name}/{found.index}" if found.index else table.name
    stamp = int(found.changed * 1000)
    return [f"DynamoDBContributorInsights-{part}{sight}-{subject}-{stamp}" for sight in sights for part in parts]


def _read(ctx: Context, token: str) -> tuple[str, str]:
    try:
        kind, table, index = ctx.read_token(token)
    except ValueError:
        kind, table, index = "", "", ""
    if kind != "insights":
        raise errors.ValidationException("Invalid NextToken")
    return table, index
