from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import pytest

from hodei.engines.metricmath import expressions, insights, searches
from hodei.engines.metricmath.expressions import Malformed
from hodei.engines.metricmath.searches import Candidate
from hodei.testing import Cloud

metrics = pytest.mark.feature("cloudwatch.metrics")


def lines(data: Any, **values: str) -> list[dict[str, Any]]:
    """Puts "30 - 0": a value a minute, the oldest first; the queries for them."""
    for name, text in values.items():
        marks = text.split()
        for ago, mark in zip(range(len(marks) - 1, -1, -1), marks):
            if mark != "-":
                data.put(name, float(mark), ago=60 * ago)
    return [data.query("Sum", name, id=name) for name in values]


CASES = [
    ("m1 + m2", "1 2 3", "10 - 30", [[11, 2, 33]]),
    ("m1 - 1", "1 2 3", "1", [[0, 1, 2]]),
    ("-m1 ^ 2 * 2", "1 2 3", "1", [[-2, -8, -18]]),
    ("2 ^ 3 ^ 2 * m1 / m1", "1", "1", [[512]]),
    ("m1 / m2", "1 2 3", "2 0 2", [[0.5, 1.5]]),
    ("m1 < m2", "30 20 0 0", "20 - 20 -", [[0, 0, 1, 0]]),
    ("m1 >= 30", "30 20 0 0", "1", [[1, 0, 0, 0]]),
    ("m1 > 15 AND m2 > 15", "30 20 0 0", "20 - 20 -", [[1, 0, 0, 0]]),
    ("m1 > 15 || m2 > 15", "30 20 0 0", "20 - 20 -", [[1, 1, 1, 0]]),
    ("m1 - AVG(m1)", "1 2 3", "1", [[-1, 0, 1]]),
    ("m1 / MAX(m1) + MIN(m1) * 0", "1 2 4", "1", [[0.25, 0.5, 1]]),
    ("SUM([m1, m2])", "1 2 3", "10 - 30", [[11, 2, 33]]),
    ("AVG(METRICS())", "1 2 3", "9 - 3", [[5, 1, 3]]),
    ("MAX(METRICS())", "1 2 3", "9 - 1", [[9, 2, 3]]),
    ("STDDEV([m1, m2])", "1 2", "3 2", [[1, 0]]),
    ("DATAPOINT_COUNT(METRICS())", "1 2 3", "9 - 1", [[2, 1, 2]]),
    ("SUM(METRICS('2'))", "1 2", "3 4", [[3, 4]]),
    ("SUM(m1) / DATAPOINT_COUNT(m1) + 0 * m1", "1 - 3", "1", [[2, 2]]),
    ("METRICS() * 2", "1 2", "3 4", [[2, 4], [6, 8]]),
    ("100 / [m1, m2]", "1 2", "4 0", [[100, 50], [25]]),
    ("[m1, m2] - [m2, m1]", "1 2", "4 4", [[-3, -2], [3, 2]]),
    ("FILL(m1, 7)", "1 - 3", "1", [[1, 7, 3]]),
    ("FILL(m1, REPEAT)", "1 - 3", "1", [[1, 1, 3]]),
    ("FILL(m1, LINEAR)", "1 - - 4", "1", [[1, 2, 3, 4]]),
    ("FILL(m1, m2)", "1 - 3", "- 9 -", [[1, 9, 3]]),
    ("IF(m1, m2, m3)", "1 1 0 0 -", "30 - 0 0 30", [[30, 0, 20]]),
    ("IF(m1, 5, m3)", "1 1 0 0 -", "1", [[5, 5, 20]]),
    ("IF(m1, m2, 5)", "1 1 0 0 -", "30 - 0 0 30", [[30, 0, 5, 5]]),
    ("IF(m1 < 2, m1)", "1 3 1", "1", [[1, 1]]),
    ("IF(1, m1, m2)", "1 2", "3 4", [[1, 2]]),
    ("IF(0, m1)", "1 2", "3 4", [[]]),
    ("ABS(m1 - m2)", "1 5", "3 3", [[2, 2]]),
    ("CEIL(m1 / 2) + FLOOR(m1 / 2)", "3", "1", [[3]]),
    ("LOG10(m1)", "100 0 10", "1", [[2, 1]]),
    ("DIFF(m1)", "1 4 9", "1", [[3, 5]]),
    ("DIFF_TIME(m1)", "1 - 9", "1", [[120]]),
    ("RATE(m1)", "0 60 180", "1", [[1, 2]]),
    ("RUNNING_SUM(m1)", "1 2 3", "1", [[1, 3, 6]]),
    ("m1 / PERIOD(m1)", "60 120", "1", [[1, 2]]),
    ("m1 * METRIC_COUNT(METRICS())", "1", "1", [[3]]),
    ("SORT(METRICS(), SUM, DESC, 1)", "1 2", "5 5", [[5, 5]]),
    ("SLICE(SORT([m1, m2], AVG, ASC), 1)", "1 2", "5 5", [[5, 5]]),
    ("SLICE([m1, m2], 0, 1)", "1 2", "5 5", [[1, 2]]),
    ("FIRST(SORT([m1, m2], MAX, DESC)) + LAST([m1, m2])", "1 2", "5 5", [[10, 10]]),
    ("REMOVE_EMPTY([m1, m3])", "1 2", "1", [[1, 2], [0, 0, 20, 20]]),
]


