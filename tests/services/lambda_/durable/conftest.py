"""Workflows that run in a cloud, for tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hodei.testing import Cloud
from services.lambda_.functions import role_of, zipped

RUNTIME = "python3.13"
HERE = Path(__file__).parent
TIMEOUT = 30 * 86400


class Workflows:
    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.fn: Any = cloud.client("lambda")
        self.role = role_of(cloud, "service-role/AWSLambdaBasicDurableExecutionRolePolicy")
        self._code = zipped(
            workflows__py=(HERE / "workflows.py").read_text(), protocol__py=(HERE / "protocol.py").read_text()
        )

    def make(self, handler: str, *, timeout: int | None = TIMEOUT, **options: Any) -> str:
        """A function named after its handler, durable unless there is no timeout. Its name with its version."""
        module, _, name = handler.rpartition(".")
        durable = {"DurableConfig": {"ExecutionTimeout": timeout}} if timeout else {}
        given = {
            "FunctionName": name,
            "Role": self.role,
            "Runtime": RUNTIME,
            "Handler": f"{module or 'workflows'}.{name}",
            "Code": {"ZipFile": self._code},
            "Timeout": 20,
            "MemorySize": 1769,
            "Publish": True,
        }
        self.fn.create_function(**{**given, **durable, **options})
        return f"{name}:1"

    def start(self, function: str, event: Any = None, **options: Any) -> str:
        """An execution that has come as far as it can now. Its ARN."""
        given = {"InvocationType": "Event", "Payload": json.dumps(event or {}), **options}
        arn: str = self.fn.invoke(FunctionName=function, **given)["DurableExecutionArn"]
        self.advance()
        return arn

    def advance(self, **duration: float) -> None:
        self.cloud.clock.advance(**(duration or {"seconds": 0.1}))

    def get(self, arn: str) -> dict[str, Any]:
        found: dict[str, Any] = self.fn.get_durable_execution(DurableExecutionArn=arn)
        return found

    def status(self, arn: str) -> str:
        return str(self.get(arn)["Status"])

    def result(self, arn: str) -> Any:
        found = self.get(arn)
        assert found["Status"] == "SUCCEEDED", found
        return json.loads(found["Result"])

    def events(self, arn: str) -> list[dict[str, Any]]:
        pages = self.fn.get_paginator("get_durable_execution_history").paginate(DurableExecutionArn=arn)
        return [event for page in pages for event in page["Events"]]

    def types(self, arn: str) -> list[str]:
        return [event["EventType"] for event in self.events(arn)]

    def details(self, arn: str, type: str) -> list[dict[str, Any]]:
        return [event[f"{type}Details"] for event in self.events(arn) if event["EventType"] == type]

    def did(self, function: str) -> list[str]:
        """What a function says that it has done, in order."""
        logs, group = self.cloud.client("logs"), f"/aws/lambda/{function.partition(':')[0]}"
        events = logs.filter_log_events(logGroupName=group)["events"]
        lines = [event["message"].strip() for event in sorted(events, key=lambda event: event["timestamp"])]
        return [line.removeprefix("did ") for line in lines if line.startswith("did ")]

    def callback(self, arn: str) -> str:
        """The id of the only callback."""
        (started,) = self.details(arn, "CallbackStarted")
        return str(started["CallbackId"])


@pytest.fixture
def flows(cloud: Cloud) -> Workflows:
    return Workflows(cloud)
