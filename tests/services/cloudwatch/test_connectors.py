"""LAMBDA of metric math: functions that know values of other data sources."""

from __future__ import annotations

from typing import Any

import pytest
from tests.services.lambda_.functions import function_of, role_of, zipped

from hodei.services.cloudwatch.data import connectors
from hodei.testing import Cloud

pytestmark = pytest.mark.feature("cloudwatch.metrics")
CODE = """
import time

def lines(event, context):
    asked = event["GetMetricDataRequest"]
    times = list(range(asked["StartTime"], asked["EndTime"], asked["Period"]))
    numbers = [one for one in asked["Arguments"] if type(one) in (int, float)]
    odd = [times[0] + 1, times[0] - asked["Period"], asked["EndTime"]]
    return {"MetricDataResults": [
        {"Label": f"{asked['Arguments']!r}", "Timestamps": times + odd, "Values": [sum(numbers)] * len(times + odd)},
        {"StatusCode": "PartialData", "Label": "second", "Timestamps": times[:1], "Values": [7],
         "Messages": [{"Code": "Slow", "Value": event["EventType"]}]},
    ]}

def error(event, context):
    code, value = event["GetMetricDataRequest"]["Arguments"]
    return {"Error": {"Code": code, "Value": value}}

def odd(event, context):
    if event["GetMetricDataRequest"]["Arguments"]:
        raise RuntimeError("no")
    return {"MetricDataResults": [{"Timestamps": [1, 2], "Values": [1]}]}

def slow(event, context):
    time.sleep(5)
"""


@pytest.fixture
def function(cloud: Cloud) -> Any:
    role = role_of(cloud, "service-role/AWSLambdaBasicExecutionRole")

    def make(handler: str, allowed: bool = True) -> str:
        name = function_of(cloud, role, f"app.{handler}", zipped(app__py=CODE))
        if allowed:
            cloud.client("lambda").add_permission(
                FunctionName=name, StatementId="s", Action="lambda:InvokeFunction", Principal=connectors.CALLER,
                SourceAccount="000000000000",
            )  # fmt: skip
        cloud.clock.advance(seconds=5)
        return name

    return make


def ask(data: Any, expression: str, *more: dict[str, Any], since: int = 600) -> list[dict[str, Any]]:
    query = {"Id": "e", "Expression": expression, "Period": 300}
    return list(data.get(*more, query, since=since, until=0))


def test_lines_of_a_function(data: Any, function: Any) -> None:
    name = function("lines")
    first, second = ask(data, f"LAMBDA('{name}', 'a\nb', 1.5, 2, -1, true)")
    assert first["Label"] == "['a b', 1.5, 2, -1, True]"
    assert first["Values"] == [2.5] * 3
    assert (first["Timestamps"][1] - first["Timestamps"][0]).total_seconds() == 300
    assert (first["StatusCode"], first.get("Messages")) == ("Complete", None)
    assert (second["Label"], second["Values"], second["StatusCode"]) == ("second", [7], "PartialData")
    assert second["Messages"] == [{"Code": "Slow", "Value": "GetMetricData"}]


def test_within_other_expressions(data: Any, function: Any) -> None:
    name = function("lines")
    source = {"Id": "source", "Expression": f"LAMBDA('{name}', 5)", "Period": 300, "ReturnData": False}
    (total,) = ask(data, f"SUM(source) + FIRST(LAMBDA('{name}', 10))", source)
    assert total["Values"] == [5 + 7 + 10, 5 + 10, 5 + 10]


@pytest.mark.parametrize(
    ("code", "status"), [("Forbidden", "Forbidden"), ("Unreachable", "InternalError")], ids=["forbidden", "internal"]
)
def test_errors_that_functions_tell(data: Any, function: Any, code: str, status: str) -> None:
    (line,) = ask(data, f"LAMBDA('{function('error')}', '{code}', 'why')")
    assert (line["StatusCode"], line["Values"]) == (status, [])
    assert line["Messages"] == [{"Code": status, "Value": "why"}]


def test_a_function_that_refuses(data: Any, function: Any, refused: Any) -> None:
    name = function("error")
    error = refused(lambda: ask(data, f"LAMBDA('{name}', 'Validation', 'what is that')"))
    assert (error["Code"], error["Message"]) == ("ValidationError", "what is that")


def test_functions_that_fail(data: Any, function: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = function("odd")
    monkeypatch.setattr(connectors, "PATIENCE", 1)
    for expression in (f"LAMBDA('{odd}', 1)", f"LAMBDA('{odd}')", f"LAMBDA('{function('slow')}')"):
        (line,) = ask(data, expression)
        assert (line["StatusCode"], line["Values"]) == ("InternalError", []), expression


def test_a_function_that_is_not_permitted(data: Any, function: Any) -> None:
    for name in (function("lines", allowed=False), "nowhere"):
        (line,) = ask(data, f"LAMBDA('{name}')")
        assert (line["StatusCode"], line["Values"]) == ("Forbidden", [])


def test_what_is_wrong(data: Any, refused: Any, cloudwatch: Any) -> None:
    numbers = ", ".join(["1"] * 21)
    for expression in ("LAMBDA()", "LAMBDA(f)", f"LAMBDA('f', {numbers})", "LAMBDA('f', 1 + 1)", "LAMBDA('f', [1])"):
        error = refused(lambda expression=expression: ask(data, expression))
        assert error["Code"] == "ValidationError"
        assert error["Message"].startswith("Error in expression 'e': LAMBDA expects"), expression
    alarm = {"EvaluationPeriods": 1, "ComparisonOperator": "GreaterThanThreshold", "Threshold": 1}
    query = {"Id": "e", "Expression": "LAMBDA('f')", "Period": 60}
    assert refused(cloudwatch.put_metric_alarm, AlarmName="a", Metrics=[query], **alarm)["Code"] == "NotImplemented"
