"""What real AWS answered: our answers have the same members, values, codes and words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from hodei.testing import Cloud
from recorded import Comparison, load, plain

RECORDED = load("cloudwatch")

pytestmark = [
    pytest.mark.skipif(not RECORDED, reason="no recorded answers here"),
    pytest.mark.feature("cloudwatch.metrics"),
]

# What AWS has added to answers since they were recorded, and members of ours that say more of SDKs than of AWS.
ADDED = frozenset({"LogAlarms", "AnomalyDetectorId", "QueryErrorCode", "message", "Tags"})
FREE = r"<[^>]+>|(?<=enum value set: )\[.*\]"  # enums, which AWS orders otherwise than its model
ANYTHING = frozenset({"datetime", "timestamp", "date"})
AWS = Comparison(free=FREE, anything=ANYTHING, added=ADDED)
ACCOUNT = "111111111111"

Answers = dict[str, Any]


@dataclass
class Replay:
    """What a scenario works with. `variant` is what stood in brackets behind the test's name, but the protocol."""

    cloud: Cloud
    variant: str
    client: Any = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.cloud.client("cloudwatch", account=ACCOUNT, config=Config(parameter_validation=False))

    @property
    def span(self) -> dict[str, Any]:
        now = self.cloud.clock.now()
        return {"StartTime": now - timedelta(minutes=10), "EndTime": now + timedelta(minutes=1)}

    def put(self, name: str, *values: float, namespace: str = "ns", **more: Any) -> None:
        data = [{"MetricName": name, "Value": value, **more} for value in values] or [{"MetricName": name, **more}]
        self.client.put_metric_data(Namespace=namespace, MetricData=data)

    def query(self, name: str, stat: str, id: str = "result1", period: int = 60, **more: Any) -> Answers:
        dimensions = more.pop("dimensions", [])
        metric = {"Namespace": "ns", "MetricName": name, "Dimensions": dimensions}
        return {"Id": id, "MetricStat": {"Metric": metric, "Period": period, "Stat": stat, **more}}

    def get(self, *queries: Answers) -> Answers:
        return dict(self.client.get_metric_data(MetricDataQueries=list(queries), **self.span))

    def alarm(self, name: str = "alarm", **more: Any) -> None:
        given = {
            "MetricName": "metric1", "Namespace": "ns", "ComparisonOperator": "GreaterThanThreshold", "Threshold": 30.0,
            "EvaluationPeriods": 1, "Period": 60, "Statistic": "Sum",
        }  # fmt: skip
        self.client.put_metric_alarm(AlarmName=name, **given | more)

    def described(self, name: str = "alarm") -> Answers:
        return dict(self.client.describe_alarms(AlarmNames=[name]))

    def error(self, call: Callable[..., Any], **params: Any) -> Answers:
        with pytest.raises(ClientError) as caught:
            call(**params)
        return dict(caught.value.response)


Scenario = Callable[[Replay], Answers]
SCENARIOS: dict[str, Scenario] = {}


def scenario(function: Scenario) -> Scenario:
    SCENARIOS[f"test_{function.__name__}"] = function
    return function


def recorded() -> Iterator[Any]:
    for id, test in RECORDED.items():
        name, _, variant = id.rpartition("::")[2].partition("[")
        if name in SCENARIOS and test["content"]:
            variant = re.sub(r"^(json|query|smithy-rpc-v2-cbor)-?", "", variant.rstrip("]"))
            yield pytest.param(name, variant, test["content"], id=id.rpartition("::")[2])


@scenario
def get_metric_data_stats(r: Replay) -> Answers:
    r.put("metric1", *range(1, 12))
    return {"get_metric_data": r.get(r.query("metric1", r.variant))}


@scenario
def get_metric_data_with_dimensions(r: Replay) -> Answers:
    dimensions = [{"Name": "a", "Value": "b"}]
    r.put("metric1", 11.0, Dimensions=dimensions)
    return {"get_metric_data": r.get(r.query("metric1", "Sum", dimensions=dimensions))}


@scenario
def get_metric_data_for_multiple_metrics(r: Replay) -> Answers:
    for name, value in (("metric1", 50), ("metric2", 25), ("metric3", 55)):
        r.put(name, value)
    return {"get_metric_data": r.get(*(r.query(f"metric{n}", "Sum", f"result{n}") for n in (1, 2, 3)))}


