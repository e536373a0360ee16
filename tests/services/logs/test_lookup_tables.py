"""Lookup tables, and queries that use them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hodei.testing import Cloud

from .conftest import GROUP, refusal

pytestmark = pytest.mark.feature("logs.insights")
BODY = 'id,name,note\n1,Ada,"first, of all"\n2,Bob,\n2,Again,x\n'
EVENTS = [{"who": 1, "name": "old"}, {"who": "2"}, {"who": 3, "name": "stays"}, {"x": 1}]
NOW = {"startTime": 0, "endTime": 4_000_000_000}


@pytest.fixture
def arn(logs: Any, put: Any) -> str:
    put(*map(json.dumps, EVENTS))
    return str(logs.create_lookup_table(lookupTableName="users", tableBody=BODY, tags={"a": "b"})["lookupTableArn"])


def ask(cloud: Cloud, logs: Any, query: str) -> tuple[str, list[dict[str, str]]]:
    """The id of the query and its rows."""
    id = logs.start_query(logGroupName=GROUP, queryString=query, **NOW)["queryId"]
    cloud.clock.advance(seconds=1)
    answer = logs.get_query_results(queryId=id)
    assert answer["status"] == "Complete"
    return id, [{one["field"]: one["value"] for one in row if one["field"] != "@ptr"} for row in answer["results"]]


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("lookup users id as who OUTPUT name, note | display who, name, note | sort who",
         [{}, {"who": "1", "name": "Ada", "note": "first, of all"}, {"who": "2", "name": "Bob", "note": ""},
          {"who": "3", "name": "stays"}]),
        ("stats count(*) as n by who | lookup users id as who, id as who output note | filter ispresent(note) "
         "| sort who", [{"who": "1", "n": "1", "note": "first, of all"}, {"who": "2", "n": "1", "note": ""}]),
        ("fields 'Ada' as name | lookup users name OUTPUT id | filter who = 3 | display id", [{"id": "1"}]),
        ("filter who in (lookup users id as who OUTPUT note | filter note like 'first' | fields who) | display who",
         [{"who": "1"}]),
    ],
)  # fmt: skip
def test_rows_get_fields_of_tables(cloud: Cloud, logs: Any, arn: str, query: str, rows: list[dict[str, str]]) -> None:
    assert ask(cloud, logs, query)[1] == rows


def test_the_life_of_a_table(cloud: Cloud, logs: Any, arn: str) -> None:
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"a": "b"}
    assert logs.get_lookup_table(lookupTableArn=arn)["tableBody"] == BODY
    (table,) = logs.describe_lookup_tables(lookupTableNamePrefix="us")["lookupTables"]
    assert (table["tableFields"], table["recordsCount"], table["sizeBytes"]) == (["id", "name", "note"], 3, len(BODY))
    assert refusal(logs.create_lookup_table, lookupTableName="users", tableBody=BODY)[0] == (
        "ResourceAlreadyExistsException"
    )
    cloud.clock.advance(hours=1)
    logs.update_lookup_table(lookupTableArn=arn, tableBody="id,name\r\n3,Eve\r\n", description="new")
    (changed,) = logs.describe_lookup_tables()["lookupTables"]
    assert (changed["tableFields"], changed["recordsCount"], changed["description"]) == (["id", "name"], 1, "new")
    assert changed["lastUpdatedTime"] - table["lastUpdatedTime"] >= 3_600_000
    assert ask(cloud, logs, "lookup users id as who OUTPUT name | filter name = 'Eve' | display who")[1] == [
        {"who": "3"}
    ]
    logs.delete_lookup_table(lookupTableArn=arn)
    for call in (logs.get_lookup_table, logs.delete_lookup_table):
        assert refusal(call, lookupTableArn=arn)[0] == "ResourceNotFoundException"


def test_a_table_from_the_results_of_a_query(cloud: Cloud, logs: Any, arn: str) -> None:
    id, _ = ask(cloud, logs, "filter ispresent(name) | fields who, name | sort who")
    made = logs.create_lookup_table(lookupTableName="made", queryId=id)["lookupTableArn"]
    assert logs.get_lookup_table(lookupTableArn=made)["tableBody"] == "who,name\r\n1,old\r\n3,stays\r\n"
    empty, _ = ask(cloud, logs, "filter nothing = 1")
    assert refusal(logs.update_lookup_table, lookupTableArn=made, queryId=empty)[0] == "InvalidParameterException"
    assert refusal(logs.update_lookup_table, lookupTableArn=made, queryId="none")[0] == "ResourceNotFoundException"


def test_pages_and_limit(cloud: Cloud, logs: Any) -> None:
    for number in range(100):
        logs.create_lookup_table(lookupTableName=f"t{number:02}", tableBody="a\n1\n")
    assert refusal(logs.create_lookup_table, lookupTableName="more", tableBody="a\n1\n")[0] == "LimitExceededException"
    first = logs.describe_lookup_tables()
    second = logs.describe_lookup_tables(nextToken=first["nextToken"], maxResults=100)
    names = [one["lookupTableName"] for page in (first, second) for one in page["lookupTables"]]
    assert names == [f"t{number:02}" for number in range(100)]
    assert len(first["lookupTables"]) == 50


def test_what_is_no_table(logs: Any) -> None:
    for body in ("a,a\n1,2\n", "a,\n1,2\n", "a,b\n1\n", 'a\n"x', "\n\n"):
        code, _ = refusal(logs.create_lookup_table, lookupTableName="t", tableBody=body)
        assert code == "InvalidParameterException", body


def test_what_cannot_be_asked_for(logs: Any, arn: str) -> None:
    create = logs.create_lookup_table
    assert refusal(create, lookupTableName="t")[0] == "InvalidParameterException"
    assert refusal(create, lookupTableName="t", tableBody="a", queryId="x")[0] == "InvalidParameterException"
    assert refusal(create, lookupTableName="t", tableBody="a", kmsKeyId="alias/x")[0] == "NotImplemented"
    for query, code in (
        ("lookup users id as who", "MalformedQueryException"),
        ("lookup users id as who OUTPUT age", "MalformedQueryException"),
        ("lookup users age OUTPUT id", "MalformedQueryException"),
        ("lookup none id as who OUTPUT name", "ResourceNotFoundException"),
        ("filter who in (lookup none id as who OUTPUT name | fields who)", "ResourceNotFoundException"),
    ):
        assert refusal(logs.start_query, logGroupName=GROUP, queryString=query, **NOW)[0] == code
