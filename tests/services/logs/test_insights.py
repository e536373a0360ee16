"""Logs Insights QL."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hodei.testing import Cloud

from .conftest import GROUP, STREAM, refusal

pytestmark = pytest.mark.feature("logs.insights")

EVENTS: list[dict[str, Any]] = [
    {"level": "INFO", "path": "/a", "status": 200, "ms": 10, "user": {"name": "ada", "roles": ["x", "y"]}},
    {"level": "ERROR", "path": "/a", "status": 500, "ms": 40, "user": {"name": "bob", "roles": []}, "ip": "10.1.2.3"},
    {"level": "INFO", "path": "/b", "status": 200, "ms": 20, "user": {"name": "ada"}, "ip": "192.168.0.1"},
    {"level": "ERROR", "path": "/b", "status": 503, "ms": 30.5, "user": {"name": "eve"}, "ip": "::1"},
]


@pytest.fixture
def ask(cloud: Cloud, logs: Any) -> Any:
    """Run a query over the last hour; the rows as dicts, without @ptr."""

    def ask(query: str, **params: Any) -> list[dict[str, str]]:
        answer = whole(cloud, logs, query, **params)
        assert answer["status"] == "Complete"
        rows = [{one["field"]: one["value"] for one in row} for row in answer["results"]]
        return [{name: value for name, value in row.items() if name != "@ptr"} for row in rows]

    return ask


def whole(cloud: Cloud, logs: Any, query: str, **params: Any) -> Any:
    now = int(cloud.clock.now().timestamp())
    groups = {} if "logGroupNames" in params else {"logGroupName": GROUP}
    given = {"startTime": now - 3600, "endTime": now + 60, **groups, **params}
    id = logs.start_query(queryString=query, **given)["queryId"]
    cloud.clock.advance(seconds=1)
    return logs.get_query_results(queryId=id)


@pytest.fixture
def events(put: Any) -> None:
    put(*map(json.dumps, EVENTS))


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("fields path, ms | sort ms desc | limit 2", [{"path": "/a", "ms": "40"}, {"path": "/b", "ms": "30.5"}]),
        ("filter level = 'ERROR' | fields status", [{"status": "503"}, {"status": "500"}]),
        ("fields status | filter status >= 500 and path like '/a'", [{"status": "500"}]),
        ("fields status | filter path not like /a$/ and status != 200", [{"status": "503"}]),
        ("filter @message like /(?<x>ERR)O./ and @message like /(?i)error/ | stats count(*) as n", [{"n": "2"}]),
        (r"filter @message like /ERR[\s\S]*bob/ | stats count(*) as n", [{"n": "1"}]),
        ("filter status in [200, 503] | stats count(*)", [{"count(*)": "3"}]),
        ("filter status not in [200, 503] | stats count(*) as n", [{"n": "1"}]),
        ("filter not (level = 'INFO' or ms > 35) | fields ms", [{"ms": "30.5"}]),
        ("filter ispresent(ip) | stats count_distinct(ip) as n", [{"n": "3"}]),
        ("filter user.name =~ /^(ada|eve)$/ | stats count() as n by user.name | sort user.name",
         [{"user.name": "ada", "n": "2"}, {"user.name": "eve", "n": "1"}]),
        ("stats avg(ms), max(ms) - min(ms) as spread by path | sort path",
         [{"path": "/a", "avg(ms)": "25", "spread": "30"}, {"path": "/b", "avg(ms)": "25.25", "spread": "10.5"}]),
        ("stats sum(ms) as s, pct(ms, 50) as p, stddev(status) as d", [{"s": "100.5", "p": "25.25", "d": "150.7537"}]),
        ("stats latest(path) as l, earliest(ms) as e, sortsLast(level) as z", [{"l": "/b", "e": "10", "z": "INFO"}]),
        ("stats count(*) as n by level, path | filter n > 1 | display level", []),
        ("stats count(*) as n by path | stats sum(n) as total", [{"total": "4"}]),
        ("fields ms * 2 + 1 as twice, ms % 7 as rest, 2 ^ 3 as eight, -ms as minus | sort ms | limit 1",
         [{"twice": "21", "rest": "3", "eight": "8", "minus": "-10"}]),
        ("fields concat(level, '-', path) as x, strlen(path) as n, toupper(path) as u, substr(level, 1, 2) as s | "
         "sort ms | limit 1", [{"x": "INFO-/a", "n": "2", "u": "/A", "s": "NF"}]),
        ("fields replace(path, '/', '_') as r, strcontains(path, 'a') as c, trim('  x ') as t, "
         "coalesce(ip, 'none') as i | sort ms | limit 1", [{"r": "_a", "c": "1", "t": "x", "i": "none"}]),
        ("fields abs(-3) as a, ceil(1.2) as c, floor(1.8) as f, greatest(1, 5, 3) as g, least(4, 2) as l, sqrt(9) as q "
         "| limit 1", [{"a": "3", "c": "2", "f": "1", "g": "5", "l": "2", "q": "3"}]),
        ("filter isIpv4InSubnet(ip, '10.0.0.0/8') | fields ip", [{"ip": "10.1.2.3"}]),
        ("filter isValidIpV6(ip) | fields ip", [{"ip": "::1"}]),
        ("fields user.roles.1 as second | filter ispresent(second)", [{"second": "y"}]),
        ("fields jsonParse(@message) as j | fields j.user.name as n | sort ms | limit 1 | display n", [{"n": "ada"}]),
        ("fields path | dedup path", [{"path": "/b"}, {"path": "/a"}]),
        ("parse @message '\"path\": \"*\", \"status\": *,' as p, s | display p, s | sort s desc | limit 1",
         [{"p": "/b", "s": "503"}]),
        (r'parse @message /"ms": (?<took>[\d.]+)/ | stats max(took) as m', [{"m": "40"}]),
        ("fields case(ms > 35, 'slow', ms > 25, 'so so', 'fast') as how | sort ms | display how",
         [{"how": "fast"}, {"how": "fast"}, {"how": "so so"}, {"how": "slow"}]),
        ("# a comment\nfields `path` | sort ms asc | limit 1", [{"path": "/a"}]),
        ("filter missing = 1 or isempty(missing) | stats count(*) as n", [{"n": "4"}]),
        ("filter missing != 1 | stats count(*) as n", []),
    ],
)  # fmt: skip
def test_queries(ask: Any, events: None, query: str, rows: list[dict[str, str]]) -> None:
    assert ask(query) == rows


def test_times_and_bins(cloud: Cloud, ask: Any, put: Any) -> None:
    cloud.clock.freeze()
    cloud.clock.advance(seconds=3600 - cloud.clock.now().timestamp() % 3600 + 900)
    put("a", at=-600)
    put("b", at=-610)
    put("c", at=0)
    rows = ask("stats count(*) as n by bin(5m) as t | sort t")
    assert [row["n"] for row in rows] == ["1", "1", "1"]
    assert [row["t"][14:] for row in rows] == ["00:00.000", "05:00.000", "15:00.000"]
    (row,) = ask(
        "fields datefloor(@timestamp, 1h) as f, dateceil(@timestamp, 1h) as c, toMillis(@timestamp) as m | limit 1"
    )
    assert (row["f"][14:], row["c"][14:], int(row["m"]) % 3_600_000) == ("00:00.000", "00:00.000", 900_000)
    assert ask("fields @message")[0] == {"@message": "c"}
    first = ask("limit 1")[0]
    assert (first["@message"], first["@timestamp"][14:]) == ("c", "15:00.000")


def test_events_of_lambda(ask: Any, put: Any) -> None:
    id = "8f507cfc-aaaa-4bbb-8ccc-1234567890ab"
    put(
        f"START RequestId: {id} Version: $LATEST\n",
        f"REPORT RequestId: {id}\tDuration: 12.5 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\tMax Memory Used: 64 MB\t",
    )
    assert ask(
        "filter @type = 'REPORT' | stats max(@memorySize / 1000 / 1000) as mb, avg(@duration) as ms by @requestId"
    ) == [{"@requestId": id, "mb": "128", "ms": "12.5"}]


def test_lists_become_rows(ask: Any, put: Any) -> None:
    put('{"user": "ada", "events": [{"name": "in"}, {"name": "out"}]}', at=-1)
    put('{"user": "bob", "events": {"name": "up"}}')
    query = (
        "fields jsonParse(@message) as js | unnest js.events into event | display user, event.name | sort event.name"
    )
    assert ask(query) == [
        {"user": "ada", "event.name": "in"},
        {"user": "ada", "event.name": "out"},
        {"user": "bob", "event.name": "up"},
    ]
    assert ask(
        "fields jsonParse(@message) as js | unnest js.events into e | stats count(*) as n by user | sort user"
    ) == [
        {"user": "ada", "n": "2"},
        {"user": "bob", "n": "1"},
    ]


def test_patterns(ask: Any, put: Any) -> None:
    put("took 15 ms for 10.0.0.1", "took 7 ms for 10.0.0.2", "failed")
    assert ask("pattern @message") == [
        {"@pattern": "took <*> ms for <*>", "@ratio": "0.6667", "@sampleCount": "2"},
        {"@pattern": "failed", "@ratio": "0.3333", "@sampleCount": "1"},
    ]


def test_several_groups_and_many_chunks(cloud: Cloud, logs: Any, ask: Any, put: Any) -> None:
    logs.create_log_group(logGroupName="other", logGroupClass="INFREQUENT_ACCESS")
    logs.create_log_stream(logGroupName="other", logStreamName=STREAM)
    for n in range(300):
        put(json.dumps({"n": n}), at=-n, group=GROUP if n % 3 else "other")
    rows = ask("stats count(*) as c, max(n) as m by @log | sort by @log", logGroupNames=[GROUP, "other"])
    assert rows == [
        {"@log": f"000000000000:{GROUP}", "c": "200", "m": "299"},
        {"@log": "000000000000:other", "c": "100", "m": "297"},
    ]


def test_the_life_of_a_query(cloud: Cloud, logs: Any, events: None) -> None:
    answer = whole(cloud, logs, "filter level = 'ERROR'", limit=1)
    assert len(answer["results"]) == 1
    assert answer["statistics"]["recordsMatched"] == 2
    pointer = answer["results"][0][-1]
    assert pointer["field"] == "@ptr"
    record = logs.get_log_record(logRecordPointer=pointer["value"])["logRecord"]
    assert (record["level"], record["user.name"], record["@logStream"]) == ("ERROR", "eve", STREAM)
    (described,) = logs.describe_queries(logGroupName=GROUP)["queries"]
    assert described["status"] == "Complete"
    assert described["queryString"].endswith("| filter level = 'ERROR'")
    assert logs.list_log_groups_for_query(queryId=described["queryId"])["logGroupIdentifiers"] == [GROUP]
    assert refusal(logs.stop_query, queryId=described["queryId"])[0] == "InvalidParameterException"
    cloud.clock.advance(days=7)
    assert refusal(logs.get_query_results, queryId=described["queryId"])[0] == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("fields", "MalformedQueryException"),
        ("filter level =", "MalformedQueryException"),
        ("select a", "MalformedQueryException"),
        ("fields nosuch(a)", "MalformedQueryException"),
        ("stats count(* by a", "MalformedQueryException"),
        ("parse @message '*-*' as a", "MalformedQueryException"),
        ("filter a like /(/", "MalformedQueryException"),
        ("fields a | anomaly", "NotImplemented"),
    ],
)
def test_what_is_no_query(cloud: Cloud, logs: Any, query: str, code: str) -> None:
    assert refusal(whole, cloud=cloud, logs=logs, query=query)[0] == code


def test_fields_of_a_group(logs: Any, events: None) -> None:
    found = {one["name"]: one["percent"] for one in logs.get_log_group_fields(logGroupName=GROUP)["logGroupFields"]}
    assert (found["@message"], found["level"], found["user.roles.0"], found["ip"]) == (100, 100, 25, 75)


def test_saved_queries(logs: Any) -> None:
    id = logs.put_query_definition(name="a", queryString="fields x", logGroupNames=[GROUP])["queryDefinitionId"]
    logs.put_query_definition(name="b", queryString="fields y")
    logs.put_query_definition(name="aa", queryString="fields z", queryDefinitionId=id)
    found = logs.describe_query_definitions(queryDefinitionNamePrefix="a")["queryDefinitions"]
    assert [(one["name"], one["queryString"]) for one in found] == [("aa", "fields z")]
    assert logs.delete_query_definition(queryDefinitionId=id)["success"]
    assert refusal(logs.delete_query_definition, queryDefinitionId=id)[0] == "ResourceNotFoundException"


def test_a_query_that_was_cut_off_begins_anew(tmp_path: Path) -> None:
    def count(cloud: Cloud, id: str) -> Any:
        cloud.clock.advance(seconds=1)
        return cloud.client("logs").get_query_results(queryId=id)

    with Cloud(directory=tmp_path) as cloud:
        logs = cloud.client("logs")
        logs.create_log_group(logGroupName=GROUP)
        now = int(cloud.clock.now().timestamp())
        id = logs.start_query(logGroupName=GROUP, startTime=now - 60, endTime=now, queryString="limit 1")["queryId"]
        assert count(cloud, id)["status"] == "Complete"

        def cut_off() -> None:
            from msgspec.structs import replace

            from hodei.services.logs.state import queries

            ctx = cloud.world.context("logs", account="000000000000", region="us-east-1")
            run = queries.get(ctx, id)
            assert run
            with ctx.store.batch():
                queries.put(ctx, replace(run, status="Running"))

        cloud._runner.call(cut_off)
    with Cloud(directory=tmp_path) as cloud:
        assert count(cloud, id)["status"] == "Complete"