@scenario
def get_metric_data_with_zero_and_labels(r: Replay) -> Answers:
    r.put("metric1", 0.0, 1.0, 5.5, 10.0, 0.0, 100.0)
    stats = ("Average", "Sum", "Minimum", "Maximum")
    return {
        "get_metric_data_with_zero_and_labels": r.get(*(r.query("metric1", stat, f"result_{stat}") for stat in stats))
    }


@scenario
def get_metric_data_with_different_units(r: Replay) -> Answers:
    r.put("m-test", 1.0, Unit="Seconds")
    r.put("m-test", 1.0, Unit="Milliseconds")
    return {"get_metric_data_with_different_units": r.get(r.query("m-test", "Sum", "m1", Unit="Seconds"))}


@scenario
def get_metric_statistics(r: Replay) -> Answers:
    r.put("metric", *range(10))
    statistics = ["Average", "Maximum", "Minimum", "SampleCount", "Sum"]
    asked = {"Namespace": "ns", "MetricName": "metric", "Period": 60, "Statistics": statistics}
    return {"get_metric_statistics": r.client.get_metric_statistics(**asked, **r.span)}


@scenario
def handle_different_units(r: Replay) -> Answers:
    for unit, value in (("Seconds", 1.0), ("Count", 5.0), ("None", 10.0)):
        r.put("m-test", value, Unit=unit)
    asked = {"Namespace": "ns", "MetricName": "m-test", "Period": 60, "Statistics": ["Average"]}
    return {"get_metric_statistics_with_different_units": r.client.get_metric_statistics(**asked, **r.span)}


@scenario
def get_metric_with_no_results(r: Replay) -> Answers:
    return {"result": r.get(r.query("none", "Sum", "result"))}


@scenario
def get_metric_with_null_dimensions(r: Replay) -> Answers:
    return {"get_metric_with_null_dimensions": r.get(r.query("none", "Sum", "anything"))}


@scenario
def put_metric_data_values_list(r: Replay) -> Answers:
    r.put("test-metric", Values=[1.0, 10.0], Counts=[2.0, 4.0], Unit="Count")
    asked = {"Namespace": "ns", "MetricName": "test-metric", "Period": 60}
    statistics = ["SampleCount", "Sum", "Maximum"]
    return {"get_metric_statistics": r.client.get_metric_statistics(**asked, Statistics=statistics, **r.span)}


@scenario
def put_metric_data_validation(r: Replay) -> Answers:
    def refused(**datum: Any) -> Answers:
        return r.error(r.client.put_metric_data, Namespace="ns", MetricData=[{"MetricName": "m", **datum}])

    sets = {"SampleCount": 1.0, "Sum": 1.0, "Minimum": 1.0, "Maximum": 1.0}
    return {
        "invalid-param-combination": refused(Value=1.0, Values=[1.0], Counts=[1.0]),
        "invalid-param-combination-2": refused(Value=1.0, StatisticValues=sets),
        "invalid-param-value": refused(Values=[1.0, 2.0], Counts=[1.0]),
    }


@scenario
def invalid_amount_of_datapoints(r: Replay) -> Answers:
    now = r.cloud.clock.now()
    asked = {"Namespace": "ns", "MetricName": "metric_name", "EndTime": now, "Statistics": ["SampleCount"]}
    call, day = r.client.get_metric_statistics, now - timedelta(days=1)
    return {
        "error-invalid-amount-datapoints": r.error(call, **asked, StartTime=day, Period=1),
        "error-invalid-time-frame": r.error(call, **asked, StartTime=now, Period=60),
        "get-metric-statitics": call(**asked, StartTime=day, Period=60),
    }


@scenario
def describe_minimal_metric_alarm(r: Replay) -> Answers:
    r.alarm(Period=10)
    return {"describe_minimal_metric_alarm": r.described()}


@scenario
def describe_alarms_converts_date_format_correctly(r: Replay) -> Answers:
    r.alarm()
    return {"describe-alarms": r.described()}


@scenario
def put_metric_alarm_escape_character(r: Replay) -> Answers:
    topic = "arn:aws:sns:us-east-1:111122223333:MyTopic"
    r.alarm(AlarmDescription="<", AlarmActions=[topic], Period=600, Threshold=1.0)
    return {"describe-alarms-escaped-character": r.described()}


@scenario
def delete_alarm(r: Replay) -> Answers:
    r.alarm()
    before = r.described()
    deleted = r.client.delete_alarms(AlarmNames=["alarm"])
    return {"describe-alarm": before, "delete-alarm": deleted, "describe-after-delete": r.described()}


