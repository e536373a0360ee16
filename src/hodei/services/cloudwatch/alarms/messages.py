"""What alarms tell: to SNS topics, Lambda functions, EventBridge, their history."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from hodei.kernel.context import Context
from hodei.protocol.model import endpoints
from hodei.services.cloudwatch.state import Alarm, Contributor, Wire

STATISTICS = {"SampleCount": "SAMPLE_COUNT"}


def arn(ctx: Context, name: str) -> str:
    return ctx.arn(f"alarm:{name}")


def stamp(at: float) -> str:
    """2023-08-04T12:36:15.490+0000"""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{int(at * 1000) % 1000:03}+0000"


def state(alarm: Alarm) -> Wire:
    """The state of an alarm as events and functions are told it."""
    found = {"value": alarm.state, "reason": alarm.reason, "timestamp": stamp(alarm.state_updated)}
    if alarm.reason_data is not None:
        found["reasonData"] = alarm.reason_data
    if alarm.suppressed_by:
        found |= {
            "actionsSuppressedBy": alarm.suppressed_by,
            "actionsSuppressedReason": f"Actions suppressed by {alarm.suppressed_by}",
        }
    return found


def configuration(ctx: Context, alarm: Alarm) -> Wire:
    given = alarm.given
    found: Wire = {"description": given["AlarmDescription"]} if "AlarmDescription" in given else {}
    if alarm.composite:
        names = ("AlarmRule", "ActionsSuppressor", "ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod")
        return found | {name[0].lower() + name[1:]: given[name] for name in names if name in given}
    return found | {"metrics": _metrics(ctx, given)}


def _metrics(ctx: Context, given: Wire) -> list[Wire]:
    if "Metrics" in given:
        return [_query(query) for query in given["Metrics"]]
    metric = {key: given[key] for key in ("Namespace", "MetricName", "Dimensions") if key in given}
    stat = {"Metric": metric, "Period": given["Period"], "Stat": given.get("Statistic") or given["ExtendedStatistic"]}
    if "Unit" in given:
        stat["Unit"] = given["Unit"]
    return [_query({"Id": ctx.ids.uuid(), "MetricStat": stat})]


def _query(query: Mapping[str, Any]) -> Wire:
    found: Wire = {"id": query["Id"], "returnData": query.get("ReturnData", True)}
    for name in ("Expression", "Label", "Period"):
        if name in query:
            found[name.lower()] = query[name]
    if stat := query.get("MetricStat"):
        metric = stat["Metric"]
        found["metricStat"] = {
            "metric": {
                "namespace": metric["Namespace"],
                "name": metric["MetricName"],
                "dimensions": {one["Name"]: one["Value"] for one in metric.get("Dimensions", ())},
            },
            "period": stat["Period"],
            "stat": stat["Stat"],
        } | ({"unit": stat["Unit"]} if "Unit" in stat else {})
    return found


def event(ctx: Context, alarm: Alarm, contributor: Contributor | None = None) -> Wire:
    """The detail of "CloudWatch Alarm State Change", or of one of its contributors' changes."""
    found = {"alarmName": alarm.name, "configuration": configuration(ctx, alarm), "state": state(alarm)}
    if contributor:
        return found | {"alarmContributor": {"id": contributor.id, "attributes": contributor.attributes}}
    return found | {"previousState": alarm.previous}


def to_function(ctx: Context, alarm: Alarm, contributor: Contributor | None = None) -> bytes:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html"""
    return json.dumps(
        {
            "source": "aws.cloudwatch",
            "alarmArn": arn(ctx, alarm.name),
            "accountId": ctx.account,
            "time": stamp(ctx.now),
            "region": ctx.region,
            "alarmData": event(ctx, alarm, contributor),
        }
    ).encode()


def to_policy(ctx: Context, alarm: Alarm, contributor: Contributor | None = None) -> bytes:
    """What Auto Scaling is told is not documented: the state, and the datapoints that made it, the newest first."""
    data = json.loads(alarm.reason_data or "{}")
    found = [point for point in data.get("evaluatedDatapoints", ()) if "value" in point]
    return json.dumps({"alarmName": alarm.name, "state": alarm.state, "datapoints": found}).encode()


def to_topic(ctx: Context, alarm: Alarm, contributor: Contributor | None = None) -> bytes:
    given = alarm.given
    message: Wire = {
        "AlarmName": alarm.name,
        "AlarmDescription": given.get("AlarmDescription"),
        "AWSAccountId": ctx.account,
        "AlarmConfigurationUpdatedTimestamp": stamp(alarm.updated),
        "NewStateValue": alarm.state,
        "NewStateReason": alarm.reason,
        "StateChangeTime": stamp(alarm.state_updated),
        "Region": region_name(ctx.region),
        "AlarmArn": arn(ctx, alarm.name),
        "OldStateValue": alarm.previous["value"],
    } | {name: given[name] for name in ("OKActions", "AlarmActions", "InsufficientDataActions")}
    if contributor:
        message |= {"AlarmContributorId": contributor.id, "AlarmContributorAttributes": contributor.attributes}
    if alarm.composite:
        triggering = json.loads(alarm.reason_data or "{}").get("triggeringAlarms", ())
        children = [
            {"Arn": one["arn"], "State": {"Value": one["state"]["value"], "Timestamp": one["state"]["timestamp"]}}
            for one in triggering
        ]
        message |= {"AlarmRule": given["AlarmRule"], "TriggeringChildren": children}
    else:
        message["Trigger"] = _trigger(given)
    return json.dumps(message).encode()


def _trigger(given: Wire) -> Wire:
    found: Wire = {
        name: given[name] for name in ("EvaluationPeriods", "DatapointsToAlarm", "ComparisonOperator") if name in given
    }
    if "Metrics" in given:
        found["Metrics"] = [_topic_query(query) for query in given["Metrics"]]
    else:
        found |= {name: given[name] for name in ("MetricName", "Namespace", "Period")}
        found["Dimensions"] = _topic_dimensions(given.get("Dimensions", ()))
        found["Unit"] = given.get("Unit")
        if simple := given.get("Statistic"):
            found |= {"StatisticType": "Statistic", "Statistic": STATISTICS.get(simple, simple.upper())}
        else:
            found |= {"StatisticType": "ExtendedStatistic", "ExtendedStatistic": given["ExtendedStatistic"]}
    found["Threshold"] = given.get("Threshold")
    if "ThresholdMetricId" in given:
        found["ThresholdMetricId"] = given["ThresholdMetricId"]
    found["TreatMissingData"] = given.get("TreatMissingData", "")
    return found | {"EvaluateLowSampleCountPercentile": given.get("EvaluateLowSampleCountPercentile", "")}


def _topic_query(query: Mapping[str, Any]) -> Wire:
    found: Wire = {"ReturnData": True} | dict(query)
    if stat := query.get("MetricStat"):
        metric = dict(stat["Metric"]) | {"Dimensions": _topic_dimensions(stat["Metric"].get("Dimensions", ()))}
        found["MetricStat"] = dict(stat) | {"Metric": metric}
    return found


def _topic_dimensions(dimensions: Sequence[Mapping[str, str]]) -> list[Wire]:
    return [{"value": one["Value"], "name": one["Name"]} for one in dimensions]


@cache
def region_name(region: str) -> str:
    """US East (N. Virginia): as botocore's endpoints have it, but that messages write EU for Europe."""
    names = {code: one["description"] for part in endpoints()["partitions"] for code, one in part["regions"].items()}
    return str(names.get(region, region)).replace("Europe", "EU")
