from __future__ import annotations

import io
import json
import struct
import sys
from typing import Any

import pytest

from hodei.testing import Cloud

of_dashboards = pytest.mark.feature("cloudwatch.dashboards")


def widget(**more: Any) -> dict[str, Any]:
    properties = {"metrics": [["AWS/SQS", "NumberOfMessagesSent", "QueueName", "q"]], "region": "us-east-1"}
    return {"type": "metric", "x": 0, "y": 0, "width": 6, "height": 6, "properties": properties, **more}


def body(*widgets: Any) -> str:
    return json.dumps({"widgets": list(widgets)})


@of_dashboards
def test_a_life(cloudwatch: Any, cloud: Cloud, refused: Any) -> None:
    text = body(widget())
    assert cloudwatch.put_dashboard(DashboardName="one", DashboardBody=text)["DashboardValidationMessages"] == []
    cloudwatch.put_dashboard(DashboardName="two", DashboardBody=body())
    got = cloud.client("cloudwatch", region_name="eu-west-1").get_dashboard(DashboardName="one")
    assert got["DashboardBody"] == text, "dashboards are the account's, in all regions"
    assert got["DashboardArn"] == "arn:aws:cloudwatch::000000000000:dashboard/one"
    entries = cloudwatch.list_dashboards()["DashboardEntries"]
    assert [(one["DashboardName"], one["Size"]) for one in entries] == [("one", len(text)), ("two", len(body()))]
    assert [
        one["DashboardName"] for one in cloudwatch.list_dashboards(DashboardNamePrefix="t")["DashboardEntries"]
    ] == ["two"]
    assert refused(cloudwatch.delete_dashboards, DashboardNames=["one", "none"])["Code"] == "ResourceNotFound"
    assert len(cloudwatch.list_dashboards()["DashboardEntries"]) == 2, "all or none are deleted"
    cloudwatch.delete_dashboards(DashboardNames=["one", "two"])
    error = refused(cloudwatch.get_dashboard, DashboardName="one")
    assert (error["Code"], error["Message"]) == ("ResourceNotFound", "Dashboard one does not exist")


@of_dashboards
@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("{", None),
        ("[]", None),
        (body({"x": 0}), "/widgets/0"),
        (body(widget(type="picture")), "/widgets/0/type"),
        (body(widget(width=25)), "/widgets/0/width"),
        (body(widget(x="left")), "/widgets/0/x"),
        (body(widget(properties={"region": "us-east-1"})), "/widgets/0/properties"),
        (body({"type": "text", "properties": {}}), "/widgets/0/properties"),
        (body("text"), "/widgets/0"),
        (json.dumps({"widgets": {}}), "/widgets"),
    ],
)
def test_bodies_that_are_refused(cloudwatch: Any, text: str, path: str | None) -> None:
    with pytest.raises(cloudwatch.exceptions.DashboardInvalidInputError) as caught:
        cloudwatch.put_dashboard(DashboardName="d", DashboardBody=text)
    error = caught.value.response
    assert error["Error"]["Code"] == "InvalidParameterInput"
    assert error["Error"]["Message"].startswith("The dashboard body is invalid, there are ")
    assert error["dashboardValidationMessages"][0].get("DataPath") == path


@of_dashboards
def test_what_is_odd_is_told(cloudwatch: Any, refused: Any) -> None:
    found = cloudwatch.put_dashboard(DashboardName="d", DashboardBody=body(widget(colour="red")))
    assert found["DashboardValidationMessages"][0]["DataPath"] == "/widgets/0/colour"
    assert refused(cloudwatch.put_dashboard, DashboardName="no spaces", DashboardBody=body())["Code"] == (
        "InvalidParameterValue"
    )


def pixels(image: bytes) -> Any:
    from matplotlib.image import imread

    return imread(io.BytesIO(image))