@scenario
def set_alarm_invalid_input(r: Replay) -> Answers:
    r.alarm()
    call = r.client.set_alarm_state
    return {
        "error-invalid-state": r.error(call, AlarmName="alarm", StateValue="INVALID", StateReason="x"),
        "error-resource-not-found": r.error(call, AlarmName="nonexistent", StateValue="OK", StateReason="x"),
    }


@scenario
def store_tags(r: Replay) -> Answers:
    tags = [{"Key": "tag1", "Value": "foo"}, {"Key": "tag2", "Value": "bar"}]
    given = {"MetricName": "store_tags", "Namespace": "ns", "ComparisonOperator": "GreaterThanThreshold"}
    given |= {"Threshold": 30.0, "EvaluationPeriods": 1, "Period": 60, "Statistic": "Sum"}
    put = r.client.put_metric_alarm(AlarmName="alarm", Tags=tags, **given)
    r.client.put_metric_alarm(AlarmName="bare", **given)
    arn = f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:"
    listed = r.client.list_tags_for_resource(ResourceARN=f"{arn}alarm")
    none = r.client.list_tags_for_resource(ResourceARN=f"{arn}bare")
    r.client.untag_resource(ResourceARN=f"{arn}alarm", TagKeys=["tag1"])
    return {
        "put_metric_alarm": put,
        "list_tags_for_resource": listed,
        "list_tags_for_resource_empty ": none,
        "list_tags_for_resource_post_untag": r.client.list_tags_for_resource(ResourceARN=f"{arn}alarm"),
        "describe_alarms": r.described(),
    }


@scenario
def anomaly_detector_lifecycle(r: Replay) -> Answers:
    dimensions = [{"Name": "DimensionName", "Value": "DimensionValue"}]
    single = {"Namespace": "MyNamespace", "MetricName": "MyMetric", "Dimensions": dimensions, "Stat": "Sum"}
    return {
        "create_anomaly_detector": r.client.put_anomaly_detector(SingleMetricAnomalyDetector=single),
        "describe_anomaly_detector": r.client.describe_anomaly_detectors(),
        "delete_anomaly_detector": r.client.delete_anomaly_detector(SingleMetricAnomalyDetector=single),
    }


@scenario
def create_metric_stream(r: Replay) -> Answers:
    arn = f"arn:aws:firehose:us-east-1:{ACCOUNT}:deliverystream/s"
    given = {"FirehoseArn": arn, "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/r", "OutputFormat": "json"}
    return {
        "create_metric_stream": r.client.put_metric_stream(Name="stream", **given),
        "get_metric_stream": r.client.get_metric_stream(Name="stream"),
        "start_metric_stream": r.client.start_metric_streams(Names=["stream"]),
        "stop_metric_stream": r.client.stop_metric_streams(Names=["stream"]),
        "delete_metric_stream": r.client.delete_metric_stream(Name="stream"),
    }


@scenario
def label_generation(r: Replay) -> Answers:
    """The pairs of statistic, period and unit stand in the ids of the answer."""
    r.put("metric1", *range(12), 43.0, Unit="Seconds")
    ids = [one["Id"] for one in LABELLED[r.variant]]
    queries = []
    for id in ids:
        _, stat, period, unit = id.split("_")
        queries.append(r.query("metric1", stat, id, int(period), Unit=unit))
    return {"label_generation": r.get(*queries)}


LABELLED: dict[str, Any] = {
    id.partition("input_pairs")[2].rstrip("]"): test["content"]["label_generation"]["MetricDataResults"]
    for id, test in RECORDED.items()
    if "label_generation" in id
}
LABELLED = {f"input_pairs{number}": results for number, results in LABELLED.items()}


@pytest.mark.parametrize(("name", "variant", "content"), list(recorded()))
def test_as_recorded(cloud: Cloud, name: str, variant: str, content: Answers) -> None:
    answers = SCENARIOS[name](Replay(cloud, variant))
    assert answers
    for key, answer in answers.items():
        expected = content[key]
        if "Error" in expected:  # what an SDK calls an error depends on the protocol that it speaks
            expected = {"Error": expected["Error"]}
            answer = {"Error": answer["Error"]}
        AWS.same(expected, plain(answer), key)
    assert not content.keys() - answers.keys(), "not replayed"
