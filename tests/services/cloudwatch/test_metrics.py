from __future__ import annotations

import json
import math
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest

from hodei.protocol.http import Body, Headers, Request
from hodei.testing import Cloud

metrics = pytest.mark.feature("cloudwatch.metrics")
DAY = 86400


@metrics
def test_statistics_of_values(data: Any, cloudwatch: Any, cloud: Cloud) -> None:
    data.put("m", *range(10))
    found = cloudwatch.get_metric_statistics(
        Namespace="Shop",
        MetricName="m",
        StartTime=data.at(60),
        EndTime=data.at(-60),
        Period=60,
        Statistics=["Average", "Sum", "Minimum", "Maximum", "SampleCount"],
    )
    assert found["Label"] == "m"
    (point,) = found["Datapoints"]
    at = cloud.clock.now().replace(second=0, microsecond=0)
    assert point == {
        "Timestamp": at, "Average": 4.5, "Sum": 45, "Minimum": 0, "Maximum": 9, "SampleCount": 10, "Unit": "None"
    }  # fmt: skip


@metrics
def test_counted_values_and_statistic_sets(data: Any) -> None:
    data.put("m", Values=[1.0, 5.0], Counts=[3.0, 1.0])
    assert data.values("Sum") == [8]
    assert data.values("p50") == [1]
    data.put("m", StatisticValues={"SampleCount": 2, "Sum": 30, "Minimum": 10, "Maximum": 20})
    assert data.values("Average") == [38 / 6]
    assert data.values("Maximum") == [20]
    assert data.values("p50") == [], "nobody knows the values of a statistic set"
    data.put("same", StatisticValues={"SampleCount": 4, "Sum": 8, "Minimum": 2, "Maximum": 2})
    assert data.values("p90", "same") == [2]


@metrics
@pytest.mark.parametrize(
    ("stat", "expected"),
    [
        ("p50", 50),
        ("p99.5", 100),
        ("p0", 1),
        ("p100", 100),
        ("tm90", 45.5),
        ("TM(10%:90%)", 50.5),
        ("TM(80:)", 90.5),
        ("IQM", 50.5),
        ("wm98", (98 * 99 / 2 + 98 * 2) / 100),
        ("tc90", 90),
        ("TC(0.5:10)", 10),
        ("ts90", 90 * 91 / 2),
        ("TS(:3)", 6),
        ("PR(:25)", 25),
        ("PR(10:20)", 10),
    ],
)
def test_extended_statistics(data: Any, stat: str, expected: float) -> None:
    data.put("m", Values=[float(n) for n in range(1, 101)])
    (value,) = data.values(stat)
    assert math.isclose(value, expected)


@metrics
def test_percentiles_of_many_different_values_are_nearly_right(data: Any) -> None:
    for start in range(0, 3000, 150):
        data.put("m", Values=[float(n) for n in range(start, start + 150)])
    (median,) = data.values("p50")
    (highest,) = data.values("p99")
    assert abs(median - 1500) < 1500 * 0.02
    assert abs(highest - 2970) < 2970 * 0.02
    assert data.values("Sum") == [2999 * 3000 / 2]


@metrics
def test_no_percentiles_of_values_below_zero(data: Any) -> None:
    data.put("m", -1.0, 5.0)
    assert data.values("p50") == []
    assert data.values("Minimum") == [-1]


@metrics
def test_dimensions_make_metrics(data: Any, cloudwatch: Any) -> None:
    data.put("m", 1, dimensions={"Host": "a", "Az": "1"})
    data.put("m", 2, dimensions={"Host": "b", "Az": "1"})
    data.put("other", 4)
    assert data.values(dimensions={"Az": "1", "Host": "a"}) == [1]
    assert data.values() == [], "metrics are not aggregated over dimensions"
    listed = cloudwatch.list_metrics(Namespace="Shop", MetricName="m")["Metrics"]
    assert listed[0]["Dimensions"] == [{"Name": "Az", "Value": "1"}, {"Name": "Host", "Value": "a"}]
    assert len(listed) == 2
    by_value = cloudwatch.list_metrics(Dimensions=[{"Name": "Host", "Value": "b"}])["Metrics"]
    assert [one["Dimensions"][1]["Value"] for one in by_value] == ["b"]
    assert len(cloudwatch.list_metrics(Dimensions=[{"Name": "Host"}])["Metrics"]) == 2
    assert cloudwatch.list_metrics(Namespace="Elsewhere")["Metrics"] == []


