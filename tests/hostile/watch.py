"""Metrics, alarms and dashboards to be asked and changed, and what requests may name of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from hodei.testing import ACCOUNT, REGION, Cloud

ARN = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:topic"
ALARM = {
    "MetricName": "m", "Namespace": "Shop", "Period": 60, "Statistic": "Sum", "EvaluationPeriods": 1, "Threshold": 1,
    "ComparisonOperator": "GreaterThanThreshold",
}  # fmt: skip
STAT = {"Metric": {"Namespace": "Shop", "MetricName": "m"}, "Period": 60, "Stat": "Sum"}
EXPRESSIONS = [
    "m1 * 2", "SUM(METRICS())", "SEARCH('{Shop} m', 'Sum', 60)", "SELECT AVG(m) FROM Shop GROUP BY a", "m1 / 0", "q(", "-" * 500,
    "ANOMALY_DETECTION_BAND(m1)", "FILL(m1, REPEAT)", "9 ^ 9 ^ 9 ^ 9 * m1", "(" * 400, "[" * 400, "LOG(m1 - 5)", "m1 ^ 0.5",
    "IF(m1 > 1, m1)", "SLICE([m1], 9e99)", "TIME_SERIES(1)", "SORT([m1], SUM, DESC, -1)", "LAST([])", "AVG([])", "q",
]  # fmt: skip
WIDGETS = [
    {"metrics": [["Shop", "m"], [{"expression": "m1 * 2", "id": "e"}]], "width": 100, "height": 60},
    {"metrics": [["...", "."], ["."], 7], "yAxis": 3, "annotations": []},
    {"metrics": [["Shop", "m", {"period": "x", "color": "nonsense"}]], "start": "-P9999W"},
    {
        "annotations": {"horizontal": [[{}], 3, {"value": 1, "color": 7}], "alarms": [7, f"{ARN}alarm:a"]},
        "title": "$x_{",
    },
]


def prime(cloud: Cloud) -> dict[str, list[Any]]:
    client = cloud.client("cloudwatch")
    client.put_metric_data(Namespace="Shop", MetricData=[{"MetricName": "m", "Value": 1}] * 3)
    client.put_metric_alarm(AlarmName="a", AlarmActions=[TOPIC], **ALARM)
    client.put_metric_alarm(AlarmName="b", **ALARM)
    client.put_composite_alarm(AlarmName="top", AlarmRule="ALARM(a) OR ALARM(b)")
    client.put_dashboard(DashboardName="d", DashboardBody=json.dumps({"widgets": []}))
    client.put_metric_stream(
        Name="s",
        FirehoseArn=f"arn:aws:firehose:{REGION}:{ACCOUNT}:s",
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/r",
        OutputFormat="json",
    )
    rule = {"LogGroupNames": ["*"], "LogFormat": "JSON", "Contribution": {"Keys": ["$.ip"]}, "AggregateOn": "Count"}
    definition = json.dumps({"Schema": {"Name": "CloudWatchLogRule", "Version": 1}} | rule)
    client.put_insight_rule(RuleName="r", RuleDefinition=definition)
    single = {"Namespace": "Shop", "MetricName": "m", "Stat": "Sum"}
    client.put_anomaly_detector(SingleMetricAnomalyDetector=single)
    mute = {"Schedule": {"Expression": "cron(0 2 * * *)", "Duration": "PT1H"}}
    client.put_alarm_mute_rule(Name="mute", Rule=mute, MuteTargets={"AlarmNames": ["a"]})
    now = datetime.now(UTC)
    queries = [[{"Id": "m1", "MetricStat": STAT}, {"Id": "q", "Expression": text}] for text in EXPRESSIONS]
    return {
        "Namespace": ["Shop", "Shop", "AWS/SQS", ":x", ""],
        "MetricName": ["m", "m", "none"],
        "MetricData": [[{"MetricName": "m", "Value": 1.0}], [{"MetricName": "m", "Values": [1.0], "Counts": [1.0]}], [{"MetricName": "m"}]],
        "Dimensions": [[], [{"Name": "a", "Value": "b"}], [{"Name": "a"}], [{"Name": "a", "Value": " "}]],
        "StartTime": [now - timedelta(hours=1), now - timedelta(days=500), now],
        "EndTime": [now, now + timedelta(hours=1)],
        "Period": [60, 300, 1, 7, 3600],
        "Stat": ["Sum", "p90", "TM(1:2)", "x"],
        "Statistic": ["Sum", "Average", "x"],
        "Statistics": [["Sum"], ["Sum", "Average"], []],
        "ExtendedStatistic": ["p99", "IQM", "x"],
        "ExtendedStatistics": [["p99", "tm90"], ["x"]],
        "MetricDataQueries": queries,
        "Metrics": queries,
        "Expression": EXPRESSIONS,
        "AlarmName": ["a", "b", "top", "none", "a" * 255],
        "AlarmNames": [["a"], ["top"], ["a", "b"], ["none"], []],
        "AlarmTypes": [["CompositeAlarm"], ["MetricAlarm", "CompositeAlarm"], ["LogAlarm"]],
        "AlarmRule": ["ALARM(a)", "TRUE", "NOT OK(b)", "ALARM(", "(" * 300, "ALARM(top)", "ALARM(none)"],
        "ActionsSuppressor": ["b", "none"],
        "AlarmActions": [[TOPIC], ["x"], [f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"]],
        "ComparisonOperator": ["GreaterThanThreshold", "LessThanLowerThreshold", "x"],
        "ThresholdMetricId": ["q", "m1", "x"],
        "TreatMissingData": ["missing", "breaching", "x"],
        "StateValue": ["OK", "ALARM", "INSUFFICIENT_DATA", "x"],
        "StateReasonData": ["{}", "{", "[" * 2000],
        "DashboardName": ["d", "new", "no spaces"],
        "DashboardNames": [["d"], ["d", "none"]],
        "DashboardBody": [json.dumps({"widgets": [{"type": "text"}]}), "{", "[]", '{"widgets": [7]}', '{"widgets": []}'],
        "MetricWidget": [json.dumps(widget) for widget in WIDGETS] + ["{", "[]"],
        "Name": ["s", "mute", "new"],
        "Names": [["s"], ["none"]],
        "AlarmMuteRuleName": ["mute", "none"],
        "FirehoseArn": [f"arn:aws:firehose:{REGION}:{ACCOUNT}:s", "x" * 20],
        "RoleArn": [f"arn:aws:iam::{ACCOUNT}:role/r", "x" * 20],
        "RuleName": ["r", "none"],
        "RuleNames": [["r"], ["none"]],
        "RuleDefinition": [definition, "{", "[]", '{"Schema": 1}'],
        "Rule": [mute, {"Schedule": {"Expression": "at(9999-12-31T23:59)", "Duration": "P15D", "Timezone": "Asia/Tokyo"}}],
        "MuteTargets": [{"AlarmNames": ["a"]}, {"AlarmNames": ["none"]}],
        "ResourceARN": [f"{ARN}alarm:a", f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/d", f"{ARN}x", "x"],
        "SingleMetricAnomalyDetector": [single, {}],
        "NextToken": ["x"],
    }  # fmt: skip
