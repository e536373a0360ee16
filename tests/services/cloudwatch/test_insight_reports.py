"""Contributor Insights: who contributes most to log groups."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from hodei.testing import Cloud

pytestmark = pytest.mark.feature("cloudwatch.metrics")
GROUP = "/shop/access"


def definition(*keys: str, groups: tuple[str, ...] = ("/shop/*",), **more: Any) -> str:
    contribution = {"Keys": keys or ["$.ip"]} | {
        name: more.pop(name) for name in ("ValueOf", "Filters") if name in more
    }
    usual = {"LogFormat": "JSON", "AggregateOn": "Sum" if "ValueOf" in contribution else "Count"}
    schema = {"Name": "CloudWatchLogRule", "Version": 1}
    return json.dumps(
        {"Schema": schema, "LogGroupNames": groups, "Contribution": contribution, **usual, **more}, default=list
    )


class Rules:
    def __init__(self, cloud: Cloud, client: Any) -> None:
        self.cloud, self.client, self.logs = cloud, client, cloud.client("logs")
        self.logs.create_log_group(logGroupName=GROUP)
        self.logs.create_log_stream(logGroupName=GROUP, logStreamName="s")

    def put(self, text: str, **more: Any) -> None:
        self.client.put_insight_rule(RuleName="rule", RuleDefinition=text, **more)

    def log(self, *events: Any) -> None:
        """Events now; then a minute passes."""
        now = int(self.cloud.clock.now().timestamp() * 1000)
        texts = [event if isinstance(event, str) else json.dumps(event) for event in events]
        self.logs.put_log_events(
            logGroupName=GROUP, logStreamName="s", logEvents=[{"timestamp": now, "message": text} for text in texts]
        )
        self.cloud.clock.advance(minutes=1)

    def report(self, minutes: float = 10, **more: Any) -> dict[str, Any]:
        end = self.cloud.clock.now() + timedelta(minutes=1)
        given = {"StartTime": end - timedelta(minutes=minutes), "EndTime": end, "Period": 60, **more}
        return dict(self.client.get_insight_rule_report(RuleName="rule", **given))

    def totals(self, **more: Any) -> dict[str, float]:
        found = self.report(**more)["Contributors"]
        return {" ".join(one["Keys"]): one["ApproximateAggregateValue"] for one in found}


@pytest.fixture
def rules(cloud: Cloud, cloudwatch: Any) -> Rules:
    return Rules(cloud, cloudwatch)


def test_counts(rules: Rules) -> None:
    rules.put(definition())
    rules.log({"ip": "a"}, {"ip": "b"}, {"ip": "a"}, {"other": 1}, "no JSON")
    rules.log({"ip": "b"}, {"ip": "b"}, {"ip": 7})
    report = rules.report(Metrics=["UniqueContributors", "MaxContributorValue", "Sum", "SampleCount"])
    assert report["KeyLabels"] == ["$.ip"]
    assert (report["AggregationStatistic"], report["AggregateValue"]) == ("SampleCount", 6)
    assert report["ApproximateUniqueCount"] == 3
    assert rules.totals() == {"b": 3, "a": 2, "7": 1}
    assert [point["ApproximateValue"] for point in report["Contributors"][0]["Datapoints"]] == [1, 2]
    points = [
        tuple(point[name] for name in ("UniqueContributors", "MaxContributorValue", "Sum", "SampleCount"))
        for point in report["MetricDatapoints"]
    ]
    assert [point for point in points if point[0]] == [(2, 2, 3, 3), (2, 2, 3, 3)]
    assert len(points) == 11
    assert rules.totals(MaxContributorCount=1) == {"b": 3}


def test_sums(rules: Rules) -> None:
    rules.put(definition("$.user.id", "$.at[1]", ValueOf="$.bytes"))
    at = [0, "x"]
    rules.log({"user": {"id": 1}, "at": at, "bytes": 9}, {"user": {"id": 2}, "at": at, "bytes": "2.5"})
    rules.log({"user": {"id": 2}, "at": at, "bytes": 7.5}, {"user": {"id": 2}, "at": at, "bytes": "many"})
    report = rules.report(Metrics=["Minimum", "Maximum", "Average"], Period=300)
    assert (report["AggregationStatistic"], report["AggregateValue"]) == ("Sum", 19)
    assert rules.totals() == {"2 x": 10, "1 x": 9}
    assert list(rules.totals(OrderBy="Maximum")) == ["1 x", "2 x"]
    (point,) = (point for point in report["MetricDatapoints"] if "Average" in point)
    assert (point["Minimum"], point["Maximum"], round(point["Average"], 2)) == (2.5, 9, 6.33)


@pytest.mark.parametrize(
    ("filter", "found"),
    [
        ({"In": ["GET", "PUT"]}, {"a", "b"}),
        ({"NotIn": ["GET"]}, {"b", "c"}),
        ({"StartsWith": ["P", "X"]}, {"b"}),
        ({"IsPresent": True}, {"a", "b", "c"}),
        ({"IsPresent": False}, {"d"}),
        ({"Match": "$.code", "EqualTo": 200}, {"a"}),
        ({"Match": "$.code", "NotEqualTo": 200}, {"b", "c"}),
        ({"Match": "$.code", "GreaterThan": 200}, {"b", "c"}),
        ({"Match": "$.code", "LessThan": 404}, {"a", "b"}),
    ],
)
def test_filters(rules: Rules, filter: dict[str, Any], found: set[str]) -> None:
    rules.put(definition(Filters=[{"Match": "$.method"} | filter]))
    events = [("a", "GET", 200), ("b", "PUT", 301), ("c", "OPTIONS", 404)]
    rules.log(*({"ip": ip, "method": method, "code": code} for ip, method, code in events), {"ip": "d"})
    assert set(rules.totals()) == found


def test_common_log_format(rules: Rules) -> None:
    rules.put(
        definition(
            "ip", "5", LogFormat="CLF", Fields={"1": "ip", "6": "code"}, Filters=[{"Match": "code", "EqualTo": 200}]
        )
    )
    rules.log(
        '10.0.0.1 - bob [10/Oct/2000:13:55:36 -0700] "GET /a b" 200 2326',
        '10.0.0.1 - bob [10/Oct/2000:13:55:36 -0700] "GET /a b" 200 5',
        '10.0.0.2 - bob [10/Oct/2000:13:55:36 -0700] "GET /" 500 5',
        "short",
    )
    assert rules.totals() == {"10.0.0.1 GET /a b": 2}
    assert rules.report()["KeyLabels"] == ["ip", "5"]


def test_only_while_enabled(rules: Rules) -> None:
    rules.log({"ip": "before"})
    rules.put(definition())
    rules.log({"ip": "seen"})
    rules.client.disable_insight_rules(RuleNames=["rule"])
    rules.log({"ip": "disabled"})
    rules.client.enable_insight_rules(RuleNames=["rule"])
    rules.log({"ip": "again"})
    assert set(rules.totals()) == {"seen", "again"}
    rules.put(definition(groups=("/shop/other",)))
    assert rules.totals() == {}


def test_sensitive_data_stays_hidden(rules: Rules) -> None:
    identifier = "arn:aws:dataprotection::aws:data-identifier/EmailAddress"
    policy = {
        "Name": "p",
        "Version": "2021-06-01",
        "Statement": [
            {"DataIdentifier": [identifier], "Operation": {"Audit": {"FindingsDestination": {}}}},
            {"DataIdentifier": [identifier], "Operation": {"Deidentify": {"MaskConfig": {}}}},
        ],
    }
    rules.logs.put_data_protection_policy(logGroupIdentifier=GROUP, policyDocument=json.dumps(policy))
    rules.cloud.clock.advance(seconds=1)
    rules.put(definition())
    rules.log({"ip": "bob@example.com"})
    assert rules.totals() == {"*" * len("bob@example.com"): 1}


def test_refused(rules: Rules, refused: Callable[..., dict[str, str]]) -> None:
    rules.put(definition())
    for wrong in (
        {"Period": 61}, {"MaxContributorCount": 101}, {"OrderBy": "Name"}, {"Metrics": ["Median"]}, {"minutes": 1441},
        {"minutes": 0},
    ):  # fmt: skip
        assert refused(rules.report, **wrong)["Code"] == "InvalidParameterValue", wrong
    for text in (
        "{", "{}", definition("ip"), definition(LogFormat="XML"), definition(AggregateOn="Sum"),
        definition(*["$.a"] * 5), definition(groups=()), definition(Filters=[{"Match": "$.a"}]),
        definition(Filters=[{"Match": "$.a", "In": "x"}]), definition("ip", LogFormat="CLF"),
    ):  # fmt: skip
        error = refused(rules.put, text=text)
        assert error["Code"] == "InvalidParameterValue", text
    rules.client.delete_insight_rules(RuleNames=["rule"])
    assert refused(rules.report)["Code"] == "ResourceNotFoundException"
    rules.put(definition(), ApplyOnTransformedLogs=True)
    assert refused(rules.report)["Code"] == "NotImplemented"