@metrics
@pytest.mark.parametrize(("text", "m1", "m2", "expected"), CASES, ids=[case[0] for case in CASES])
def test_expressions(data: Any, text: str, m1: str, m2: str, expected: list[list[float]]) -> None:
    """The examples of https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html, mostly."""
    span = max(len(m1.split()), len(m2.split()))
    m3 = {"m3": "0 0 20 - 20"} if "m3)" in text and "IF" in text else {"m3": "0 0 20 20"} if "m3]" in text else {}
    asked = lines(data, m1=m1, m2=m2, **m3)
    if "METRIC_COUNT" in text:
        asked.append(data.query(name="none", id="none"))
    since = 60 * (max(span, 4 if m3 else 0) - 1) + 1
    found = data.expression(text, *asked, since=since, until=0)
    assert len(found) == len(expected)
    for one, other in zip(found, expected):
        assert one == pytest.approx(other)


@metrics
def test_moments(data: Any, cloud: Cloud) -> None:
    queries = lines(data, m1="1 - 3")
    now = cloud.clock.now().replace(second=0, microsecond=0)
    times = [now - timedelta(minutes=ago) for ago in (2, 1, 0)]
    span = {"since": 120, "until": 0}
    assert data.expression("MINUTE(m1)", *queries, **span) == [[float(at.minute) for at in times]]
    assert data.expression("EPOCH(m1)", *queries, **span) == [[at.timestamp() for at in times]]
    assert data.expression("DAY(m1)", *queries, **span) == [[float(at.isoweekday()) for at in times]]
    assert data.expression("YEAR(m1) * 100 + MONTH(m1)", *queries, **span) == [
        [float(at.year * 100 + at.month) for at in times]
    ]
    assert data.expression("TIME_SERIES(MAX(m1))", *queries, **span) == [[3, 3, 3]]


@metrics
def test_expressions_on_expressions(data: Any) -> None:
    (query,) = lines(data, m1="1 2")
    results = data.get(
        {"Id": "last", "Expression": "half + 1"}, query, {"Id": "half", "Expression": "m1 / 2", "Label": "Half of it"}
    )
    assert [(one["Id"], one["Label"], one["Values"]) for one in results] == [
        ("last", "last", [1.5, 2]),
        ("m1", "m1", [1, 2]),
        ("half", "Half of it", [0.5, 1]),
    ]


@metrics
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("m1 +", "an operand is expected at the end"),
        ("m1 ? 2", "cannot read"),
        ("NONE(m1)", "there is no function NONE"),
        ("nothing + 1", "there is no metric or expression nothing"),
        ("AVG(m1)", "it is a number, not a time series"),
        ("expression + 1", "it depends on itself"),
        ("SUM(m1", "')' is expected at the end"),
        ("FILL(m1)", "FILL expects 2"),
        ("SORT([m1], TOP, DESC)", "SORT expects"),
        ("PERIOD(m1 + 1) * m1", "PERIOD expects a metric"),
        ("SEARCH('{', 'Sum')", "cannot read"),
        ("'text'", "a text has no place there"),
        ("(" * 300 + "m1", "nested too deeply"),
    ],
)
def test_what_is_wrong(data: Any, refused: Any, text: str, reason: str) -> None:
    query = data.query(id="m1", ReturnData=False)
    found = refused(lambda: data.get(query, {"Id": "expression", "Expression": text}))
    assert found["Code"] == "ValidationError"
    assert found["Message"].startswith("Error in expression 'expression': ")
    assert reason in found["Message"]


