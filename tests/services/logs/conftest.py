"""A cloud with a log group and a stream in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hodei.testing import Cloud

GROUP, STREAM = "app", "one"
Put = Callable[..., Any]


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with Cloud() as cloud:
        yield cloud


@pytest.fixture
def logs(cloud: Cloud) -> Any:
    client = cloud.client("logs")
    client.create_log_group(logGroupName=GROUP)
    client.create_log_stream(logGroupName=GROUP, logStreamName=STREAM)
    return client


@pytest.fixture
def put(cloud: Cloud, logs: Any) -> Put:
    """Put messages a second apart from one another, the last one now; or `at` so many seconds from now."""

    def put(*messages: str, at: float | None = None, group: str = GROUP, stream: str = STREAM) -> Any:
        now = int(cloud.clock.now().timestamp() * 1000)
        times = [
            now - (len(messages) - 1 - n) * 1000 if at is None else now + int(at * 1000) for n in range(len(messages))
        ]
        events = [{"timestamp": time, "message": message} for time, message in zip(times, messages)]
        return logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)

    return put


def messages(events: list[Any]) -> list[str]:
    return [event["message"] for event in events]


def refusal(call: Any, **params: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**params)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]
