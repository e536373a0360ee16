"""Transformers: their processors, and who sees what they make of events."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hodei.testing import Cloud

from .conftest import GROUP, STREAM, refusal
from .test_insights import whole
from .test_metrics import statistics
from .test_subscriptions import a_stream, received

pytestmark = pytest.mark.feature("logs.groups-streams")
NESTED = '{"outer_key":{"inner_key":"Inner Value"},"list":[{"n":"a","v":1},{"n":"b","v":2},{"n":"a","v":3}],"n":"12"}'


def made(logs: Any, message: str, *processors: Any) -> Any:
    config = list(processors)
    (found,) = logs.test_transformer(transformerConfig=config, logEventMessages=[message])["transformedLogs"]
    assert (found["eventNumber"], found["eventMessage"]) == (1, message)
    return json.loads(found["transformedEventMessage"]) if "transformedEventMessage" in found else None


def entries(**given: Any) -> Any:
    return {"entries": [given]}


@pytest.mark.parametrize(
    ("message", "processor", "fields"),
    [
        ('{"a":{"b":1}}', {"parseJSON": {"destination": "new"}}, {"new": {"a": {"b": 1}}}),
        ("1,'a,b',3", {"csv": {"quoteCharacter": "'", "columns": ["x"]}}, {"x": "1", "column_2": "a,b", "column_3": "3"}),
        ("1\tb", {"csv": {"delimiter": "\\t", "destination": "row"}}, {"row": {"column_1": "1", "column_2": "b"}}),
        ("a=1&b=x=y&c", {"parseKeyValue": {}}, {"a": "1", "b": "x=y"}),
        (
            "a:1 b",
            {"parseKeyValue": {"fieldDelimiter": " ", "keyValueDelimiter": ":", "keyPrefix": "p_", "nonMatchValue": "?"}},
            {"p_a": "1", "p_b": "?"},
        ),
        (
            "10.0.0.1 GET /a/b 200 - took 1.5",
            {"grok": {"match": "%{IP:client.ip} %{WORD:method} %{URIPATH:path} %{INT:status:int} - %{DATA} %{NUMBER:s:float}"}},
            {"client": {"ip": "10.0.0.1"}, "method": "GET", "path": "/a/b", "status": 200, "s": 1.5},
        ),
    ],
)  # fmt: skip
def test_parsers(logs: Any, message: str, processor: Any, fields: Any) -> None:
    assert made(logs, message, processor) == fields


@pytest.mark.parametrize(
    ("processor", "changed"),
    [
        ({"addKeys": entries(key="outer_key.new", value="x")}, {"outer_key": {"inner_key": "Inner Value", "new": "x"}}),
        ({"addKeys": entries(key="n", value="x")}, {}),
        ({"addKeys": entries(key="n", value="x", overwriteIfExists=True)}, {"n": "x"}),
        ({"deleteKeys": {"withKeys": ["outer_key.inner_key", "no.such"]}}, {"outer_key": {}}),
        ({"moveKeys": entries(source="outer_key.inner_key", target="top")}, {"outer_key": {}, "top": "Inner Value"}),
        ({"renameKeys": entries(key="n", renameTo="m")}, {"n": None, "m": "12"}),
        ({"copyValue": entries(source="list.0.v", target="a.b")}, {"a": {"b": 1}}),
        ({"lowerCaseString": {"withKeys": ["outer_key.inner_key", "list"]}}, {"outer_key": {"inner_key": "inner value"}}),
        ({"upperCaseString": {"withKeys": ["outer_key.inner_key"]}}, {"outer_key": {"inner_key": "INNER VALUE"}}),
        ({"splitString": entries(source="outer_key.inner_key", delimiter=" ")}, {"outer_key": {"inner_key": ["Inner", "Value"]}}),
        (
            {"substituteString": {"entries": [{"source": "outer_key.inner_key", "from": r"(\w+) (\w)", "to": "$2-$1"}]}},
            {"outer_key": {"inner_key": "V-Inneralue"}},
        ),
        ({"typeConverter": entries(key="n", type="integer")}, {"n": 12}),
        ({"typeConverter": entries(key="outer_key", type="double")}, {}),
        ({"listToMap": {"source": "list", "key": "n", "valueKey": "v", "target": "map"}}, {"map": {"a": [1, 3], "b": [2]}}),
        (
            {"listToMap": {"source": "list", "key": "n", "valueKey": "v", "flatten": True, "flattenedElement": "last"}},
            {"a": 3, "b": 2},
        ),
    ],
)  # fmt: skip
def test_processors(logs: Any, processor: Any, changed: Any) -> None:
    wanted = {name: value for name, value in {**json.loads(NESTED), **changed}.items() if value is not None}
    assert made(logs, NESTED, {"parseJSON": {}}, processor) == wanted


@pytest.mark.parametrize(
    ("message", "config", "code"),
    [
        ("x", [{"addKeys": entries(key="a", value="b")}], "InvalidParameterException"),
        ("x", [{"parseJSON": {}, "csv": {}}], "InvalidParameterException"),
        ("x", [{"parseJSON": {}}] * 6, "InvalidParameterException"),
        ("x", [{"grok": {"match": "%{WORD:a}"}}] * 2, "InvalidParameterException"),
        ("x", [{"grok": {"match": "(%{WORD:a}"}}], "InvalidParameterException"),
        ("x", [{"csv": {"delimiter": "::"}}], "InvalidParameterException"),
        ("x", [{"parseJSON": {}}, {"parseVPC": {}}], "InvalidParameterException"),
        ("x", [{"parseVPC": {}}], "NotImplemented"),
        ("x", [{"grok": {"match": "%{RUBY_LOGGER:a}"}}], "NotImplemented"),
    ],
)
def test_what_is_no_transformer(logs: Any, message: str, config: Any, code: str) -> None:
    assert refusal(logs.test_transformer, transformerConfig=config, logEventMessages=[message])[0] == code
    assert refusal(logs.put_transformer, transformerConfig=config, logGroupIdentifier=GROUP)[0] == code


def test_what_cannot_be_parsed_stays_as_it_is(logs: Any) -> None:
    assert made(logs, "[1]", {"parseJSON": {}}) is None
    assert made(logs, "text", {"grok": {"match": "%{IP:a}"}}) is None


def test_the_life_of_a_transformer(cloud: Cloud, logs: Any) -> None:
    assert "transformerConfig" not in logs.get_transformer(logGroupIdentifier=GROUP)
    assert refusal(logs.delete_transformer, logGroupIdentifier=GROUP)[0] == "ResourceNotFoundException"
    for columns in (["a"], ["b"]):
        logs.put_transformer(logGroupIdentifier=GROUP, transformerConfig=[{"csv": {"columns": columns}}])
        cloud.clock.advance(seconds=5)
    found = logs.get_transformer(logGroupIdentifier=GROUP)
    assert found["transformerConfig"] == [{"csv": {"columns": ["b"]}}]
    assert found["lastModifiedTime"] - found["creationTime"] >= 5000
    logs.delete_transformer(logGroupIdentifier=GROUP)
    assert "transformerConfig" not in logs.get_transformer(logGroupIdentifier=GROUP)
    logs.create_log_group(logGroupName="rare", logGroupClass="INFREQUENT_ACCESS")
    refused = refusal(logs.put_transformer, logGroupIdentifier="rare", transformerConfig=[{"csv": {}}])
    assert refused[0] == "InvalidOperationException"


@pytest.mark.feature("logs.insights")
def test_queries_see_the_fields_of_transformed_events(cloud: Cloud, logs: Any, put: Any) -> None:
    put("error,1", at=0)
    logs.put_transformer(logGroupIdentifier=GROUP, transformerConfig=[{"csv": {"columns": ["level", "n"]}}])
    for n in range(200):  # enough of them to be folded
        put(f"{'error' if n % 50 == 0 else 'info'},{n}", at=n / 1000 - 1)
    answer = whole(cloud, logs, "filter level = 'error' | sort n | display n, @message")
    rows = [{one["field"]: one["value"] for one in row[:2]} for row in answer["results"]]
    assert rows == [{"n": str(n), "@message": f"error,{n}"} for n in (0, 50, 100, 150)]
    events = logs.filter_log_events(logGroupName=GROUP, filterPattern="error")["events"]
    assert [event["message"] for event in events] == ["error,0", "error,50", "error,100", "error,150", "error,1"]


@pytest.mark.feature("logs.metric-filters")
@pytest.mark.feature("logs.subscriptions")
def test_filters_see_transformed_events_if_they_want_to(cloud: Cloud, logs: Any, put: Any) -> None:
    arn, role = a_stream(cloud)
    to_number = {"typeConverter": entries(key="ms", type="integer")}
    config = [{"parseKeyValue": {"fieldDelimiter": " "}}, to_number]
    logs.put_transformer(logGroupIdentifier=GROUP, transformerConfig=config)
    for name, transformed in (("as-made", True), ("as-they-come", False)):
        logs.put_subscription_filter(
            logGroupName=GROUP, filterName=name, filterPattern='{ $.level = "ERROR" }', destinationArn=arn, roleArn=role,
            applyOnTransformedLogs=transformed,
        )  # fmt: skip
        logs.put_metric_filter(
            logGroupName=GROUP, filterName=name, filterPattern='{ $.ms > 5 }', applyOnTransformedLogs=transformed,
            metricTransformations=[{"metricName": name, "metricNamespace": "App", "metricValue": "$.ms"}],
        )  # fmt: skip
    put("level=ERROR ms=7", '{"level":"ERROR","ms":8}')
    data = {one["subscriptionFilters"][0]: one for one in received(cloud) if one["messageType"] == "DATA_MESSAGE"}
    sent = {name: [event["message"] for event in one["logEvents"]] for name, one in data.items()}
    assert sent == {"as-made": ['{"level":"ERROR","ms":7}'], "as-they-come": ['{"level":"ERROR","ms":8}']}
    assert data["as-made"]["logStream"] == STREAM
    assert [statistics(cloud, name)[0][0] for name in ("as-made", "as-they-come")] == [7, 8]
    listed = logs.describe_subscription_filters(logGroupName=GROUP)["subscriptionFilters"]
    assert [one["applyOnTransformedLogs"] for one in listed] == [True, False]
    filters = logs.describe_metric_filters(logGroupName=GROUP)["metricFilters"]
    assert [one["applyOnTransformedLogs"] for one in filters] == [True, False]
