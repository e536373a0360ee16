"""`kill -9` under those who have tables scaled: targets, policies and their alarms are there, and what is due goes on."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

import pytest

from hostile.killing import SEED, Load, rounds
from hostile.process import Process

pytestmark = [pytest.mark.socket, pytest.mark.slow]

TABLES = 10
METRIC = {"PredefinedMetricType": "DynamoDBWriteCapacityUtilization"}


def named(table: str) -> dict[str, str]:
    dimension = "dynamodb:table:WriteCapacityUnits"
    return {"ServiceNamespace": "dynamodb", "ResourceId": f"table/{table}", "ScalableDimension": dimension}


def warm_up(process: Process) -> None:
    """The first call of a process reads all of AWS's managed policies, which may take longer than a round."""
    process.client("application-autoscaling").register_scalable_target(**named("table-0"), MinCapacity=1, MaxCapacity=9)


class Scaled(Load):
    """Has tables scaled, one after the other, and knows those whose policies are acknowledged."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.known: dict[str, set[str]] = {}

    def connect(self, process: Process) -> None:
        self.process = process
        self.client = process.client("application-autoscaling")

    def step(self) -> None:
        name = f"table-{self.random.randrange(TABLES)}"
        of = named(name)
        self.client.register_scalable_target(**of, MinCapacity=1, MaxCapacity=9)
        self.acknowledged += 1
        action = {"MinCapacity": 5}
        self.client.put_scheduled_action(
            **of, ScheduledActionName="a", Schedule="rate(1 hour)", ScalableTargetAction=action
        )
        alarms = self.client.put_scaling_policy(
            **of,
            PolicyName="p",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={"TargetValue": 50, "PredefinedMetricSpecification": METRIC},
        )["Alarms"]
        self.known[name] = {one["AlarmName"] for one in alarms}

    def check(self) -> None:
        warm_up(self.process)
        pages = self.client.get_paginator("describe_scaling_policies").paginate(ServiceNamespace="dynamodb")
        found = {one["ResourceId"]: one for page in pages for one in page["ScalingPolicies"]}
        every = {
            one["AlarmName"]
            for page in self.process.client("cloudwatch").get_paginator("describe_alarms").paginate()
            for one in page["MetricAlarms"]
        }
        for name, alarms in self.known.items():
            assert {one["AlarmName"] for one in found[f"table/{name}"]["Alarms"]} == alarms <= every, f"seed {SEED}"


def create(process: Process) -> None:
    dynamodb = process.client("dynamodb")
    for number in range(TABLES):
        dynamodb.create_table(
            TableName=f"table-{number}",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
        )
    warm_up(process)


def test_scaling_survives_kills(tmp_path: Path) -> None:
    load = Scaled("ann")
    process = rounds(tmp_path / "data", tmp_path / "log", [load], create)
    with process:
        body = json.dumps({"advance": "3700s"}).encode()
        urllib.request.urlopen(urllib.request.Request(f"{process.url}/_hodei/clock", body, method="POST")).read()
        dynamodb = process.client("dynamodb")
        for name in load.known:
            units = dynamodb.describe_table(TableName=name)["Table"]["ProvisionedThroughput"]
            assert units["WriteCapacityUnits"] == 5, f"seed {SEED}"