@metrics
def test_queries_that_are_refused(data: Any, refused: Any) -> None:
    def message(*queries: dict[str, Any]) -> str:
        error = refused(lambda: data.get(*queries))
        assert error["Code"] == "ValidationError", error
        return str(error["Message"])

    assert "unique" in message(data.query(), data.query())
    assert "lowercase" in message(data.query(id="Q"))
    assert "MetricStat" in message({"Id": "q"})
    assert "Stat " in message(data.query("Middle"))
    assert "Period" in message(data.query(period=7))
    assert "return data" in message(data.query(ReturnData=False))


@metrics
def test_searches(data: Any) -> None:
    for host in ("web-1", "web-2", "db-1"):
        data.put("CPUUtilization", 1, dimensions={"Host": host})
        data.put("DiskReadOps", 2, dimensions={"Host": host, "Disk": "sda"})
    data.put("CPUUtilization", 7)

    def found(text: str) -> int:
        return len(data.expression(f"SEARCH('{text}', 'Sum', 60)", data.query(id="m1")))

    assert found('{Shop,Host} MetricName="CPUUtilization"') == 3
    assert found("{Shop,Host} cpu") == 3
    assert found("{Shop,Disk,Host} web") == 2
    assert found("{Shop,Host} web OR db") == 3
    assert found("{Shop,Host} NOT db") == 2
    assert found('Host=("web-1" OR "db-1") DiskReadOps') == 2
    assert found("{Shop}") == 1
    assert found("Nowhere") == 0
    (total,) = data.expression("SUM(SEARCH('{Shop,Host} cpu', 'Sum', 60))", data.query(id="m1"))
    assert total == [3]
    labels = data.get({"Id": "s", "Expression": "SEARCH('{Shop,Host} cpu web', 'Sum', 60)", "Label": "CPU"})
    assert [one["Label"] for one in labels] == ["CPU web-1", "CPU web-2"]


@metrics
def test_words_of_searches() -> None:
    one = Candidate("AWS/EC2", "DiskReadOps", {"InstanceId": "i-0123"})
    for text in ("disk", "read ops", '"DiskReadOps"', "ec2", "InstanceId=i-0123", "(disk OR cpu) NOT write", ""):
        assert searches.parse(text)(one), text
    for text in ("isk", '"Disk"', "cpu", "InstanceId=i-01", "NOT read"):
        assert not searches.parse(text)(one), text


@metrics
def test_insights(data: Any) -> None:
    for host, values in {"a": (1, 9), "b": (4,), "c": (2,)}.items():
        for value in values:
            data.put("Latency", value, dimensions={"Host": host})
    data.put("Latency", 100)

    def ask(text: str) -> list[tuple[str, list[float]]]:
        found = data.get({"Id": "q", "Expression": text, "Period": 60})
        return [(one["Label"], one["Values"]) for one in found]

    assert ask("SELECT SUM(Latency) FROM Shop") == [("q", [116])]
    assert ask('SELECT AVG(Latency) FROM SCHEMA("Shop", Host)') == [("q", [4])]
    assert ask("select max(Latency) from schema(Shop)") == [("q", [100])]
    assert ask("SELECT COUNT(Latency) FROM SCHEMA(Shop, Host) WHERE Host != 'a'") == [("q", [2])]
    assert ask("SELECT MIN(Latency) FROM SCHEMA(Shop, Host) GROUP BY Host ORDER BY MIN() DESC LIMIT 2") == [
        ("b", [4]),
        ("c", [2]),
    ]
    assert ask("SELECT AVG(Latency) FROM Nowhere") == [("q", [])]


@metrics
@pytest.mark.parametrize(
    "text",
    ["SELECT", "SELECT AVG(m)", "SELECT P90(m) FROM n", "SELECT AVG(m) FROM n WHERE a = b", "SELECT AVG(m) FROM n x"],
)
def test_what_is_no_query(text: str) -> None:
    with pytest.raises(Malformed):
        insights.parse(text)


@metrics
def test_calls_of_expressions() -> None:
    node = expressions.parse("SUM([a, -ABS(b)]) / RATE(c)")
    assert list(expressions.calls(node)) == ["SUM", "ABS", "RATE"]


