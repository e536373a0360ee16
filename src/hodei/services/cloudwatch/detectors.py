"""Anomaly detectors: what ANOMALY_DETECTION_BAND leaves out of a metric's past, and how far it has learned."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from hodei.kernel import pages
from hodei.kernel.context import Context
from hodei.services.cloudwatch import errors, rules
from hodei.services.cloudwatch.data import queries
from hodei.services.cloudwatch.data.answering import answer
from hodei.services.cloudwatch.data.listing import page_after
from hodei.services.cloudwatch.data.queries import Found, Frame
from hodei.services.cloudwatch.math.anomalies import FEWEST, TRAINING
from hodei.services.cloudwatch.rules import invalid
from hodei.services.cloudwatch.service import cloudwatch
from hodei.services.cloudwatch.state import Detector, Wire, detectors

PAGE = 100
PENDING = 60.0  # seconds in which a detector is not yet trained
Given = Mapping[str, Any]


@cloudwatch.operation("PutAnomalyDetector")
def put_anomaly_detector(
    ctx: Context,
    *,
    Namespace: str | None = None,
    MetricName: str | None = None,
    Dimensions: Sequence[Given] | None = None,
    Stat: str | None = None,
    Configuration: Given | None = None,
    MetricCharacteristics: Given | None = None,
    SingleMetricAnomalyDetector: Given | None = None,
    MetricMathAnomalyDetector: Given | None = None,
) -> dict[str, Any]:
    flat = _flat(Namespace, MetricName, Dimensions, Stat)
    given = _given(ctx, flat, SingleMetricAnomalyDetector, MetricMathAnomalyDetector)
    settings: Wire = {"Configuration": _configuration(Configuration or {})}
    if MetricCharacteristics is not None:
        settings["MetricCharacteristics"] = dict(MetricCharacteristics)
    id = _id(given)
    old = detectors.get(ctx, id)
    detectors.put(ctx, Detector(id=id, created=old.created if old else ctx.now, given=given, settings=settings))
    return {"AnomalyDetectorId": id}


@cloudwatch.operation("DeleteAnomalyDetector")
def delete_anomaly_detector(
    ctx: Context,
    *,
    AnomalyDetectorId: str | None = None,
    Namespace: str | None = None,
    MetricName: str | None = None,
    Dimensions: Sequence[Given] | None = None,
    Stat: str | None = None,
    SingleMetricAnomalyDetector: Given | None = None,
    MetricMathAnomalyDetector: Given | None = None,
) -> dict[str, Any]:
    id = AnomalyDetectorId
    if id is None:
        flat = _flat(Namespace, MetricName, Dimensions, Stat)
        id = _id(_given(ctx, flat, SingleMetricAnomalyDetector, MetricMathAnomalyDetector))
    if not detectors.delete(ctx, id):
        raise errors.ResourceNotFoundException(reason="The anomaly detector does not exist.")
    return {}


@cloudwatch.operation("DescribeAnomalyDetectors")
def describe_anomaly_detectors(
    ctx: Context,
    *,
    AnomalyDetectorIds: Sequence[str] = (),
    NextToken: str = "",
    MaxResults: int = PAGE,
    Namespace: str | None = None,
    MetricName: str | None = None,
    Dimensions: Sequence[Given] = (),
    AnomalyDetectorTypes: Sequence[str] = ("SINGLE_METRIC",),
) -> dict[str, Any]:
    """Without types, those of single metrics."""
    wanted = {"Namespace": Namespace, "MetricName": MetricName}

    def meant(one: Detector) -> bool:
        kind = "METRIC_MATH" if "MetricDataQueries" in one.given else "SINGLE_METRIC"
        if AnomalyDetectorIds and one.id not in AnomalyDetectorIds:
            return False
        if not AnomalyDetectorIds and kind not in AnomalyDetectorTypes:
            return False
        listed = all(dimension in one.given.get("Dimensions", ()) for dimension in Dimensions)
        return listed and all(value in (None, one.given.get(name)) for name, value in wanted.items())

    found = (one for one in detectors.scan(ctx, after=page_after(ctx, NextToken)) if meant(one))
    page, token = pages.cut(ctx, found, MaxResults, lambda one: (one.id,))
    described = [_describe(ctx, one) for one in page]
    return {"AnomalyDetectors": described} | ({"NextToken": token} if token else {})


def excluded(ctx: Context, line: Found) -> list[tuple[float, float]]:
    """The spans of time, in epoch seconds, that the detector of a line's metric does not learn from."""
    if line.metric is None:
        return []
    dimensions = [{"Name": name, "Value": value} for name, value in line.dimensions.items()]
    detector = detectors.get(ctx, _id(_flat(line.metric.namespace, line.metric.name, dimensions, line.stat)))
    return list(_spans(detector)) if detector else []