@metrics
def test_metrics_are_listed_by_500_and_forgotten_after_two_weeks(data: Any, cloudwatch: Any, cloud: Cloud) -> None:
    cloudwatch.put_metric_data(
        Namespace="Shop", MetricData=[{"MetricName": f"m{n:04}", "Value": n} for n in range(700)]
    )
    first = cloudwatch.list_metrics(Namespace="Shop")
    assert len(first["Metrics"]) == 500
    rest = cloudwatch.list_metrics(Namespace="Shop", NextToken=first["NextToken"])
    assert [one["MetricName"] for one in rest["Metrics"]] == [f"m{n:04}" for n in range(500, 700)]
    assert "NextToken" not in rest
    pages = cloudwatch.get_paginator("list_metrics").paginate()
    assert sum(len(page["Metrics"]) for page in pages) == 700
    cloud.clock.advance(hours=4)
    data.put("new", 1)
    assert [one["MetricName"] for one in cloudwatch.list_metrics(RecentlyActive="PT3H")["Metrics"]] == ["new"]
    cloud.clock.advance(days=14, seconds=1)
    assert cloudwatch.list_metrics()["Metrics"] == []


@metrics
def test_units_are_kept_apart(data: Any, cloudwatch: Any) -> None:
    for unit, value in (("Seconds", 1), ("Count", 5), ("None", 10)):
        data.put("m", value, Unit=unit)
    assert data.values(unit="Count") == [5]
    points = cloudwatch.get_metric_statistics(
        Namespace="Shop", MetricName="m", StartTime=data.at(60), EndTime=data.at(-60), Period=60, Statistics=["Average"]
    )["Datapoints"]
    assert [(point["Unit"], point["Average"]) for point in points] == [("None", 10), ("Count", 5), ("Seconds", 1)]
    (result,) = data.get(data.query())
    assert result["Messages"] == [
        {"Code": "MultipleUnits", "Value": "Multiple units returned: '[None, Count, Seconds]'"}
    ]


@metrics
def test_high_resolution_lasts_three_hours(data: Any, cloud: Cloud) -> None:
    for ago in range(20):
        data.put("fine", 1, ago=ago, StorageResolution=1)
    data.put("coarse", 1)
    assert data.values(name="fine", period=1, since=20, until=-1) == [1] * 20
    assert data.values(name="fine", period=10, since=19, until=-1) == [8, 10, 2]
    assert data.values(name="coarse", period=10, since=60, until=0) == [1], "at its minute"
    cloud.clock.advance(hours=3, minutes=1)
    assert data.values(name="fine", period=1, since=5 * 3600) == []
    assert data.values(name="fine", period=60, since=5 * 3600) == [18, 2]


@metrics
def test_data_rolls_up(data: Any, cloud: Cloud) -> None:
    """1 minute for 15 days, 5 minutes for 63, an hour for 455."""
    for ago in (0, 60, 120):
        data.put("m", 1, ago=ago)
    cloud.clock.advance(days=14)
    assert data.values(period=60, since=15 * DAY) == [1, 1, 1]
    cloud.clock.advance(days=2)
    assert data.values(period=60, since=20 * DAY) == []
    assert data.values(period=300, since=20 * DAY) == [2, 1]
    cloud.clock.advance(days=50)
    assert data.values(period=300, since=70 * DAY) == []
    assert data.values(period=3600, since=70 * DAY) == [2, 1]
    cloud.clock.advance(days=400)
    assert data.values(period=3600, since=480 * DAY) == []


