"""Replaying what real AWS answered: the recording, what a scenario works with, and how answers are compared."""

from __future__ import annotations

import io
import json
import os
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from hodei.testing import Cloud

FOLDER = Path(os.environ.get("HODEI_RECORDED", Path(__file__).parents[4] / "shared" / "recorded"))
PATH = FOLDER / "lambda.json"
RECORDED: dict[str, Any] = json.loads(PATH.read_text()) if PATH.exists() else {}

ACCOUNT, REGION = "111111111111", "us-east-1"
# Enums and patterns that have grown since, or that AWS lists in an order of its own.
ENUM = re.compile(r"enum value set: \[[^\]]*\]")
PATTERN = re.compile(r"regular expression pattern: .*")
# What the recording put in place of values that change from run to run, without angle brackets.
ANYTHING = {"datetime", "date", "lambda-url", "code-sha256"}
TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}

Answers = dict[str, Any]


def document(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def zipped(text: str = "def handler(event, context): return event", name: str = "handler.py") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), text)
    return packed.getvalue()


@dataclass
class Replay:
    """What a scenario works with. `variant` is what stood in brackets behind the test's name."""

    cloud: Cloud
    variant: str
    fn: Any = field(init=False)
    role: str = field(init=False)

    def __post_init__(self) -> None:
        self.cloud.set("lambda", "lifecycle", 60.0)
        self.fn = self.client("lambda")
        iam = self.client("iam")
        self.role = iam.create_role(RoleName="lambda-role", AssumeRolePolicyDocument=document(TRUST))["Role"]["Arn"]
        iam.put_role_policy(RoleName="lambda-role", PolicyName="all", PolicyDocument=document(ALL))

    def client(self, service: str) -> Any:
        config = Config(parameter_validation=False)
        return self.cloud.client(service, account=ACCOUNT, region_name=REGION, config=config)

    def make(self, name: str = "lambda_func", *, wait: bool = True, **given: Any) -> Answers:
        defaults = {"Runtime": "python3.12", "Handler": "handler.handler", "Role": self.role, "Timeout": 30}
        defaults |= {"Code": {"ZipFile": zipped()}, "Environment": {"Variables": {}}}
        answer = self.fn.create_function(FunctionName=name, **defaults | given)
        if wait:
            self.wait()
        return dict(answer)

    def plainly(self, name: str = "lambda_func", *, wait: bool = True, **given: Any) -> Answers:
        """With nothing but what has to be given."""
        needed = {"Runtime": "python3.12", "Handler": "index.handler", "Role": self.role}
        answer = self.fn.create_function(FunctionName=name, **needed | {"Code": {"ZipFile": zipped()}} | given)
        if wait:
            self.wait()
        return dict(answer)

    def by_fixture(self, **given: Any) -> Answers:
        return {"CreateEventSourceMappingResponse": None, "CreateFunctionResponse": self.make(**given)}

    def wait(self) -> None:
        self.cloud.clock.advance(seconds=61)

    def error(self, call: Callable[..., Any], *args: Any, **params: Any) -> Answers:
        with pytest.raises(ClientError) as caught:
            call(*args, **params)
        return dict(caught.value.response)


Scenario = Callable[[Replay], Answers]


def same(expected: Any, actual: Any, at: str = "") -> None:
    if isinstance(expected, dict) and isinstance(actual, str):
        actual = json.loads(actual)
    if at.endswith("ResponseMetadata"):
        assert expected["HTTPStatusCode"] == actual["HTTPStatusCode"], at
    elif isinstance(expected, dict):
        assert expected.keys() == actual.keys(), (at, expected.keys() ^ actual.keys())
        for key, value in expected.items():
            same(value, actual[key], f"{at}.{key}")
    elif isinstance(expected, list):
        if at.endswith(".Errors"):  # AWS's order of violations is its own
            expected, actual = sorted(expected, key=_place), sorted(actual, key=_place)
        assert len(expected) == len(actual), at
        for number, (one, other) in enumerate(zip(expected, actual)):
            same(one, other, f"{at}[{number}]")
    elif isinstance(expected, str) and " validation errors detected: " in expected:
        same(_violations(expected), _violations(actual), f"{at}.Errors")
    elif isinstance(expected, str) and expected not in ANYTHING:
        free = PATTERN.sub("regular expression pattern: \0", ENUM.sub("enum value set: \0", expected))
        pattern = re.escape(re.sub(r"<[^>]*>", "\0", free)).replace("\0", ".+")
        assert re.fullmatch(pattern, str(actual), re.S), (at, expected, actual)
    elif expected not in ANYTHING:
        assert expected == actual, (at, expected, actual)


def _violations(message: str) -> list[str]:
    return message.partition(" detected: ")[2].split("; ")


def _place(violation: str) -> str:
    return violation.rpartition("' at '")[2]
