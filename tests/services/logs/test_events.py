"""Events put, read and searched."""

from __future__ import annotations

from typing import Any

import pytest

from hodei.testing import Cloud

from .conftest import GROUP, STREAM, messages, refusal

pytestmark = pytest.mark.feature("logs.groups-streams")
DAY = 86_400_000


def ms(cloud: Cloud) -> int:
    return int(cloud.clock.now().timestamp() * 1000)


def test_events_come_back_in_order_of_time_with_when_they_came(cloud: Cloud, logs: Any, put: Any) -> None:
    cloud.clock.freeze()
    put("late", at=0)
    cloud.clock.advance(seconds=5)
    put("early", at=-60)
    found = logs.get_log_events(logGroupName=GROUP, logStreamName=STREAM)["events"]
    assert messages(found) == ["early", "late"]
    now = ms(cloud)
    assert [event["ingestionTime"] for event in found] == [now, now - 5000]
    assert [event["timestamp"] for event in found] == [now - 60_000, now - 5000]


def test_tokens_go_both_ways_and_stay_at_the_ends(logs: Any, put: Any) -> None:
    put(*(f"m{n}" for n in range(10)))
    stream = {"logGroupName": GROUP, "logStreamName": STREAM}
    latest = logs.get_log_events(**stream, limit=3)
    assert messages(latest["events"]) == ["m7", "m8", "m9"]
    before = logs.get_log_events(**stream, limit=4, nextToken=latest["nextBackwardToken"])
    assert messages(before["events"]) == ["m3", "m4", "m5", "m6"]
    first = logs.get_log_events(**stream, limit=4, nextToken=before["nextBackwardToken"])
    assert messages(first["events"]) == ["m0", "m1", "m2"]
    over = logs.get_log_events(**stream, limit=4, nextToken=first["nextBackwardToken"])
    assert not over["events"]
    assert over["nextBackwardToken"] == first["nextBackwardToken"]
    end = logs.get_log_events(**stream, nextToken=latest["nextForwardToken"], startFromHead=True)
    assert not end["events"]
    assert end["nextForwardToken"] == latest["nextForwardToken"]
    put("m10", at=1)
    more = logs.get_log_events(**stream, nextToken=end["nextForwardToken"], startFromHead=True)
    assert messages(more["events"]) == ["m10"]
    assert logs.get_log_events(**stream, startFromHead=True, limit=1)["events"][0]["message"] == "m0"


def test_times_of_get_and_filter(cloud: Cloud, logs: Any, put: Any) -> None:
    """GetLogEvents ends before endTime, FilterLogEvents with it."""
    put("a", at=-2)
    put("b", at=-1)
    start, end = [
        event["timestamp"] for event in logs.get_log_events(logGroupName=GROUP, logStreamName=STREAM)["events"]
    ]
    got = logs.get_log_events(logGroupName=GROUP, logStreamName=STREAM, startTime=start, endTime=end)["events"]
    filtered = logs.filter_log_events(logGroupName=GROUP, startTime=start, endTime=end)["events"]
    assert (messages(got), messages(filtered)) == (["a"], ["a", "b"])


def test_the_rules_of_batches(cloud: Cloud, logs: Any) -> None:
    now = ms(cloud)

    def put(*events: tuple[int, str]) -> tuple[str, str]:
        given = [{"timestamp": time, "message": message} for time, message in events]
        return refusal(logs.put_log_events, logGroupName=GROUP, logStreamName=STREAM, logEvents=given)

    assert "chronological order" in put((now, "b"), (now - 1, "a"))[1]
    assert "span more than 24 hours" in put((now - DAY - 1, "a"), (now, "b"))[1]
    too_much = put(*[(now, "x" * 262_144)] * 4)
    assert too_much == ("InvalidParameterException", "Upload too large: 1048680 bytes exceeds limit of 1048576")
    assert "Log event too large" in put((now, "x" * 1_048_577))[1]