@metrics
def test_periods_begin_at_the_start(data: Any) -> None:
    """Not at multiples of the period: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
    rounds the start to a minute."""
    for ago in range(0, 1200, 60):
        data.put("m", 1, ago=ago)
    (result,) = data.get(data.query(period=300), since=420, until=0)
    assert [stamp.minute for stamp in result["Timestamps"]] == [53, 58]
    assert result["Values"] == [5, 3]


@metrics
def test_data_is_paged(data: Any, cloudwatch: Any) -> None:
    for ago in range(0, 300, 60):
        data.put("a", 1, ago=ago)
        data.put("b", 2, ago=ago)
    asked = {
        "MetricDataQueries": [data.query(name="a", id="a"), data.query(name="b", id="b")],
        "StartTime": data.at(600),
        "EndTime": data.at(-60),
        "MaxDatapoints": 3,
    }
    pages, token = [], {}
    while True:
        page = cloudwatch.get_metric_data(**asked, **token)
        pages.append([(one["Id"], len(one["Values"]), one["StatusCode"]) for one in page["MetricDataResults"]])
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert pages == [
        [("a", 3, "PartialData")],
        [("a", 2, "Complete"), ("b", 1, "PartialData")],
        [("b", 3, "PartialData")],
        [("b", 1, "Complete")],
    ]


@metrics
def test_results_are_newest_first(data: Any, cloudwatch: Any) -> None:
    data.put("m", 1, ago=120)
    data.put("m", 2)
    asked = {"MetricDataQueries": [data.query()], "StartTime": data.at(600), "EndTime": data.at(-60)}
    assert cloudwatch.get_metric_data(**asked)["MetricDataResults"][0]["Values"] == [2, 1]


@metrics
def test_labels(data: Any, cloud: Cloud) -> None:
    data.put("m", 1, 3, dimensions={"Host": "a"})
    data.put("m", 2, dimensions={"Host": "b"})
    a, b = ({"dimensions": {"Host": host}, "id": host} for host in "ab")
    assert [one["Label"] for one in data.get(data.query(**a), data.query(**b))] == ["a", "b"]
    stats = data.get(data.query(**a), data.query("Average", **a | {"id": "average"}))
    assert [one["Label"] for one in stats] == ["m Sum", "m Average"]
    labels = data.get(data.query(**a, Label="max ${MAX} of ${PROP('MetricName')} ${PROP('Dim.Host')} ${NONE}"))
    assert labels[0]["Label"] == "max 4 of m a ${NONE}"
    assert data.get(data.query(**a, Label="${LABEL}: ${DATAPOINT_COUNT}"))[0]["Label"] == "m: 1"


@metrics
def test_what_is_refused(data: Any, cloudwatch: Any, refused: Any, cloud: Cloud) -> None:
    put = cloudwatch.put_metric_data

    def put_refused(**datum: Any) -> tuple[str, str]:
        error = refused(put, Namespace="Shop", MetricData=[{"MetricName": "m", **datum}])
        return error["Code"], error["Message"]

    code, message = put_refused(Value=1, Values=[1])
    assert code == "InvalidParameterCombination"
    assert message == (
        "The parameters MetricData.member.1.Value and MetricData.member.1.Values are mutually exclusive and you have "
        "specified both."
    )
    assert put_refused(Values=[1], Counts=[1, 2]) == (
        "InvalidParameterValue",
        "The parameters MetricData.member.1.Values and MetricData.member.1.Counts must be of the same size.",
    )
    assert put_refused()[0] == "MissingParameter"
    assert put_refused(Value=math.nan)[0] == "InvalidParameterValue"
    assert put_refused(Value=2.0**361)[0] == "InvalidParameterValue"
    assert put_refused(Value=1, StorageResolution=7)[0] == "InvalidParameterValue"
    assert put_refused(Value=1, Timestamp=data.at(15 * DAY))[0] == "InvalidParameterValue"
    assert put_refused(Value=1, Timestamp=data.at(-3 * 3600))[0] == "InvalidParameterValue"
    assert put_refused(Value=1, Dimensions=[{"Name": "a", "Value": " "}])[0] == "InvalidParameterValue"
    assert put_refused(Values=[1], Counts=[0])[0] == "InvalidParameterValue"
    assert refused(put, Namespace="AWS/Mine", MetricData=[{"MetricName": "m", "Value": 1}])["Code"] == (
        "InvalidParameterValue"
    )
    many = [{"MetricName": "m", "Value": 1}] * 1001
    assert refused(put, Namespace="Shop", MetricData=many)["Code"] == "InvalidParameterValue"
    dimensions = [{"Name": f"{n}", "Value": "v"} for n in range(31)]
    assert put_refused(Value=1, Dimensions=dimensions)[0] == "ValidationError"
    asked = {"Namespace": "Shop", "MetricName": "m", "EndTime": data.at(0), "Statistics": ["Sum"]}
    too_many = refused(cloudwatch.get_metric_statistics, **asked, StartTime=data.at(DAY), Period=1)
    assert too_many == {
        "Code": "InvalidParameterCombination",
        "Message": "You have requested up to 86400 datapoints, which exceeds the limit of 1440. You may reduce the "
        "datapoints requested by increasing Period, or decreasing the time range.",
        "QueryErrorCode": "InvalidParameterCombinationException",
        "Type": "Sender",
    }
    backwards = refused(cloudwatch.get_metric_statistics, **asked, StartTime=data.at(-1), Period=60)
    assert backwards["Message"] == "The parameter StartTime must be less than the parameter EndTime."
    assert refused(cloudwatch.list_metrics, NextToken="forged")["Code"] == "InvalidParameterValue"