@metrics
def test_bands_follow_the_hour_of_the_day(data: Any, cloud: Cloud, cloudwatch: Any) -> None:
    for _ in range(5):
        for hour in range(24):
            data.put("m", 100 + hour + (hour % 2))
            cloud.clock.advance(hours=1)
    query = data.query("Average", period=3600, id="m1")
    data.put("m", 100)
    upper, lower = data.expression("ANOMALY_DETECTION_BAND(m1, 2)", query, since=1, until=0)
    expected = 100 + cloud.clock.now().hour
    assert len(upper) == len(lower) == 1
    assert lower[0] <= upper[0]
    (first,) = data.expression("FIRST(ANOMALY_DETECTION_BAND(m1))", query, since=1, until=0)
    assert first == upper
    assert abs(upper[0] - lower[0]) < 1, f"the same on each day: {expected}"
    ranges = [{"StartTime": data.at(20 * 86400), "EndTime": data.at(0)}]
    cloudwatch.put_anomaly_detector(
        SingleMetricAnomalyDetector={"Namespace": "Shop", "MetricName": "m", "Stat": "Average"},
        Configuration={"ExcludedTimeRanges": ranges},
    )
    assert data.expression("ANOMALY_DETECTION_BAND(m1)", query, since=1, until=0) == [[], []]


@pytest.mark.feature("cloudwatch.alarms")
def test_alarms_on_math_and_on_bands(data: Any, cloud: Cloud, cloudwatch: Any) -> None:
    queries = [
        data.query("Sum", "errors", id="errors", ReturnData=False),
        data.query("Sum", "calls", id="calls", ReturnData=False),
        {"Id": "rate", "Expression": "errors / calls * 100", "ReturnData": True},
    ]
    alarm = {"EvaluationPeriods": 1, "ComparisonOperator": "GreaterThanThreshold"}
    cloudwatch.put_metric_alarm(AlarmName="rate", Metrics=queries, Threshold=10, **alarm)
    band = [
        data.query("Sum", "calls", id="calls"),
        {"Id": "band", "Expression": "ANOMALY_DETECTION_BAND(calls, 3)"},
    ]
    cloudwatch.put_metric_alarm(
        AlarmName="odd",
        Metrics=band,
        ThresholdMetricId="band",
        EvaluationPeriods=1,
        ComparisonOperator="LessThanLowerOrGreaterThanUpperThreshold",
    )

    def states() -> dict[str, str]:
        return {one["AlarmName"]: one["StateValue"] for one in cloudwatch.describe_alarms()["MetricAlarms"]}

    for number in range(12):
        data.put("calls", 100 + number % 3)
        data.put("errors", 5)
        cloud.clock.advance(minutes=1)
    assert states() == {"odd": "OK", "rate": "OK"}
    data.put("calls", 200)
    data.put("errors", 50)
    cloud.clock.advance(minutes=1)
    assert states() == {"odd": "ALARM", "rate": "ALARM"}
    odd = cloudwatch.describe_alarms(AlarmNames=["odd"])["MetricAlarms"][0]
    assert "less than the lower thresholds" in odd["StateReason"]
    assert math.isclose(odd["EvaluationPeriods"], 1)


@pytest.mark.feature("cloudwatch.alarms")
def test_anomaly_detectors(data: Any, cloudwatch: Any, refused: Any, cloud: Cloud) -> None:
    single = {"Namespace": "Shop", "MetricName": "m", "Dimensions": [{"Name": "a", "Value": "b"}], "Stat": "Sum"}
    cloudwatch.put_anomaly_detector(SingleMetricAnomalyDetector=single)
    (found,) = cloudwatch.describe_anomaly_detectors(Namespace="Shop")["AnomalyDetectors"]
    assert found["StateValue"] == "PENDING_TRAINING"
    assert found["Configuration"] == {"ExcludedTimeRanges": []}
    assert found["SingleMetricAnomalyDetector"] == single | {"AccountId": "000000000000"}
    cloud.clock.advance(minutes=2)
    assert cloudwatch.describe_anomaly_detectors()["AnomalyDetectors"][0]["StateValue"] == "TRAINED_INSUFFICIENT_DATA"
    queries = [data.query(id="m1", ReturnData=False), {"Id": "e", "Expression": "m1 * 2"}]
    cloudwatch.put_anomaly_detector(MetricMathAnomalyDetector={"MetricDataQueries": queries})
    (of_math,) = cloudwatch.describe_anomaly_detectors(AnomalyDetectorTypes=["METRIC_MATH"])["AnomalyDetectors"]
    assert of_math["MetricMathAnomalyDetector"]["MetricDataQueries"][1]["Expression"] == "m1 * 2"
    cloudwatch.delete_anomaly_detector(SingleMetricAnomalyDetector=single)
    again = refused(cloudwatch.delete_anomaly_detector, SingleMetricAnomalyDetector=single)
    assert again["Code"] == "ResourceNotFoundException"
    assert refused(cloudwatch.put_anomaly_detector, Namespace="Shop", Stat="Sum")["Code"] == "MissingParameter"
