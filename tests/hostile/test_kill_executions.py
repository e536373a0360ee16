"""`kill -9` while durable executions run and wait: each goes on from its last checkpoint, and comes to its end."""

from __future__ import annotations

import io
import json
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from hostile.killing import SEED, Load, rounds
from hostile.process import Process

pytestmark = [pytest.mark.socket, pytest.mark.slow, pytest.mark.feature("lambda.invoke")]

AT_ONCE = 3  # executions that begin in a round, of each client
PATIENCE = 90  # seconds
TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
POLICY = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicDurableExecutionRolePolicy"
CODE = """
import uuid
from aws_durable_execution_sdk_python import durable_execution
from aws_durable_execution_sdk_python.config import Duration

@durable_execution
def handler(event, context):
    found = []
    for number in range(event):
        found.append(context.step(lambda _: str(uuid.uuid4()), name=f"step-{number}"))
        context.wait(Duration.from_seconds(1), name=f"wait-{number}")
    return found
"""


def create(process: Process) -> None:
    iam, packed = process.client("iam"), io.BytesIO()
    document = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    role = iam.create_role(RoleName="fn", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    iam.attach_role_policy(RoleName="fn", PolicyArn=POLICY)
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(zipfile.ZipInfo("a.py"), CODE)
    given = {"Runtime": "python3.13", "Handler": "a.handler", "Timeout": 30, "MemorySize": 1769, "Publish": True}
    process.client("lambda").create_function(
        FunctionName="f",
        Role=role,
        Code={"ZipFile": packed.getvalue()},
        DurableConfig={"ExecutionTimeout": 900},
        **given,
    )


class Starter(Load):
    """Begins executions and looks at them; knows which ones were acknowledged, and which were over."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.begun: dict[str, str] = {}  # ARNs by name
        self.over: dict[str, str] = {}  # results by ARN

    def connect(self, process: Process) -> None:
        self.fn: Any = process.client("lambda")
        self._left = AT_ONCE

    def step(self) -> None:
        if not self._left:
            time.sleep(0.05)
            self.look()
            return
        self._left -= 1
        name = self.label()
        given = {"InvocationType": "Event", "Payload": b"3", "DurableExecutionName": name}
        self.begun[name] = self.fn.invoke(FunctionName="f:1", **given)["DurableExecutionArn"]
        self.acknowledged += 1

    def look(self) -> None:
        for arn in self.begun.values():
            found = self.fn.get_durable_execution(DurableExecutionArn=arn)
            if found["Status"] != "RUNNING":
                assert found["Status"] == "SUCCEEDED", f"HODEI_KILL_SEED={SEED}"
                assert self.over.setdefault(arn, found["Result"]) == found["Result"], f"HODEI_KILL_SEED={SEED}"

    def check(self) -> None:
        for name, arn in self.begun.items():
            again = self.fn.invoke(FunctionName="f:1", InvocationType="Event", Payload=b"3", DurableExecutionName=name)
            assert again["DurableExecutionArn"] == arn, f"HODEI_KILL_SEED={SEED}"
        self.look()

    def check_history(self, arn: str) -> None:
        """What was checkpointed once is what has come of the execution."""
        pages = self.fn.get_paginator("get_durable_execution_history").paginate(DurableExecutionArn=arn)
        events = [event for page in pages for event in page["Events"]]
        assert [event["EventId"] for event in events] == list(range(1, len(events) + 1)), f"HODEI_KILL_SEED={SEED}"
        done = [event for event in events if event["EventType"] == "StepSucceeded"]
        payloads = [json.loads(event["StepSucceededDetails"]["Result"]["Payload"]) for event in done]
        assert payloads == json.loads(self.over[arn]), f"HODEI_KILL_SEED={SEED}"
        assert sum(event["EventType"] == "WaitSucceeded" for event in events) == 3, f"HODEI_KILL_SEED={SEED}"


def test_every_execution_comes_to_its_end(tmp_path: Path) -> None:
    loads = [Starter("ann"), Starter("bob")]
    with rounds(tmp_path / "data", tmp_path / "log", loads, create):
        until = time.monotonic() + PATIENCE
        while any(len(load.over) < len(load.begun) for load in loads):
            assert time.monotonic() < until, f"HODEI_KILL_SEED={SEED}"
            time.sleep(0.2)
            for load in loads:
                load.look()
        for load in loads:
            for arn in load.begun.values():
                load.check_history(arn)
