"""Metrics that come of events: by metric filters, by the embedded metric format, the service's own."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from hodei.testing import Cloud

from .conftest import GROUP, refusal

filters = pytest.mark.feature("logs.metric-filters")
embedded = pytest.mark.feature("logs.emf")


def statistics(cloud: Cloud, name: str, namespace: str = "App", period: int = 60, **dimensions: str) -> list[Any]:
    """(sum, sample count, unit) by period, of the last ten minutes."""
    now = cloud.clock.now()
    found = cloud.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=now - timedelta(minutes=10),
        EndTime=now + timedelta(minutes=2),
        Period=period,
        Statistics=["Sum", "SampleCount"],
    )["Datapoints"]
    return [(one["Sum"], one["SampleCount"], one["Unit"]) for one in sorted(found, key=lambda one: one["Timestamp"])]


def metric_filter(logs: Any, pattern: str, value: str = "1", **more: Any) -> None:
    transformation = {"metricName": "Errors", "metricNamespace": "App", "metricValue": value, **more}
    logs.put_metric_filter(
        logGroupName=GROUP, filterName="f", filterPattern=pattern, metricTransformations=[transformation]
    )


@filters
def test_events_are_counted_at_their_own_times(cloud: Cloud, logs: Any, put: Any) -> None:
    cloud.clock.freeze()
    metric_filter(logs, "ERROR", unit="Count")
    put("ERROR", "ERROR", "fine", at=-300)
    put("an ERROR")
    assert statistics(cloud, "Errors") == [(2, 2, "Count"), (1, 1, "Count")]


@filters
def test_values_dimensions_and_defaults(cloud: Cloud, logs: Any, put: Any) -> None:
    cloud.clock.freeze()
    metric_filter(logs, "{ $.ms > 0 }", "$.ms", dimensions={"Path": "$.path"}, unit="Milliseconds")
    put('{"ms": 5, "path": "/a"}', '{"ms": 7.5, "path": "/a"}', '{"ms": 1, "path": "/b"}', '{"ms": 1}', at=-60)
    assert statistics(cloud, "Errors", Path="/a") == [(12.5, 2, "Milliseconds")]
    assert statistics(cloud, "Errors", Path="/b") == [(1, 1, "Milliseconds")]
    metric_filter(logs, "[ip, ..., status=5*, bytes]", "$bytes", defaultValue=0.0)
    put('1.1.1.1 - "GET / HTTP/1.0" 500 40', '1.1.1.1 - "GET / HTTP/1.0" 200 40', at=-60)
    assert statistics(cloud, "Errors") == [(40, 2, "None")]


@filters
def test_filters_are_described_and_deleted(cloud: Cloud, logs: Any, put: Any) -> None:
    metric_filter(logs, "ERROR")
    assert logs.describe_log_groups()["logGroups"][0]["metricFilterCount"] == 1
    (found,) = logs.describe_metric_filters(metricName="Errors", metricNamespace="App")["metricFilters"]
    assert (found["logGroupName"], found["metricTransformations"][0]["metricValue"]) == (GROUP, "1")
    logs.delete_metric_filter(logGroupName=GROUP, filterName="f")
    put("ERROR")
    assert statistics(cloud, "Errors") == []
    assert refusal(logs.delete_metric_filter, logGroupName=GROUP, filterName="f")[0] == "ResourceNotFoundException"


@filters
def test_bad_filters(cloud: Cloud, logs: Any) -> None:
    def refused(pattern: str = "x", **given: Any) -> str:
        return refusal(lambda: metric_filter(logs, pattern, **given))[0]

    assert refused("{ $.a = ") == "InvalidParameterException"
    assert refused(value="no number") == "InvalidParameterException"
    assert refused(dimensions={"a": "$.a"}, defaultValue=0.0) == "InvalidParameterException"
    assert refused(dimensions=dict.fromkeys("abcd", "$.a")) == "InvalidParameterException"
    logs.create_log_group(logGroupName="rare", logGroupClass="INFREQUENT_ACCESS")
    transformation = {"metricName": "m", "metricNamespace": "n", "metricValue": "1"}
    params = {"filterName": "f", "filterPattern": "", "metricTransformations": [transformation]}
    assert refusal(logs.put_metric_filter, logGroupName="rare", **params)[0] == "InvalidOperationException"


@filters
def test_an_alarm_goes_off_by_a_metric_of_logs(cloud: Cloud, logs: Any, put: Any) -> None:
    metric_filter(logs, "ERROR")
    cloudwatch = cloud.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="a", Namespace="App", MetricName="Errors", Period=60, EvaluationPeriods=1, Statistic="Sum",
        ComparisonOperator="GreaterThanThreshold", Threshold=1.0, TreatMissingData="notBreaching",
    )  # fmt: skip
    put("ERROR", "ERROR", at=0)
    cloud.clock.advance(minutes=2)
    history = cloudwatch.describe_alarm_history(AlarmName="a", HistoryItemType="StateUpdate")["AlarmHistoryItems"]
    assert any("to ALARM" in item["HistorySummary"] for item in history)


@embedded
def test_events_say_their_metrics_themselves(cloud: Cloud, logs: Any, put: Any) -> None:
    cloud.clock.freeze()
    now = int(cloud.clock.now().timestamp() * 1000)
    directive = {
        "Namespace": "Emf",
        "Dimensions": [["Service"], ["Service", "Path"], []],
        "Metrics": [{"Name": "ms", "Unit": "Milliseconds"}, {"Name": "fast", "StorageResolution": 1}],
    }
    event = {"_aws": {"Timestamp": now - 120_000, "CloudWatchMetrics": [directive]}, "Service": "s", "Path": "/"}
    put(json.dumps(event | {"ms": [1, 2, 3], "fast": 4}), json.dumps(event | {"ms": 10, "fast": 5}))
    assert statistics(cloud, "ms", "Emf", Service="s") == [(16, 4, "Milliseconds")]
    assert statistics(cloud, "ms", "Emf", Service="s", Path="/") == [(16, 4, "Milliseconds")]
    assert statistics(cloud, "ms", "Emf") == [(16, 4, "Milliseconds")]
    assert statistics(cloud, "fast", "Emf", period=1, Service="s") == [(9, 2, "None")]


@embedded
def test_what_is_wrong_with_embedded_metrics_is_counted(cloud: Cloud, logs: Any, put: Any) -> None:
    put('{"_aws": broken', '{"_aws": {"CloudWatchMetrics": []}}', "no matter")
    assert statistics(cloud, "EMFParsingErrors", "AWS/Logs", LogGroupName=GROUP)[0][0] == 1
    assert statistics(cloud, "EMFValidationErrors", "AWS/Logs", LogGroupName=GROUP)[0][0] == 1


@pytest.mark.feature("logs.groups-streams")
def test_what_comes_in_is_measured_and_billed(cloud: Cloud, logs: Any, put: Any) -> None:
    put("0123", "4567")
    assert statistics(cloud, "IncomingLogEvents", "AWS/Logs", LogGroupName=GROUP)[0][0] == 2
    assert statistics(cloud, "IncomingBytes", "AWS/Logs")[0][0] == 60
    (line,) = [line for line in cloud.bill.lines(service="logs") if line.usage.key == "ingested"]
    assert line.metered.amount == 60
