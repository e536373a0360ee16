"""Functions of an example: their packages, roles and event sources."""

from __future__ import annotations

import io
import json
import sys
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from server import REGION, Hodei

ACCOUNT = "000000000000"
PYTHON = f"python{sys.version_info[0]}.{sys.version_info[1]}"  # what packages with parts in C are made for
LOGS = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]


def zipped(files: Mapping[str, str | Path]) -> bytes:
    """A deployment package: texts, files and whole folders by their names in it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, source in files.items():
            if isinstance(source, str):
                archive.writestr(name, source)
                continue
            for path in sorted(source.rglob("*")) if source.is_dir() else [source]:
                if path.is_file() and "__pycache__" not in path.parts:
                    archive.write(path, str(Path(name, path.relative_to(source))))
    return packed.getvalue()


def allow(actions: Sequence[str], resource: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource}


def role(hodei: Hodei, name: str, *statements: dict[str, Any]) -> str:
    """One that Lambda becomes, with leave to write logs and to do these. Its ARN."""
    iam = hodei.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document(allow(LOGS, "*"), *statements))
    return arn


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def function(hodei: Hodei, name: str, code: str, *statements: dict[str, Any], **options: Any) -> str:
    """A function of the Python file `app.py` with this code, whose handler is `handler`. Its ARN."""
    given = {
        "Runtime": PYTHON,
        "Handler": "app.handler",
        "Timeout": 30,
        "MemorySize": 512,
        "Role": role(hodei, f"{name}-role", *statements),
        "Code": {"ZipFile": zipped({"app.py": code})},
        **options,
    }
    arn: str = hodei.client("lambda").create_function(FunctionName=name, **given)["FunctionArn"]
    return arn


def feed(hodei: Hodei, name: str, source: str, **options: Any) -> str:
    """Feed a function from a queue or a stream. The mapping's UUID."""
    fn = hodei.client("lambda")
    made = fn.create_event_source_mapping(FunctionName=name, EventSourceArn=source, **options)
    until(lambda: fn.get_event_source_mapping(UUID=made["UUID"])["State"] == "Enabled", "the mapping")
    uuid: str = made["UUID"]
    return uuid


def until(done: Callable[[], bool], what: str, seconds: float = 180) -> None:
    """Wait for something, in real time."""
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            raise SystemExit(f"not there after {seconds} seconds: {what}")
        time.sleep(0.1)


def arn_of(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"
