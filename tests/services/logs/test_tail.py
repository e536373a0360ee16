"""StartLiveTail, over a socket: a stream of updates, one a second."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hodei.testing import Cloud
from hostile.process import Process

from .conftest import GROUP, STREAM, refusal

pytestmark = pytest.mark.feature("logs.groups-streams")
ARN = f"arn:aws:logs:us-east-1:000000000000:log-group:{GROUP}"


def update(events: Iterator[Any]) -> Any:
    """The next update in which there is anything."""
    return next(found["sessionUpdate"] for found in events if found["sessionUpdate"]["sessionResults"])


def test_what_is_put_is_followed(tmp_path: Path) -> None:
    with Process(None, tmp_path / "log") as server:
        logs = server.client("logs", inject_host_prefix=False)
        logs.create_log_group(logGroupName=GROUP)

        def put(stream: str, *messages: str) -> None:
            logs.create_log_stream(logGroupName=GROUP, logStreamName=stream)
            events = [{"timestamp": int(time.time() * 1000), "message": message} for message in messages]
            logs.put_log_events(logGroupName=GROUP, logStreamName=stream, logEvents=events)

        session = logs.start_live_tail(
            logGroupIdentifiers=[ARN], logStreamNamePrefixes=["o"], logEventFilterPattern="ERROR"
        )
        events = iter(session["responseStream"])
        start = next(events)["sessionStart"]
        assert (start["logGroupIdentifiers"], start["logEventFilterPattern"]) == ([ARN], "ERROR")
        put("one", "an ERROR", "no matter")
        put("another", "an ERROR elsewhere")
        found = update(events)
        assert found["sessionMetadata"] == {"sampled": False}
        (event,) = found["sessionResults"]
        assert (event["message"], event["logStreamName"]) == ("an ERROR", "one")
        put("o", *["ERROR"] * 1200)
        sampled = update(events)
        assert (sampled["sessionMetadata"]["sampled"], len(sampled["sessionResults"])) == (True, 500)
        session["responseStream"].close()


def test_what_cannot_be_followed(cloud: Cloud, logs: Any) -> None:
    assert refusal(logs.start_live_tail, logGroupIdentifiers=[GROUP])[0] == "InvalidParameterException"
    gone = ARN.replace(GROUP, "no")
    assert refusal(logs.start_live_tail, logGroupIdentifiers=[gone])[0] == "ResourceNotFoundException"
    both = refusal(
        logs.start_live_tail, logGroupIdentifiers=[ARN], logStreamNames=[STREAM], logStreamNamePrefixes=["o"]
    )
    assert both[0] == "InvalidParameterException"