def test_what_is_too_old_too_new_or_expired_is_passed_over(cloud: Cloud, logs: Any) -> None:
    cloud.clock.freeze()
    now = ms(cloud)
    times = [now - 15 * DAY, now - 14 * DAY - 1, now - 1, now, now + 7_200_001]
    events = [{"timestamp": time, "message": str(n)} for n, time in enumerate(times)]
    answer = logs.put_log_events(logGroupName=GROUP, logStreamName=STREAM, logEvents=events)
    assert answer["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 2, "tooNewLogEventStartIndex": 4}
    assert messages(logs.get_log_events(logGroupName=GROUP, logStreamName=STREAM)["events"]) == ["2", "3"]
    logs.put_retention_policy(logGroupName=GROUP, retentionInDays=1)
    old = [{"timestamp": now - 2 * DAY, "message": "old"}, {"timestamp": now, "message": "new"}]
    answer = logs.put_log_events(logGroupName=GROUP, logStreamName=STREAM, logEvents=old)
    assert answer["rejectedLogEventsInfo"] == {"expiredLogEventEndIndex": 1}


def test_many_small_puts_become_chunks_and_nothing_is_lost(logs: Any, put: Any) -> None:
    for n in range(300):
        put(f"event {n:03}", at=-(n % 50))
    logs.create_log_stream(logGroupName=GROUP, logStreamName="two")
    put("event of two", at=-100, stream="two")
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=GROUP, filterPattern="event", PaginationConfig={"PageSize": 37}
    )
    found = [event for page in pages for event in page["events"]]
    assert len({event["eventId"] for event in found}) == 301
    assert found[0]["logStreamName"] == "two"
    assert found == sorted(found, key=lambda event: event["eventId"])
    assert [event["timestamp"] for event in found] == sorted(event["timestamp"] for event in found)
    last = logs.filter_log_events(logGroupName=GROUP, startFromHead=False, startTime=1_704_067_200_000, limit=2)
    assert last["events"] == found[:-3:-1]
    more = logs.filter_log_events(logGroupName=GROUP, nextToken=last["nextToken"], limit=1)
    assert more["events"] == [found[-3]]


def test_filtering_some_streams(logs: Any, put: Any) -> None:
    for name in ("web-1", "web-2", "db-1"):
        logs.create_log_stream(logGroupName=GROUP, logStreamName=name)
        put(f"of {name}", stream=name)

    def found(**params: Any) -> list[str]:
        return sorted(messages(logs.filter_log_events(logGroupName=GROUP, **params)["events"]))

    assert found(logStreamNamePrefix="web-") == ["of web-1", "of web-2"]
    assert found(logStreamNames=["db-1", "web-2"]) == ["of db-1", "of web-2"]
    assert refusal(found, logStreamNames=["no"])[0] == "ResourceNotFoundException"
    assert refusal(found, logStreamNames=["db-1"], logStreamNamePrefix="w")[0] == "InvalidParameterException"


def test_big_batches_and_pages_of_a_megabyte(logs: Any, put: Any) -> None:
    for _ in range(3):
        put(*("x" * 1000 for _ in range(900)))
    first = logs.filter_log_events(logGroupName=GROUP)
    assert 1000 <= len(first["events"]) <= 1048
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=GROUP)
    assert sum(len(page["events"]) for page in pages) == 2700


def test_retention_runs_on_the_clock(cloud: Cloud, logs: Any, put: Any) -> None:
    logs.put_retention_policy(logGroupName=GROUP, retentionInDays=3)
    put("old")
    cloud.clock.advance(days=2)
    put("new")
    cloud.clock.advance(hours=25)
    assert messages(logs.filter_log_events(logGroupName=GROUP)["events"]) == ["new"]
    cloud.clock.advance(days=3)
    logs.delete_retention_policy(logGroupName=GROUP)
    assert not logs.filter_log_events(logGroupName=GROUP)["events"], "what has expired is gone"