@metrics
def test_large_requests_are_compressed(cloud: Cloud, data: Any) -> None:
    sent: list[bool] = []
    client = cloud.client("cloudwatch")
    client.meta.events.register(
        "before-send.*", lambda request, **_: sent.append("Content-Encoding" in request.headers)
    )
    client.put_metric_data(
        Namespace="Shop", MetricData=[{"MetricName": "m", "Value": 1, "Unit": "Count"} for _ in range(500)]
    )
    assert sent == [True]
    assert data.values("SampleCount") == [500]


@metrics
def test_queries_in_forms_and_json(cloud: Cloud, data: Any) -> None:
    def send(media: str, body: bytes, **headers: str) -> bytes:
        credential = "test/20260101/us-east-1/monitoring/aws4_request"
        given = {
            "Host": "monitoring.us-east-1.localhost:4566",
            "Content-Type": media,
            "Authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0",
            **headers,
        }
        response = cloud.send(Request("POST", "/", Headers(list(given.items())), Body(body)))
        assert response.status == 200, response.body
        assert isinstance(response.body, bytes)
        return response.body

    form = {"Action": "PutMetricData", "Version": "2010-08-01", "Namespace": "Shop"}
    form |= {"MetricData.member.1.MetricName": "m", "MetricData.member.1.Value": "41"}
    send("application/x-www-form-urlencoded", urlencode(form).encode())
    body = json.dumps({"Namespace": "Shop", "MetricData": [{"MetricName": "m", "Value": 1}]}).encode()
    send("application/x-amz-json-1.0", body, **{"X-Amz-Target": "GraniteServiceVersion20100801.PutMetricData"})
    asked = {"Action": "GetMetricStatistics", "Version": "2010-08-01", "Namespace": "Shop", "MetricName": "m"}
    now = cloud.clock.now()
    asked |= {"StartTime": (now - timedelta(minutes=5)).isoformat(), "EndTime": now.isoformat(), "Period": "60"}
    root = ElementTree.fromstring(
        send("application/x-www-form-urlencoded", urlencode(asked | {"Statistics.member.1": "Sum"}).encode())
    )
    assert [element.text for element in root.iter() if element.tag.endswith("}Sum")] == ["42.0"]


@metrics
def test_accounts_and_regions_have_their_own(cloud: Cloud, data: Any, cloudwatch: Any) -> None:
    data.put("m", 1)
    assert cloud.client("cloudwatch", region_name="eu-west-1").list_metrics()["Metrics"] == []
    assert cloud.client("cloudwatch", account="111111111111").list_metrics()["Metrics"] == []
    assert len(cloudwatch.list_metrics()["Metrics"]) == 1