def _spans(detector: Detector) -> Iterator[tuple[float, float]]:
    for span in detector.settings["Configuration"]["ExcludedTimeRanges"]:
        yield span["StartTime"], span["EndTime"]


def _flat(namespace: str | None, name: str | None, dimensions: Sequence[Given] | None, stat: str | None) -> Wire:
    named = {"Namespace": namespace, "MetricName": name, "Stat": stat}
    found: Wire = {key: value for key, value in named.items() if value is not None}
    return found | {"Dimensions": [dict(one) for one in dimensions or ()]} if found or dimensions else {}


def _given(ctx: Context, flat: Wire, single: Given | None, math: Given | None) -> Wire:
    if sum(map(bool, (flat, single, math))) != 1:
        raise invalid(
            "Exactly one of SingleMetricAnomalyDetector, MetricMathAnomalyDetector and the members of a metric must be "
            "specified."
        )
    if math is not None:
        asked = queries.parse(ctx, math.get("MetricDataQueries", ()), "MetricMathAnomalyDetector.MetricDataQueries")
        if sum(query.returned for query in asked) != 1:
            raise invalid("Exactly one of the MetricDataQueries must return data.")
        return {"MetricDataQueries": [dict(one) for one in math["MetricDataQueries"]]}
    given = (
        _flat(single.get("Namespace"), single.get("MetricName"), single.get("Dimensions"), single.get("Stat"))
        if single
        else flat
    )
    for name in ("Namespace", "MetricName", "Stat"):
        if name not in given:
            raise errors.MissingParameter(name=name)
    rules.metric_of(given["Namespace"], given["MetricName"], given["Dimensions"])
    return given


def _configuration(given: Given) -> Wire:
    spans = []
    for number, span in enumerate(given.get("ExcludedTimeRanges", ()), 1):
        if span["StartTime"] >= span["EndTime"]:
            raise invalid(f"The range Configuration.ExcludedTimeRanges.member.{number} must end after its start.")
        spans.append({name: rules.seconds(span[name]) for name in ("StartTime", "EndTime")})
    return dict(given) | {"ExcludedTimeRanges": spans}


def _id(given: Wire) -> str:
    """The same of what describes the same metric."""
    dimensions = sorted((one["Name"], one["Value"]) for one in given.get("Dimensions", ()))
    text = json.dumps([given | {"Dimensions": dimensions}], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _describe(ctx: Context, detector: Detector) -> dict[str, Any]:
    given = detector.given
    configuration = detector.settings["Configuration"]
    spans = [
        {"StartTime": datetime.fromtimestamp(start, UTC), "EndTime": datetime.fromtimestamp(end, UTC)}
        for start, end in _spans(detector)
    ]
    found = {"AnomalyDetectorId": detector.id, **detector.settings, "StateValue": _trained(ctx, detector)}
    found["Configuration"] = configuration | {"ExcludedTimeRanges": spans}
    if "MetricDataQueries" in given:
        return found | {"MetricMathAnomalyDetector": given}
    return found | given | {"SingleMetricAnomalyDetector": {"AccountId": ctx.account, **given}}


def _trained(ctx: Context, detector: Detector) -> str:
    if ctx.now - detector.created < PENDING:
        return "PENDING_TRAINING"
    given = detector.given
    metric = {name: given[name] for name in ("Namespace", "MetricName", "Dimensions") if name in given}
    alone = {"Id": "m", "MetricStat": {"Metric": metric, "Period": 300, "Stat": given.get("Stat")}}
    asked = queries.parse(ctx, given.get("MetricDataQueries") or [alone])
    (line,) = answer(ctx, asked, Frame(ctx.now - TRAINING, ctx.now))[:1] or [Found("", "", {}, 0)]
    return "TRAINED" if len(line.values) >= FEWEST else "TRAINED_INSUFFICIENT_DATA"
