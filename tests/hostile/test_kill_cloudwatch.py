"""`kill -9` under those who put metrics and alarms: what is acknowledged is there, once, and alarms go on."""

from __future__ import annotations

import json
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hostile.killing import ROUNDS, SEED, Load, rounds
from hostile.process import Process

pytestmark = [pytest.mark.socket, pytest.mark.slow]


class Values(Load):
    """Puts ones, and counts them."""

    def connect(self, process: Process) -> None:
        self.client = process.client("cloudwatch")

    def step(self) -> None:
        self.client.put_metric_data(Namespace="Kill", MetricData=[{"MetricName": self.name, "Value": 1.0}])
        self.acknowledged += 1

    def check(self) -> None:
        now = datetime.now(UTC)
        query = {"Metric": {"Namespace": "Kill", "MetricName": self.name}, "Period": 3600, "Stat": "Sum"}
        (found,) = self.client.get_metric_data(
            MetricDataQueries=[{"Id": "q", "MetricStat": query}],
            StartTime=now - timedelta(hours=1),
            EndTime=now + timedelta(hours=1),
        )["MetricDataResults"]
        total = sum(found["Values"])
        assert self.acknowledged <= total <= self.acknowledged + ROUNDS, f"seed {SEED}"


class Alarms(Load):
    """Makes alarms and sets their states."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.known: dict[str, str] = {}

    def connect(self, process: Process) -> None:
        self.client = process.client("cloudwatch")

    def step(self) -> None:
        name, state = self.label(), self.random.choice(["OK", "ALARM"])
        self.client.put_metric_alarm(
            AlarmName=name, Namespace="Kill", MetricName="none", Period=86400, Statistic="Sum", EvaluationPeriods=1,
            Threshold=0, ComparisonOperator="GreaterThanThreshold", TreatMissingData="ignore",
        )  # fmt: skip
        self.client.set_alarm_state(AlarmName=name, StateValue=state, StateReason="test")
        self.known[name] = state
        self.acknowledged += 1

    def check(self) -> None:
        pages = self.client.get_paginator("describe_alarms").paginate()
        found = {one["AlarmName"]: one["StateValue"] for page in pages for one in page["MetricAlarms"]}
        assert self.known.items() <= found.items(), f"seed {SEED}"


def create(process: Process) -> None:
    process.client("cloudwatch").put_metric_alarm(
        AlarmName="watch", Namespace="Kill", MetricName="ann", Period=60, Statistic="Sum", EvaluationPeriods=1,
        Threshold=0, ComparisonOperator="GreaterThanThreshold",
    )  # fmt: skip


def state(process: Process, name: str) -> Any:
    return process.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["StateValue"]


@pytest.mark.feature("cloudwatch.metrics")
@pytest.mark.feature("cloudwatch.alarms")
def test_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    loads = [Values("ann"), Values("bob"), Alarms("eve")]
    process = rounds(tmp_path / "data", tmp_path / "log", loads, create)
    with process:
        loads[0].step()
        body = json.dumps({"advance": "90s"}).encode()
        urllib.request.urlopen(urllib.request.Request(f"{process.url}/_hodei/clock", body, method="POST")).read()
        assert state(process, "watch") == "ALARM"