@of_dashboards
def test_widgets_are_drawn(cloudwatch: Any, data: Any) -> None:
    for ago in range(0, 3600, 300):
        data.put("m", ago, ago=ago, dimensions={"Host": "a"})
        data.put("m", 100, ago=ago, dimensions={"Host": "b"})
    asked = {
        "width": 500, "height": 300, "title": "Load", "start": "-PT1H", "stat": "Sum", "period": 300,
        "metrics": [
            ["Shop", "m", "Host", "a", {"color": "#ff0000", "id": "a"}],
            ["...", "b", {"yAxis": "right", "id": "b"}],
            [{"expression": "a + b", "label": "both", "id": "e"}],
        ],
        "annotations": {"horizontal": [{"value": 2000, "label": "limit"}]},
    }  # fmt: skip
    image = cloudwatch.get_metric_widget_image(MetricWidget=json.dumps(asked))["MetricWidgetImage"]
    assert image.startswith(b"\x89PNG")
    assert struct.unpack(">II", image[16:24]) == (500, 300)
    red = (pixels(image)[:, :, :3] == (1.0, 0.0, 0.0)).all(axis=2).sum()
    assert red > 100, "the line of the first metric"
    empty = cloudwatch.get_metric_widget_image(MetricWidget=json.dumps(asked | {"metrics": []}))["MetricWidgetImage"]
    assert not (pixels(empty)[:, :, :3] == (1.0, 0.0, 0.0)).all(axis=2).any()
    stacked = cloudwatch.get_metric_widget_image(MetricWidget=json.dumps(asked | {"stacked": True}))
    assert stacked["MetricWidgetImage"] != image


@of_dashboards
def test_what_cannot_be_drawn(cloudwatch: Any, refused: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def error(widget: Any, **more: Any) -> dict[str, str]:
        found: dict[str, str] = refused(cloudwatch.get_metric_widget_image, MetricWidget=json.dumps(widget), **more)
        return found

    assert error([])["Code"] == "ValidationError"
    assert error({"width": 9999})["Code"] == "ValidationError"
    assert error({"start": "yesterday"})["Code"] == "ValidationError"
    assert error({"metrics": [["Shop"]]})["Code"] == "ValidationError"
    assert error({}, OutputFormat="image/png")["Code"] == "NotImplemented"
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    missing = error({})
    assert missing["Code"] == "NotImplemented"
    assert "hodei[charts]" in missing["Message"]


@pytest.mark.feature("cloudwatch.metrics")
def test_metric_streams_are_kept(cloudwatch: Any, refused: Any) -> None:
    given = {
        "FirehoseArn": "arn:aws:firehose:us-east-1:000000000000:deliverystream/s",
        "RoleArn": "arn:aws:iam::000000000000:role/r",
        "OutputFormat": "json",
    }
    cloudwatch.put_metric_stream(Name="s", **given, IncludeFilters=[{"Namespace": "Shop"}])
    stream = cloudwatch.get_metric_stream(Name="s")
    assert {name: stream[name] for name in given} == given
    assert stream["State"] == "running"
    cloudwatch.stop_metric_streams(Names=["s"])
    assert cloudwatch.list_metric_streams()["Entries"][0]["State"] == "stopped"
    cloudwatch.start_metric_streams(Names=["s"])
    assert cloudwatch.get_metric_stream(Name="s")["State"] == "running"
    wrong = given | {"FirehoseArn": given["RoleArn"]}
    assert refused(cloudwatch.put_metric_stream, Name="s", **wrong)["Code"] == "InvalidParameterValue"
    cloudwatch.delete_metric_stream(Name="s")
    assert refused(cloudwatch.get_metric_stream, Name="s")["Code"] == "ResourceNotFoundException"


@pytest.mark.feature("cloudwatch.metrics")
def test_insight_rules_are_kept(cloudwatch: Any, refused: Any) -> None:
    definition = json.dumps(
        {
            "Schema": {"Name": "CloudWatchLogRule", "Version": 1},
            "LogGroupNames": ["g"],
            "LogFormat": "JSON",
            "Contribution": {"Keys": ["$.ip"]},
            "AggregateOn": "Count",
        }
    )
    cloudwatch.put_insight_rule(RuleName="r", RuleDefinition=definition, Tags=[{"Key": "a", "Value": "b"}])
    (rule,) = cloudwatch.describe_insight_rules()["InsightRules"]
    assert (rule["Schema"], rule["State"], rule["ManagedRule"]) == ("CloudWatchLogRule/1", "ENABLED", False)
    assert cloudwatch.disable_insight_rules(RuleNames=["r", "none"])["Failures"][0]["FailureResource"] == "none"
    assert cloudwatch.describe_insight_rules()["InsightRules"][0]["State"] == "DISABLED"
    assert cloudwatch.enable_insight_rules(RuleNames=["r"])["Failures"] == []
    assert refused(cloudwatch.put_insight_rule, RuleName="r", RuleDefinition="{}")["Code"] == "InvalidParameterValue"
    assert cloudwatch.delete_insight_rules(RuleNames=["r"])["Failures"] == []
    assert cloudwatch.describe_insight_rules()["InsightRules"] == []
