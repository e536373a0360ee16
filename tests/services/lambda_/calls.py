"""Invoking functions, for tests."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from hodei.testing import Cloud


@dataclass(frozen=True)
class Answer:
    payload: Any
    error: str | None
    log: str


def invoke(cloud: Cloud, name: str, event: Any = None, **options: Any) -> Answer:
    body = json.dumps(event).encode()
    response = cloud.client("lambda").invoke(FunctionName=name, LogType="Tail", Payload=body, **options)
    payload = json.loads(response["Payload"].read() or b"null")
    log = base64.b64decode(response["LogResult"]).decode()
    return Answer(payload, response.get("FunctionError"), log)
