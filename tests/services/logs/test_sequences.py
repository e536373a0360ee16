"""Logs Insights QL: commands for which the order of rows counts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hodei.testing import Cloud

from .conftest import GROUP, refusal

pytestmark = pytest.mark.feature("logs.insights")
EVENTS = [
    {"k": 1, "host": "a", "cpu_user": 3, "bytes": 10, "items": ["x", "y"]},
    {"k": 2, "cpu_user": 4, "bytes": "n/a", "items": '["z"]'},
    {"k": 3, "host": "b", "cpu_sys": 1, "bytes": 5},
]
FOUND: list[tuple[str, list[dict[str, str]]]] = [
    ("fields k, bytes | sort k | accum bytes as sum | display k, sum",
     [{"k": "1", "sum": "10"}, {"k": "2"}, {"k": "3", "sum": "15"}]),
    ("fields bytes | sort k | accum bytes", [{"bytes": "10"}, {}, {"bytes": "15"}]),
    ("sort k | autoregress k p=1-2 | display k, k_p1, k_p2",
     [{"k": "1"}, {"k": "2", "k_p1": "1"}, {"k": "3", "k_p1": "2", "k_p2": "1"}]),
    ("sort k | autoregress k as before | display before", [{}, {"before": "1"}, {"before": "2"}]),
    ("sort k | autoregress k as b p=2 | display b", [{}, {}, {"b": "1"}]),
    ("fields k, host, cpu_user, cpu_sys | sort k | filldown host cpu* ",
     [{"k": "1", "host": "a", "cpu_user": "3"}, {"k": "2", "host": "a", "cpu_user": "4"},
      {"k": "3", "host": "b", "cpu_user": "4", "cpu_sys": "1"}]),
    ("fields k, host | sort k desc | filldown", [{"k": "3", "host": "b"}, {"k": "2", "host": "b"},
                                                 {"k": "1", "host": "a"}]),
    ("sort k | filldown host | display host", [{"host": "a"}, {"host": "a"}, {"host": "b"}]),
    ("fields k, cpu_user, host | sort k | addtotals",
     [{"k": "1", "cpu_user": "3", "host": "a", "Total": "4"}, {"k": "2", "cpu_user": "4", "Total": "6"},
      {"k": "3", "host": "b", "Total": "3"}]),
    ("fields k | sort k | addtotals fieldname=RowSum cpu_user, bytes",
     [{"k": "1", "RowSum": "13"}, {"k": "2", "RowSum": "4"}, {"k": "3", "RowSum": "5"}]),
    ("fields k | sort k | addtotals row=false col=true k", [{"k": "1"}, {"k": "2"}, {"k": "3"}, {"k": "6"}]),
    ("stats max(k) as m by host | addtotals col=true | sort m",
     [{"host": "a", "m": "1", "Total": "1"}, {"m": "2", "Total": "2"}, {"host": "b", "m": "3", "Total": "3"},
      {"m": "6", "Total": "6"}]),
    ("expand items | stats count(*) as n by items | sort items", [{"n": "1"}, {"items": "x", "n": "1"},
                                                               {"items": "y", "n": "1"}, {"items": "z", "n": "1"}]),
    ("fields k % 2 as odd, host | countFrequent odd", [{"odd": "1", "_approxcount": "2"},
                                                       {"odd": "0", "_approxcount": "1"}]),
    ("where k > 1 and k < 3 | fields k", [{"k": "2"}]),
]  # fmt: skip


def test_commands(cloud: Cloud, logs: Any, put: Any) -> None:
    put(*map(json.dumps, EVENTS))
    now = int(cloud.clock.now().timestamp())
    for query, rows in FOUND:
        id = logs.start_query(logGroupName=GROUP, startTime=now - 60, endTime=now + 60, queryString=query)["queryId"]
        cloud.clock.advance(seconds=1)
        results = logs.get_query_results(queryId=id)["results"]
        found = [{one["field"]: one["value"] for one in row if one["field"] != "@ptr"} for row in results]
        assert found == rows, query


def test_what_is_no_query(logs: Any) -> None:
    for query, code in (
        ("accum", "MalformedQueryException"),
        ("accum bytes as", "MalformedQueryException"),
        ("autoregress k p=0", "MalformedQueryException"),
        ("autoregress k p=4-1", "MalformedQueryException"),
        ("autoregress k p=1-999999", "MalformedQueryException"),
        ("addtotals row=maybe", "MalformedQueryException"),
        ("expand", "MalformedQueryException"),
        ("countFrequent", "MalformedQueryException"),
        ("sessionize user", "NotImplemented"),
    ):
        params = {"logGroupName": GROUP, "startTime": 0, "endTime": 1, "queryString": query}
        assert refusal(logs.start_query, **params)[0] == code, query
